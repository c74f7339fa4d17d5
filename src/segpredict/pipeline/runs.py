"""Make a run, whole or stage by stage; each is published whole or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from segpredict import classifier
from segpredict.analytics.campaigns import find_experiment_logs
from segpredict.classifier import TestSetLog, test_set_log
from segpredict.config.load import Config, ConfigLike, as_config
from segpredict.config.outputs import ExplainOptions
from segpredict.core import run_folder
from segpredict.core.crash import describe_crash
from segpredict.core.process import one_blas_thread, refuse_forked_process
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON, DateLike, ProgressCallback
from segpredict.core.window import day_number
from segpredict.data.ingest import store_folder, store_settings
from segpredict.errors import ArtifactError, MismatchError, SegpredictError
from segpredict.pipeline import (
    artifacts,
    campaign_planning,
    customer_lists,
    known_truth,
    loading,
    report_data,
    selection,
    stages,
)
from segpredict.pipeline.load_run import load
from segpredict.pipeline.loading import run_metadata
from segpredict.pipeline.results import CampaignPlans, Prepared, Segmented, Trained
from segpredict.pipeline.target import RunTarget, SegmentationSearch, no_progress
from segpredict.report import ReportInput, render_html
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import Segmentation

SINGLE_ALGORITHM = SegmentationSearch()


def fit(
    transactions: object,
    config: ConfigLike | None = None,
    *,
    out: str | Path,
    as_of: DateLike = None,
    force: bool = False,
    progress: ProgressCallback = no_progress,
) -> SegmentPredictor:
    """Run everything on files or a frame, publish it, and return the predictor.

    Parameters
    ----------
    transactions
        A path, several paths, a store, or a frame of Polars, pandas, PyArrow or DuckDB.
    config
        All options: a `Config`, the name of a preset, the path of a TOML file, or a dict such as
        ``{"time": {"horizon": 28}}``. By default those of the store, or the defaults.
    out
        The run folder to make.
    as_of
        The cutoff: rows on or after this day are not used. ``None`` means all are.
    force
        Whether a run that stands at `out` is replaced.
    progress
        Called with what is done next and the share done, 0 to 1.

    Raises
    ------
    SegpredictError
        Each with what was found and what to do.
    """
    refuse_forked_process()
    plan = (store_settings(transactions) or Config()) if config is None else as_config(config)
    target = RunTarget(Path(out), replace=force)
    run_pipeline(transactions, plan, target, as_of=as_of, progress=progress)
    return load(out)


def run_pipeline(
    data: object,
    config: Config,
    target: RunTarget,
    *,
    as_of: DateLike = None,
    leakage_demo: bool = False,
    progress: ProgressCallback = no_progress,
) -> run_folder.RunFolder:
    """Read, cluster, train, explain and report; publish the run whole or not at all."""
    with one_blas_thread(), run_folder.draft_run(target.folder, replace=target.replace) as draft:
        log = _test_set_log_at(target.folder)
        arms = _earlier_arms(draft, config)  # read before the work that a bad log would lose
        prepared = stages.prepare(data, config, as_of, progress)
        classifier.require_forecast(prepared.transactions, prepared.config.time)
        segmented = stages.segment(prepared, progress=progress)
        trained = stages.train(prepared, segmented, leakage_demo=leakage_demo, progress=progress)
        trained = known_truth.with_known_truth(trained, segmented, prepared.config.time, data)
        log_files = test_set_log.log_files(target.folder, _store(data))
        trained = _logged(trained, prepared, target.created, log, log_files)
        options = replace(config.explain, refits=0)
        explained = stages.explain(
            prepared, segmented, trained, options, lambda what, _: progress(what, 0.8)
        )
        plans = stages.plan(prepared, segmented, trained, arms)
        progress("writing the page", 0.95)
        results = (prepared, segmented, trained, explained, plans)
        draft.metadata |= run_metadata(prepared, segmented, target.created)
        for result in results:
            artifacts.save(draft, result)
        write_customer_lists(draft)
        _write_page(
            draft,
            lambda: report_data.collect_report_input(
                report_data.values_in_memory(*results),
                draft.metadata,
                report_data.run_experiments(draft),
                lists=report_data.list_names(draft),
            ),
        )
        progress("done", 1.0)
        return _published(draft, trained, log_files)


def run_clustering(
    data: object,
    config: Config,
    target: RunTarget,
    *,
    as_of: DateLike = None,
    search: SegmentationSearch = SINGLE_ALGORITHM,
    progress: ProgressCallback = no_progress,
) -> run_folder.RunFolder:
    """Read, clean and segment; publish the run.

    * `data`, `config`, `target`, `as_of`, `progress`: as with `run_pipeline`.
    * `search`: how segments are found. A comparison that is interrupted goes on where it stopped
      when it is started again with the same data, options and target.

    Raises `MismatchError` when the earlier run measured windows of another length.
    """
    previous, facts, refit_of = None, None, {}
    if search.earlier_run is not None:
        files = run_folder.open_run(search.earlier_run)
        previous, facts = loading.load(files, "segmentation"), loading.load_facts(files)
        digest = files.manifest["digest"]
        refit_of = {"refit_of": {"run": str(search.earlier_run), "digest": digest}}
        _require_same_horizon(previous, config)
    with one_blas_thread(), run_folder.draft_run(target.folder, replace=target.replace) as draft:
        log = _test_set_log_at(target.folder)
        prepared = stages.prepare(data, config, as_of, progress)
        if facts is not None:
            # Features are chosen anew.
            facts.needing(()).require_same(prepared.transactions, config.cleaning.revenue)
        segmented = stages.segment(
            prepared,
            previous=previous,
            mode=search.mode,
            cache=selection.selection_cache_folder(target.folder),
            progress=progress,
        )
        draft.metadata |= run_metadata(prepared, segmented, target.created) | refit_of
        artifacts.save(draft, prepared)
        artifacts.save(draft, segmented)
        # The log outlives the model: the same test may be evaluated again.
        artifacts.write(draft, artifacts.find_artifact("test_set_log"), log)
        made = draft.publish()
    selection.clear_selection_cache(target.folder)
    return made


def _require_same_horizon(previous: Segmentation, config: Config) -> None:
    if previous.horizon != config.time.horizon:
        raise MismatchError(
            f"The segments to be fitted again are measured on {previous.horizon} days, "
            f"and these options measure on {config.time.horizon}.",
            fix=f"give --set time.horizon={previous.horizon}, or cluster without --refit.",
        )


def run_training(
    folder: str | Path,
    created: str = "",
    *,
    seed: int | None = None,
    threads: int | None = None,
    leakage_demo: bool = False,
    progress: ProgressCallback = no_progress,
) -> run_folder.RunFolder:
    """Train and evaluate the classifier of a run that `run_clustering` has made."""
    with _continued(folder, created) as draft:
        prepared = loading.load_stage(draft, Prepared)
        prepared = replace(prepared, config=prepared.config.with_seed(seed, threads))
        draft.metadata["config"] = prepared.config.to_state()
        segmented = loading.load_stage(draft, Segmented)
        trained = stages.train(prepared, segmented, leakage_demo=leakage_demo, progress=progress)
        log, log_files = _log_of(draft), test_set_log.log_files(draft.target)
        trained = _logged(trained, prepared, created, log, log_files)
        artifacts.save(draft, trained)
        return _published(draft, trained, log_files)


def run_explanation(
    folder: str | Path,
    created: str = "",
    *,
    rows: int | None = None,
    refits: int | None = None,
    progress: ProgressCallback = no_progress,
) -> run_folder.RunFolder:
    """Explain the forecast of a run, and cross-check the importance of its features.

    * `folder`, `created`: the run, and the time of day, as text.
    * `rows`: the most customers to explain; by default as configured.
    * `refits`: models fitted again for intervals; 0 leaves the cross-check out, as `run_pipeline`
      does, since it takes longer than everything else.
    * `progress`: called with what is done next and the share done, 0 to 1.
    """
    with _continued(folder, created) as draft:
        prepared = loading.load_stage(draft, Prepared)
        segmented = loading.load_stage(draft, Segmented)
        trained = loading.load_stage(draft, Trained)
        options: ExplainOptions = prepared.config.explain
        options = replace(
            options,
            sample_rows=options.sample_rows if rows is None else rows,
            refits=options.refits if refits is None else refits,
        )
        artifacts.save(draft, stages.explain(prepared, segmented, trained, options, progress))
        return draft.publish()


@loading.of_run
def run_report(
    folder: str | Path,
    created: str = "",
    *,
    customers: bool | None = None,
    campaigns: str | None = None,
) -> run_folder.RunFolder:
    """Write the page of a run from the stages that it holds.

    * `folder`, `created`: as with `run_explanation`.
    * `customers`: whether single customers are shown; ``None`` means as the config says.
    * `campaigns`: a campaign file that replaces the one of the run.
    """
    with _continued(folder, created) as draft:
        plan_missing_campaigns(draft, campaigns)
        write_customer_lists(draft)
        page = report_data.report_input_of_run(draft, customers=customers)
        draft.write(artifacts.REPORT_PATHS["html"], render_html(page).encode())
        draft.metadata.pop(artifacts.NOT_WRITTEN_KEY, None)
        return draft.publish()


def _write_page(draft: run_folder.RunDraft, collect: Callable[[], ReportInput]) -> None:
    """Write the page of a new run; where it cannot be built, note the reason in the manifest.

    The page only shows what the other files hold, and `segpredict report` writes it at any
    later time. So a run without its page is complete: it is published, the command says
    on stderr what is missing, and its exit code is 0. Whatever else fails stops the run.
    """
    path = artifacts.REPORT_PATHS["html"]
    try:
        page = render_html(collect()).encode()
    except Exception as error:
        reason = str(error) if isinstance(error, SegpredictError) else describe_crash(error)
        draft.metadata[artifacts.NOT_WRITTEN_KEY] = {path: reason}
        return
    draft.write(path, page)


def plan_missing_campaigns(draft: run_folder.RunDraft, campaigns_file: str | None = None) -> None:
    """Plan the campaigns of a scored run that has no plans yet, or gets another catalogue."""
    if campaigns_file is not None:
        config = loading.load_config(draft)
        options = replace(config.campaigns, campaigns_file=campaigns_file)
        catalogue = campaign_planning.choose_campaigns(options, loading.load_side_tables(draft))
        artifacts.write(draft, artifacts.find_artifact("campaign_catalogue"), catalogue)
        draft.metadata["config"] = replace(config, campaigns=options).to_state()
    elif loading.has_stage(draft, CampaignPlans):
        return
    if loading.has_stage(draft, Trained):
        prepared = loading.load_stage(draft, Prepared)
        segmented = loading.load_stage(draft, Segmented)
        trained = loading.load_stage(draft, Trained)
        arms = _earlier_arms(draft, prepared.config)
        artifacts.save(draft, stages.plan(prepared, segmented, trained, arms))


def _earlier_arms(draft: run_folder.RunDraft, config: Config) -> Mapping[str, Mapping[str, str]]:
    """Return the arms of recorded campaign lists of the runs in this place."""
    return find_experiment_logs(draft.place, config.campaigns.experiments_folder).earlier_arms()


def write_customer_lists(draft: run_folder.RunDraft) -> None:
    """Write the customer lists of a run that has campaigns, one CSV file each."""
    draft.remove(f"{artifacts.LISTS_FOLDER}/")
    if not loading.has_stage(draft, CampaignPlans):
        return
    shop, scores = loading.load_transactions(draft), loading.load(draft, "scores")
    config = loading.load_config(draft)
    suggestions = loading.load(draft, "demand")["suggestions"]
    since = shop.end_day - config.time.lookback
    source = customer_lists.ListSource(
        scores=scores,
        lists=loading.load(draft, "lists"),
        reasons=loading.load_optional(draft, "customer_reasons"),
        offers=customer_lists.suggested_products(shop, scores, suggestions, since),
        catalogue=loading.load(draft, "campaign_catalogue"),
        universal_holdout=loading.load(draft, "universal_holdout"),
    )
    for name, table in customer_lists.customer_list_tables(source):
        draft.write(f"{artifacts.LISTS_FOLDER}/{name}.csv", run_folder.encode_csv(table))


def _store(data: object) -> Path | None:
    """Return the store that data were named by, if they were."""
    names = [data] if isinstance(data, str | Path) else data
    if not isinstance(names, Sequence):
        return None
    return store_folder([str(name) for name in names if isinstance(name, str | Path)])


def _test_set_log_at(folder: Path) -> JSON:
    """Return the test-set log of a run that stands there, if any."""
    try:
        return _log_of(run_folder.open_run(folder))
    except ArtifactError:
        return None


def _log_of(files: run_folder.RunDraft | run_folder.RunFolder) -> JSON:
    return loading.load_optional(files, "test_set_log")


def _logged(
    trained: Trained, prepared: Prepared, created: str, log: JSON, log_files: Sequence[Path]
) -> Trained:
    """Log the evaluation on the final test window; warn where others came before."""
    shop: Transactions = prepared.transactions
    cutoff = day_number(trained.evaluation["windows"][-1]["cutoff"])
    earlier = TestSetLog(shop.fingerprint, cutoff).merge(log)
    # The settings of the page make no other model.
    settings = {k: v for k, v in prepared.config.to_state().items() if k != "report"}
    now = test_set_log.recall(earlier, log_files).add(settings, created)
    evaluation = trained.evaluation
    if now.warning:
        warnings = [now.warning, *evaluation["warnings"]]
        evaluation = {**evaluation, "warnings": warnings}
    return replace(trained, evaluation=evaluation, test_set_log=now.to_state())


def _published(
    draft: run_folder.RunDraft, trained: Trained, log_files: Sequence[Path]
) -> run_folder.RunFolder:
    """Log that the final test was evaluated, then publish the run that shows it."""
    test_set_log.remember(TestSetLog.from_state(trained.test_set_log), log_files)
    return draft.publish()


@contextmanager
def _continued(folder: str | Path, created: str) -> Iterator[run_folder.RunDraft]:
    """Yield a draft with the files of a run, to which a stage adds its own."""
    with one_blas_thread(), run_folder.continue_run(folder) as draft:
        draft.metadata["created"] = created
        yield draft
