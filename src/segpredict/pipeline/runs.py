"""Make a run, whole or stage by stage; each is published whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from segpredict.classifier import TestSetLog, test_set_log
from segpredict.config.load import Config
from segpredict.core.run_folder import RunDraft, RunFolder, draft_run, open_run
from segpredict.core.types import DateLike, ProgressCallback
from segpredict.data.ingest import store_folder, store_settings
from segpredict.errors import MismatchError
from segpredict.pipeline import archive, campaign_planning, selection, stages
from segpredict.pipeline.queries import load
from segpredict.pipeline.target import RunTarget, SegmentationSearch, no_progress
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import Segmentation

SINGLE_ALGORITHM = SegmentationSearch()


def fit(
    transactions: object,
    config: Config | None = None,
    *,
    out: str | Path,
    progress: ProgressCallback = no_progress,
) -> SegmentPredictor:
    """Run everything on files or a frame, publish it, and return the predictor.

    Parameters
    ----------
    transactions
        A path, several paths, a store, or a frame of Polars, pandas, PyArrow or DuckDB.
    config
        All options; by default those of the store, or the defaults.
    out
        The run folder to make.
    progress
        Called with what is done next and the share done, 0 to 1.

    Raises
    ------
    SegpredictError
        Each with what was found and what to do.
    """
    plan = config or store_settings(transactions) or Config()
    run_pipeline(transactions, plan, RunTarget(Path(out)), progress=progress)
    return load(out)


def run_pipeline(
    data: object,
    config: Config,
    target: RunTarget,
    *,
    as_of: DateLike = None,
    leakage_demo: bool = False,
    progress: ProgressCallback = no_progress,
) -> RunFolder:
    """Read, cluster, train, explain and report; publish the run whole or not at all."""
    before = archive.test_set_log_at(target.folder)
    with draft_run(target.folder, replace=target.replace) as draft:
        archive.keep_test_set_log(draft, before)
        stages.read_and_clean(draft, data, config, target.created, as_of, progress)
        stages.segment_stage(draft, progress)
        log_files = test_set_log.log_files(target.folder, _store(data))
        stages.training_stage(draft, log_files, leakage_demo=leakage_demo, progress=progress)
        stages.explanation_stage(draft, lambda what, _: progress(what, 0.8), refits=0)
        stages.report_stage(draft, progress)
        return _published(draft, log_files)


def run_clustering(
    data: object,
    config: Config,
    target: RunTarget,
    *,
    as_of: DateLike = None,
    search: SegmentationSearch = SINGLE_ALGORITHM,
    progress: ProgressCallback = no_progress,
) -> RunFolder:
    """Read, clean and segment; publish the run.

    Parameters
    ----------
    data, config, target, as_of, progress
        As with `run_pipeline`.
    search
        How segments are found. A comparison that is interrupted goes on where it
        stopped when it is asked for again with the same data, options and target.

    Raises
    ------
    MismatchError
        When the earlier run measured windows of another length.
    """
    known, old = None, {}
    if search.earlier_run is not None:
        files = open_run(search.earlier_run)
        known = archive.load_segmentation(files)
        old = {"run": str(search.earlier_run), "digest": files.manifest["digest"]}
        _require_same_horizon(known, config)
    known_log = archive.test_set_log_at(target.folder)
    with draft_run(target.folder, replace=target.replace) as draft:
        archive.keep_test_set_log(draft, known_log)
        stages.read_and_clean(draft, data, config, target.created, as_of, progress)
        stages.segment_stage(draft, progress, known, search.mode)
        if old:
            draft.metadata["refit_of"] = old
        made = draft.publish()
    selection.clear_selection_cache(target.folder)
    return made


def _require_same_horizon(known: Segmentation, config: Config) -> None:
    if known.horizon != config.time.horizon:
        raise MismatchError(
            f"The segments to be fitted again are measured on {known.horizon} days, "
            f"and these options measure on {config.time.horizon}.",
            fix=f"give --set time.horizon={known.horizon}, or cluster without --refit.",
        )


def run_training(
    folder: str | Path,
    created: str = "",
    *,
    seed: int | None = None,
    threads: int | None = None,
    leakage_demo: bool = False,
    progress: ProgressCallback = no_progress,
) -> RunFolder:
    """Train and judge the classifier of a run that `run_clustering` has made."""
    with _continued(folder, created) as draft:
        config = archive.load_run_config(draft).with_seed(seed, threads)
        draft.metadata["config"] = config.to_state()
        log_files = test_set_log.log_files(draft.target)
        stages.training_stage(draft, log_files, leakage_demo=leakage_demo, progress=progress)
        return _published(draft, log_files)


def run_explanation(
    folder: str | Path,
    created: str = "",
    *,
    rows: int | None = None,
    refits: int | None = None,
    progress: ProgressCallback = no_progress,
) -> RunFolder:
    """Explain the forecast of a run, and cross-check what matters in it.

    Parameters
    ----------
    folder
        The run.
    created
        The time of day, as text.
    rows
        The most customers to explain; by default as configured.
    refits
        Models fitted anew for intervals; 0 leaves the cross-check out, which `run_pipeline`
        does, since it takes longer than everything else.
    progress
        Called with what is done next and the share done, 0 to 1.
    """
    with _continued(folder, created) as draft:
        stages.explanation_stage(draft, progress, rows=rows, refits=refits)
        return draft.publish()


def run_report(
    folder: str | Path,
    created: str = "",
    progress: ProgressCallback = no_progress,
    *,
    customers: bool | None = None,
    campaigns: str | None = None,
) -> RunFolder:
    """Write the page of a run, with whatever its stages have left.

    Single customers stand on it as the config says, or as `customers` does. A playbook
    that is named takes the place of the one that the run goes by.
    """
    with _continued(folder, created) as draft:
        if campaigns is not None:
            campaign_planning.change_campaigns(draft, campaigns)
        stages.report_stage(draft, progress, customers=customers)
        return draft.publish()


def _store(data: object) -> Path | None:
    """Return the store that data were named by, if they were."""
    names = [data] if isinstance(data, str | Path) else data
    if not isinstance(names, Sequence):
        return None
    return store_folder([str(name) for name in names if isinstance(name, str | Path)])


def _published(draft: RunDraft, log_files: Sequence[Path]) -> RunFolder:
    """Publish a run with a trained classifier; log that its test was evaluated."""
    made = draft.publish()
    log = TestSetLog.from_state(archive.test_set_log_of(made))
    test_set_log.remember(log, log_files)
    return made


@contextmanager
def _continued(folder: str | Path, created: str) -> Iterator[RunDraft]:
    """Yield a draft with the files of a run, to which a stage adds its own."""
    with draft_run(folder, base=open_run(folder), replace=True) as draft:
        draft.metadata["created"] = created
        yield draft
