"""What each stage of a run reads from its folder, and what it leaves there."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import polars as pl

from segpredict import classifier, features
from segpredict import explain as explanations
from segpredict import segmentation as segments
from segpredict._version import __version__
from segpredict.analytics import customer_value, demand, exploration, kpis, segment_tables
from segpredict.analytics.campaigns import files as planning
from segpredict.analytics.customer_value import files as valuation
from segpredict.analytics.demand import files as supply
from segpredict.analytics.transitions import files as flows
from segpredict.classifier import TestSetLog, TrainingResult, test_set_log
from segpredict.config.explain import ExplainOptions
from segpredict.config.load import Config
from segpredict.core.run_folder import RunDraft, RunFiles, encode_json, parquet_writer
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON, DateLike, ProgressCallback
from segpredict.core.window import as_date, rolling_origins
from segpredict.data import cleaning, side_tables
from segpredict.data.ingest import read_with_side_tables
from segpredict.errors import TooShortHistoryError
from segpredict.explain import files as explained
from segpredict.pipeline import archive
from segpredict.pipeline import campaign_planning as plays
from segpredict.pipeline import selection as comparison
from segpredict.pipeline.target import SelectionMode
from segpredict.report import ReportInput, render_html, shortlist
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import Segmentation, segment_profiles
from segpredict.segmentation.selection.compare import options_of_selected

# What is written of the rest, and untrue with a new stage.
REPORT_FILES = ("report.", "bi/", "deck.pptx")
SHORTLIST_PATH = "explain/shortlist.parquet"  # reasons of the customers to look at first
RECORDED_LIBRARIES = ("polars", "scikit-learn", "xgboost", "shap", "numpy", "pandera")


def read_and_clean(
    draft: RunDraft,
    data: object,
    config: Config,
    created: str,
    as_of: DateLike,
    progress: ProgressCallback,
) -> None:
    """Read and clean; note what made the run."""
    progress("reading and cleaning", 0.0)
    shop = read_with_side_tables(data, config, as_of)
    # Columns are chosen, and levels fixed, on what the segmenter, too, may see.
    until = max(end for _, end in segmentation_windows(shop, config)[0])
    shop = replace(shop, side_tables=side_tables.freeze_side_tables(shop, until))
    choice = features.choose_families(shop, config.classifier.families, until)
    config = replace(config, classifier=replace(config.classifier, families=choice.names))
    draft.metadata.update(
        segpredict=__version__,
        created=created,
        python=platform.python_version(),
        libraries={name: version(name) for name in RECORDED_LIBRARIES},
        config=config.to_state(),
        families={"used": list(choice.names), "left_out": list(choice.notes)},
    )
    cleaning.require_support(shop, config.cleaning)
    archive.save_transactions(draft, shop)
    archive.save_side_tables(draft, shop.side_tables)
    playbook = plays.choose_campaigns(config.campaigns, shop.side_tables)
    planning.save_campaign_catalogue(draft, playbook)


def segment_stage(
    draft: RunDraft,
    progress: ProgressCallback,
    earlier: Segmentation | None = None,
    selection_mode: SelectionMode = SelectionMode.ONE,
) -> None:
    """Fit the segmenter on windows that no test will see, freeze and describe it."""
    config, shop = archive.load_run_config(draft), archive.load_transactions(draft)
    spans, notes = segmentation_windows(shop, config)
    if selection_mode is not SelectionMode.ONE:
        trials, found = comparison.compare_segmentations(
            draft, shop, config, spans, lambda what, done: progress(what, 0.9 * done)
        )
        is_applied = selection_mode is SelectionMode.SELECT
        comparison.save_selection(draft, trials, found, is_applied=is_applied)
        if is_applied:
            won = options_of_selected(config.segmentation, trials, found)
            config = replace(config, segmentation=won)
            draft.metadata["config"] = config.to_state()
            notes = [*notes, f"Segments are {found.grade}: {found.reason}"]
    progress("making segments", 0.15 if selection_mode is SelectionMode.ONE else 0.9)
    options = replace(config.segmentation, seed=config.seed)
    further = {*segments.override_inputs(options), *(earlier.extra_inputs if earlier else ())}
    segmentation = segments.fit_segmentation(
        features.clustering_inputs(shop, spans, sorted(further)),
        options,
        horizon=config.time.horizon,
        earlier=earlier,
    )
    grid = segment_tables.rule_grid_at_end(shop, config.time, options.rule_grid_names)
    tables = segment_tables.segment_tables(shop, segmentation, grid, config.time)
    window = config.time.window_at(shop.end_day, shop.first_day)
    told = segment_profiles(shop, segmentation, window, tables, options.affinity_level)
    archive.save_segmentation(draft, segmentation, grid, tables, told)
    homes = _measure(draft, shop, config, tables)
    _follow(draft, shop, segmentation, config, homes)
    draft.metadata["notes"] = [*shop.notes, *notes, *shop.side_tables.notes]
    draft.metadata["windows"] = {
        "segmenter_saw_until": as_date(segmentation.fit_end - 1).isoformat(),
        "horizon": config.time.horizon,
        "lookback": config.time.lookback,
        "gap": config.time.gap,
        "forecast_from": as_date(shop.end_day).isoformat(),
    }


def _measure(
    draft: RunDraft, shop: Transactions, config: Config, tables: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """Write how the shop is doing, and what its data look like; and who lives where."""
    horizon, lookback = config.time.horizon, config.time.lookback
    members, moves = tables["assignments"], tables.get("migration")
    books = kpis.OrderBook.from_shop(shop, horizon, lookback, members, moves)
    for path, table in kpis.kpi_tables(books).items():
        draft.write(path, parquet_writer(table))
    ids = [segment.id for segment in archive.load_segments(draft)]
    seen = exploration.explore_shop(shop, members, ids, config.time.horizon)
    for name in ("cells", "map", "homes"):
        draft.write(f"exploration/{name}.parquet", parquet_writer(seen[name]))
    draft.write("exploration/facts.json", encode_json(seen["facts"]))
    homes: pl.DataFrame = seen["homes"]
    return homes


def _follow(
    draft: RunDraft,
    shop: Transactions,
    segmentation: Segmentation,
    config: Config,
    homes: pl.DataFrame,
) -> None:
    """Write who moved from segment to segment, period by period, and by country."""
    draws = flows.BootstrapDraws(config.classifier.bootstrap_draws, config.seed)
    flows.save_transitions(
        draft, flows.observed_tables(shop, segmentation, config.time, draws, homes)
    )


def segmentation_windows(
    shop: Transactions, config: Config
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the windows the segmenter may see: none that ends after a first test."""
    time = config.time
    try:
        days = classifier.schedule_folds(shop.first_day, shop.end_day, time)
    except TooShortHistoryError as error:
        last = time.window_at(shop.end_day, shop.first_day)
        back = rolling_origins(last, time.step, shop.first_day + time.horizon)
        spans = [(w.cutoff - time.horizon, w.cutoff) for w in back]
        if not spans:
            raise
        return sorted(spans), [f"No forecast can be tested: {error.message}"]
    return list(days.segmentation_windows), list(days.notes)


def training_stage(
    draft: RunDraft, log_files: Sequence[Path], *, leakage_demo: bool, progress: ProgressCallback
) -> None:
    """Train, test out of time, decide what ships, and score the end of the data.

    Earlier evaluations on the final test are recalled from `log_files`.
    """
    config, shop = archive.load_run_config(draft), archive.load_transactions(draft)
    segmentation = archive.load_segmentation(draft)
    options = replace(config.classifier, seed=config.seed, threads=config.threads)
    training = classifier.train_classifier(
        shop,
        segmentation,
        options,
        config.time,
        lambda what, share: progress(what, 0.25 + 0.5 * share),
    )
    progress("valuing customers", 0.75)
    wish, draws = config.customer_value, options.bootstrap_draws
    valued = customer_value.measure_customer_value(
        shop, segmentation, training, wish, draws=draws, seed=options.seed
    )
    predictor = SegmentPredictor(
        segmentation,
        training.selected_model,
        config.time,
        training.segment_values,
        config.classifier.families,
        side_tables=shop.side_tables,
        policy=training.policy,
        value_model=valued.value_model,
    )
    # What an earlier model has left here would be believed to be this one's.
    untrue = (
        "explain/",
        "customer_value/",
        "demand/",
        "classifier/leakage_demo.json",
        *REPORT_FILES,
    )
    draft.remove(*untrue, planning.BACKTEST_PATH, "campaigns/plays", "campaigns/curves")
    training = _marked(draft, training, shop, log_files)
    scores = predictor.score(shop)
    archive.save_training(draft, training, scores)
    valuation.save_customer_value(draft, valued, scores, segmentation.segments)
    given = (shop, segmentation, training, scores, config.demand)
    hoped = demand.forecast_demand(*given, draws=draws, seed=options.seed)
    supply.save_demand(draft, hoped)
    known, named = flows.load_transitions(draft), segmentation.segments
    coming = flows.predicted_tables(known, training, scores, named, config.time)
    flows.save_transitions(draft, coming)
    if leakage_demo:
        progress("asking the canary", 0.75)
        told = classifier.run_leakage_demo(training, options)
        draft.write("classifier/leakage_demo.json", encode_json(told.to_frame().to_dicts()))


def _marked(
    draft: RunDraft, training: TrainingResult, shop: Transactions, log_files: Sequence[Path]
) -> TrainingResult:
    """Log the evaluation on the final test; say so where others came before."""
    log = TestSetLog(shop.fingerprint, training.schedule.test_folds[-1].cutoff)
    before = test_set_log.recall(log.merge(archive.test_set_log_of(draft)), log_files)
    # What the page shows makes no other model.
    asked = {k: v for k, v in draft.metadata["config"].items() if k != "report"}
    now = before.add(asked, draft.metadata["created"])
    archive.keep_test_set_log(draft, now.to_state())
    if not now.warning:
        return training
    warnings = (now.warning, *training.evaluation.warnings)
    return replace(training, evaluation=replace(training.evaluation, warnings=warnings))


def explanation_stage(
    draft: RunDraft, progress: ProgressCallback, *, rows: int | None = None, refits: int | None
) -> None:
    """Explain what ships for a sample of those who were scored; cross-check it.

    Without refits the cross-check is left out: it fits the trees anew again and again.
    """
    progress("explaining", 0.0)
    config, predictor = archive.load_run_config(draft), archive.load_predictor(draft)
    shop, trees = archive.load_transactions(draft), archive.load_xgboost_model(draft)
    wish = config.explain
    options = replace(
        wish,
        sample_rows=wish.sample_rows if rows is None else rows,
        refits=wish.refits if refits is None else refits,
    )
    frame = predictor.feature_rows(shop, predictor.score_window(shop)).frame
    knowing = explanations.build_explainer(
        predictor.model,
        trees,
        frame,
        predictor.segments,
        segment_tables.classifier_glossary(config.classifier.families, shop.side_tables),
        shop.currency,
    ).with_policy(predictor.policy)
    checked = _cross_checked(draft, shop, knowing, config, options, progress)
    if checked is not None:
        knowing = knowing.with_threshold(checked.min_reliable_contribution)
    told = knowing.explain(frame, options)
    draft.remove(*REPORT_FILES)
    explained.save_explanation(draft, told, knowing, checked)
    # The sample need not hold those whom people look at first.
    scores = draft.read_parquet("scores.parquet")
    first = shortlist.customer_shortlist(scores, config.report.max_listed).select("customer_id")
    listed = frame.join(first, on="customer_id", how="semi", maintain_order="left")
    draft.write(SHORTLIST_PATH, parquet_writer(knowing.explain_reasons(listed)))


def _cross_checked(
    draft: RunDraft,
    shop: Transactions,
    knowing: explanations.ForecastExplainer,
    config: Config,
    options: ExplainOptions,
    progress: ProgressCallback,
) -> explanations.ImportanceEvidence | None:
    if not options.refits or not draft.has("classifier/backtest_models.json"):
        return None
    taken = classifier.replay_backtests(
        shop,
        archive.load_segmentation(draft),
        replace(config.classifier, seed=config.seed, threads=config.threads),
        config.time,
        [knowing.model.explained_part(model) for model in archive.load_backtest_models(draft)],
    )
    return explanations.check_importance(
        taken,
        knowing.groups,
        options,
        config.seed,
        lambda what, share: progress(what, 0.1 + 0.85 * share),
    )


def report_stage(
    draft: RunDraft, progress: ProgressCallback, *, customers: bool | None = None
) -> None:
    """Write the page of what the stages have left; with single customers, if wished."""
    progress("writing the page", 0.95)
    plays.plan_run_campaigns(draft)
    draft.write(
        "report.html", render_html(collect_report_input(draft, customers=customers)).encode()
    )
    progress("done", 1.0)


def collect_report_input(files: RunFiles, *, customers: bool | None = None) -> ReportInput:
    """Return all that a page or a deck is made from, as far as it was made.

    Single customers are in it if they are wished for, or the config says so.
    """
    wish = archive.load_run_config(files).report
    found = replace(
        archive.load_report_input(files),
        transitions=flows.load_transitions(files),
        campaigns=planning.load_campaign_plans(files),
        experiments=planning.load_experiments(files),
        demand=supply.load_demand(files),
        exploration=exploration.load_exploration(files),
    )
    if wish.show_customers if customers is None else customers:
        return replace(found, shortlist=_listed(files, wish.max_listed))
    cards = tuple({**card, "examples": []} for card in found.segment_profiles)
    return replace(found, example_customers=(), segment_profiles=cards)


def _listed(files: RunFiles, most: int) -> tuple[dict[str, JSON], ...]:
    """Return the customers to look at first, once they were explained."""
    if not files.has(SHORTLIST_PATH) or not files.has("scores.parquet"):
        return ()
    scores = files.read_parquet("scores.parquet")
    return shortlist.shortlist_with_reasons(
        shortlist.customer_shortlist(scores, most), files.read_parquet(SHORTLIST_PATH)
    )
