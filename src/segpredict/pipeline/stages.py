"""The stages of a run, as pure functions of values: no stage reads or writes a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from joblib import cpu_count

from segpredict import classifier, features
from segpredict import explain as explanations
from segpredict import segmentation as segments
from segpredict.analytics import customer_value, demand, exploration, kpis, segment_tables
from segpredict.analytics.own_segments import compare_segmentations
from segpredict.analytics.transitions import tables as transition_tables
from segpredict.classifier import TrainingResult
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.classifier.training_data import sample_customers
from segpredict.config.classifier import ClassifierOptions
from segpredict.config.load import Config
from segpredict.config.outputs import ExplainOptions
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON, DateLike, ProgressCallback
from segpredict.core.window import as_date, rolling_origins
from segpredict.data import cleaning, side_tables
from segpredict.data.ingest import read_with_side_tables
from segpredict.errors import SupportError, TooShortHistoryError
from segpredict.pipeline import campaign_planning, customer_lists, results
from segpredict.pipeline import selection as candidates
from segpredict.pipeline.target import SelectionMode, no_progress
from segpredict.scoring import golden_rows
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import Segmentation, segment_profiles
from segpredict.segmentation.selection import compare


def prepare(
    data: object, config: Config, as_of: DateLike = None, progress: ProgressCallback = no_progress
) -> results.Prepared:
    """Read and clean; choose the feature families that the data allow."""
    progress("reading and cleaning", 0.0)
    transactions = read_with_side_tables(data, config, as_of)
    cleaning.require_support(transactions, config.cleaning)
    # Columns are chosen, and levels fixed, on what the segmentation, too, may see.
    until = max(end for _, end in segmentation_windows(transactions, config)[0])
    frozen = side_tables.freeze_side_tables(transactions, until)
    transactions = features.with_orders(replace(transactions, side_tables=frozen))
    families = features.choose_families(transactions, config.classifier.families, until)
    config = replace(config, classifier=replace(config.classifier, families=families.names))
    return results.Prepared(
        transactions=transactions,
        config=config,
        campaign_catalogue=campaign_planning.choose_campaigns(config.campaigns, frozen),
        facts={"families": {"used": list(families.names), "left_out": list(families.notes)}},
    )


MAX_SEGMENTATION_ROWS = 200_000  # windows of customers on which segments are fitted


def segment(
    prepared: results.Prepared,
    *,
    previous: Segmentation | None = None,
    mode: SelectionMode = SelectionMode.ONE,
    cache: Path | None = None,
    progress: ProgressCallback = no_progress,
) -> results.Segmented:
    """Fit the segmentation on windows that no test will see, freeze and describe it."""
    shop, config = prepared.transactions, prepared.config
    spans, notes = segmentation_windows(shop, config)
    table, selection = None, None
    if mode is not SelectionMode.ONE:
        tried, found = candidates.compare_segmentations(
            shop, config, spans, cache, lambda what, done: progress(what, 0.9 * done)
        )
        is_applied = mode is SelectionMode.SELECT
        table = compare.comparison_table(tried, found)
        selection = {**compare.selection_summary(tried, found), "is_applied": is_applied}
        if is_applied:
            options = compare.options_of_selected(config.segmentation, tried, found)
            config = replace(config, segmentation=options)
            notes = [*notes, f"Segments are {found.grade}: {found.reason}"]
    progress("making segments", 0.15 if mode is SelectionMode.ONE else 0.9)
    options = replace(config.segmentation, seed=config.seed)
    inputs = {*segments.override_inputs(options), *(previous.extra_inputs if previous else ())}
    segmentation = segments.fit_segmentation(
        sample_customers(
            features.clustering_inputs(shop, spans, sorted(inputs)), MAX_SEGMENTATION_ROWS
        ),
        options,
        horizon=config.time.horizon,
        # With segments of the shop's own these are for comparison alone.
        earlier=None if shop.side_tables.own_segments is not None else previous,
    )
    segmentation, own = _or_own_segments(shop, config, spans, segmentation)
    grid = segment_tables.rule_grid_at_end(shop, config.time, options)
    tables = segment_tables.segment_tables(shop, segmentation, grid, config.time)
    window = config.time.window_at(shop.end_day, shop.first_day)
    profiles = segment_profiles(shop, segmentation, window, tables, options.affinity_level)
    seen = exploration.explore_shop(
        shop,
        tables["assignments"],
        [each.id for each in segmentation.segments],
        config.time.horizon,
    )
    draws = Resampling(config.classifier.bootstrap_draws, config.seed)
    moved = transition_tables.observed_tables(shop, segmentation, config.time, draws, seen["homes"])
    return results.Segmented(
        config=config,
        segmentation=segmentation,
        rule_grid=grid,
        segment_tables=tables,
        segment_profiles=tuple(profiles),
        kpis=_measure_kpis(shop, config, tables),
        exploration=seen,
        observed_transitions=moved,
        candidates=table,
        selection=selection,
        own_segments=own,
        notes=(*shop.notes, *notes, *shop.side_tables.notes, *segments.segment_register(shop)[1]),
    )


def _or_own_segments(
    shop: Transactions, config: Config, spans: Sequence[tuple[int, int]], found: Segmentation
) -> tuple[Segmentation, JSON]:
    """Return the shop's own segments, compared with the found ones; the latter without a file."""
    held, time = shop.side_tables.own_segments, config.time
    if held is None:
        return found, None
    begin = min(held["day"].to_list(), default=shop.end_day)
    earliest = min(end for _, end in spans)
    if begin > earliest:
        back = as_date(begin - max(time.horizon, -(-time.lookback // 2)))
        raise SupportError(
            f"The file of segments begins on {as_date(begin)}, after the first day that the "
            f"forecast learns from, {as_date(earliest)}.",
            fix=f"give older rows, or begin the data later: --set cleaning.first_date={back}.",
        )
    rows = features.clustering_inputs(shop, spans)
    own = segments.fit_own_segments(shop, rows, config.segmentation, time.horizon)
    return own, compare_segmentations(shop, own, found, time)


def _measure_kpis(
    shop: Transactions, config: Config, tables: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    horizon, lookback = config.time.horizon, config.time.lookback
    members, transitions = tables["assignments"], tables.get("migration")
    book = kpis.OrderBook.from_shop(shop, horizon, lookback, members, transitions)
    return kpis.kpi_tables(book)


MAX_CUSTOMERS_TO_TRY = 5_000  # customers up to which segments are made on trial


def stopping_reason(shop: Transactions, config: Config) -> str:
    """Return why a run would stop, and what to do; empty where it would not.

    What a run needs is tried: a test, customers who come back, and, in a shop so small that it
    can fail, segments.
    """
    try:
        classifier.require_forecast(shop, config.time)
        if shop.ledger.total("used").customers <= MAX_CUSTOMERS_TO_TRY:
            options = replace(config.segmentation, seed=config.seed, n_init=1)
            spans, _ = segmentation_windows(shop, config)
            inputs = sorted(segments.override_inputs(options))
            rows = features.clustering_inputs(shop, spans, inputs)
            segments.fit_segmentation(rows, options, horizon=config.time.horizon)
    except SupportError as error:
        return str(error)
    return ""


def segmentation_windows(
    shop: Transactions, config: Config
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the windows the segmentation may see: none that ends after a first test."""
    time = config.time
    try:
        schedule = classifier.schedule_folds(shop.first_day, shop.end_day, time)
    except TooShortHistoryError as error:
        # Segments alone need less history than a forecast.
        last = time.window_at(shop.end_day, shop.first_day)
        earlier = rolling_origins(last, time.step, shop.first_day + time.horizon)
        spans = [(w.cutoff - time.horizon, w.cutoff) for w in earlier]
        if not spans:
            classifier.require_forecast(shop, time)  # raises the same error, with tried advice
        return sorted(spans), [f"No forecast can be tested: {error.message}"]
    return list(schedule.segmentation_windows), list(schedule.notes)


def train(
    prepared: results.Prepared,
    segmented: results.Segmented,
    *,
    leakage_demo: bool = False,
    more_models: Sequence[Any] = (),
    progress: ProgressCallback = no_progress,
) -> results.Trained:
    """Train, test out of time, select the model, and score the end of the data."""
    shop, config = prepared.transactions, prepared.config
    segmentation = segmented.segmentation.for_shop(shop)
    classifier.require_forecast(shop, config.time)
    options = classifier_options(config)
    training = classifier.train_classifier(
        shop,
        segmentation,
        options,
        config.time,
        lambda what, share: progress(what, 0.25 + 0.5 * share),
        more_models,
    )
    progress("valuing customers", 0.75)
    draws = {"draws": options.bootstrap_draws, "seed": options.seed}
    valued = customer_value.measure_customer_value(
        training.transactions or shop, segmentation, training, config.customer_value, **draws
    )
    models = results.TrainedModels(
        ensemble=training.ensemble, selected=training.selected_model, policy=training.policy
    )
    predictor = _predictor(prepared, segmented, models, valued.value_model)
    scores = predictor.score_table(shop)
    expected = demand.forecast_demand(shop, segmentation, training, scores, config.demand, **draws)
    observed, named = segmented.observed_transitions, segmentation.segments
    shown: JSON = None
    if leakage_demo:
        progress("running the leakage demo", 0.75)
        shown = classifier.run_leakage_demo(training, options).to_dicts()
    return results.Trained(
        models=models,
        backtest_models=training.backtest_models,
        evaluation=training.evaluation.to_json(),
        scorecard=training.scorecard,
        curves=training.curves,
        scores=scores,
        backtest_population=_backtest_population(
            replace(predictor, value_model=valued.model_of_last_test), training, shop
        ),
        value_model=valued.value_model,
        customer_value={
            "sums": valued.backtest_sums,
            "errors": valued.backtest_errors,
            "segments": customer_value.value_by_segment(scores, named),
            "totals": valued.backtest_totals,
        },
        demand=expected,
        predicted_transitions=transition_tables.predicted_tables(
            observed, training, scores, named, config.time
        ),
        leakage_demo=shown,
        golden_rows=golden_rows.draw_golden_rows(
            predictor, training.ensemble.xgboost_model, shop.end_day
        ),
        training=training,
    )


def classifier_options(config: Config) -> ClassifierOptions:
    """Return the options of the classifier, with the seed and the threads of the run."""
    return replace(config.classifier, seed=config.seed, threads=min(config.threads, cpu_count()))


def _backtest_population(
    predictor: SegmentPredictor, training: TrainingResult, shop: Transactions
) -> pl.DataFrame | None:
    """Return the scores of the last test window, by the models of that day."""
    if training.model_of_last_test is None:
        return None
    earlier = replace(predictor, model=training.model_of_last_test)
    return earlier.score_table(shop, training.schedule.test_folds[-1].cutoff).filter("is_eligible")


def _predictor(
    prepared: results.Prepared,
    segmented: results.Segmented,
    models: results.TrainedModels,
    value_model: customer_value.ValueModel,
) -> SegmentPredictor:
    """Return the predictor of stages that are in memory, without an explainer."""
    return SegmentPredictor(
        segmented.segmentation,
        models.selected,
        prepared.config.time,
        prepared.config.classifier.families,
        side_tables=prepared.side_tables,
        policy=models.policy,
        value_model=value_model,
    )


def explain(
    prepared: results.Prepared,
    segmented: results.Segmented,
    trained: results.Trained,
    options: ExplainOptions,
    progress: ProgressCallback = no_progress,
) -> results.Explained:
    """Explain the selected model for a sample of the scored customers; cross-check it."""
    progress("explaining", 0.0)
    shop, config = prepared.transactions, prepared.config
    predictor = _predictor(prepared, segmented, trained.models, trained.value_model)
    listed = customer_lists.explained_customers(trained.scores)
    sample = _sampled_customers(trained.scores, predictor.segments)
    rows = _rows_of(predictor, shop, pl.concat([sample, listed]))
    frame = rows.filter(pl.col("customer_id").is_in(sample.implode()))
    population = int(trained.scores["is_eligible"].sum())
    explainer = predictor.explainer_for(frame, shop.currency, trained.models.ensemble)
    evidence = None
    # The tests are replayed with their ensembles: no evidence on another model.
    is_ensemble = explainer.model.markov_chain is not None
    if options.refits and trained.backtest_models and is_ensemble:
        evidence = explanations.check_importance(
            classifier.replay_backtests(
                shop,
                segmented.segmentation.for_shop(shop),
                classifier_options(config),
                config.time,
                trained.backtest_models,
            ),
            explainer.groups,
            options,
            config.seed,
            lambda what, share: progress(what, 0.1 + 0.85 * share),
        )
        explainer = explainer.with_threshold(evidence.min_reliable_contribution)
    explanation = explainer.explain(frame, options, population)
    # The sample need not hold the customers of the lists.
    is_listed = pl.col("customer_id").is_in(listed.implode())
    known = explanation.reasons.filter(is_listed)
    unknown = rows.filter(is_listed & ~pl.col("customer_id").is_in(known["customer_id"].implode()))
    reasons = explainer.explain_reasons(unknown, classifier_options(config).threads)
    of_ensemble = None
    if not is_ensemble:
        ensemble = replace(predictor, model=trained.models.ensemble)
        of_ensemble = ensemble.explainer_for(frame).column_importance(frame, options)
    return results.Explained(
        ensemble_importance=of_ensemble,
        explanation=explanation,
        explainer=explainer,
        evidence=evidence,
        customer_reasons=pl.concat([known, reasons]).sort("customer_id", maintain_order=True),
    )


MAX_KNOWN_ROWS = 50_000  # customers whose features say what is usual, and what goes together


def _sampled_customers(scores: pl.DataFrame, named: Sequence[Segment]) -> pl.Series:
    """Return the customers with a forecast; of very many a sample, stratified by segment."""
    codes = {segment.id: segment.code for segment in named}
    code = pl.col("segment_id").replace_strict(codes, return_dtype=pl.Int8)
    known = scores.filter("is_eligible").select("customer_id", state_now=code)
    return explanations.stratified_sample(known, MAX_KNOWN_ROWS)["customer_id"]


def _rows_of(predictor: SegmentPredictor, shop: Transactions, customers: pl.Series) -> pl.DataFrame:
    """Return the features and states of some customers at the end of the data."""
    window, wanted = predictor.score_window(shop), customers.unique().to_frame("customer_id")
    return shop.by_parts(
        lambda part: predictor.customer_rows(part, window).eligible.join(
            wanted, on="customer_id", how="semi"
        )
    ).sort("customer_id")


def plan(
    prepared: results.Prepared,
    segmented: results.Segmented,
    trained: results.Trained,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> results.CampaignPlans:
    """Work out what stands behind each campaign: who, how much, and which test it needs."""
    predictor = _predictor(prepared, segmented, trained.models, trained.value_model)
    return campaign_planning.plan_run_campaigns(prepared, trained, predictor, earlier_arms)
