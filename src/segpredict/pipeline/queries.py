"""Questions that make no run: what files hold, customers' segments, and reasons."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import explain as explanations
from segpredict import features, segmentation
from segpredict.analytics import segment_tables
from segpredict.config.load import Config
from segpredict.core.customer_ids import id_text
from segpredict.core.disk import write_file
from segpredict.core.process import refuse_forked_process
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.core.transactions import Transactions
from segpredict.core.types import DateLike, ProgressCallback
from segpredict.data.ingest import read_transactions
from segpredict.errors import ArtifactError, CustomerMissingError
from segpredict.pipeline import loading, stages
from segpredict.pipeline.results import Explained
from segpredict.pipeline.target import no_progress
from segpredict.report import render_check_page
from segpredict.scoring.history import HistoryUpdate, ModelVersion, ScoreHistory
from segpredict.scoring.new_data import NewData, read_new_data
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.scoring.what_if import what_if


def check_data(
    names: Sequence[str],
    config: Config,
    as_of: DateLike = None,
    page: Path | None = None,
    created: str = "",
    progress: ProgressCallback = no_progress,
) -> dict[str, Any]:
    """Return what reading and cleaning found, as plain values.

    The keys are those of `segment_tables.shop_overview`. A page is written only if its file
    is named; `created` is the time of day that it shows.
    """
    refuse_forked_process()
    progress("reading and cleaning", 0.0)
    shop = read_transactions(names, config, as_of)
    progress("comparing horizons", 0.7)
    found = segment_tables.shop_overview(
        shop,
        config.time,
        config.cleaning,
        lambda time: stages.stopping_reason(shop, replace(config, time=time)),
    )
    if page is not None:
        write_file(page, render_check_page(found, shop, created).encode())
    return found


@loading.of_run
def explain_customer(folder: str | Path, customer_id: object) -> dict[str, Any]:
    """Return one customer's forecast at the end of a run's data, and why.

    Returned are ``customer_id``, ``forecast`` (the row of its scores), ``sentence``, ``reasons``
    (rows of `explain.reason_texts`), ``contributions`` (rows of `schemas.CONTRIBUTIONS_SCHEMA`),
    ``what_if`` (rows of `what_if`), ``nearest`` (the row of `segmentation.nearest_other_segment`,
    or ``None`` without an order in the window or with the shop's own segments), ``names`` of the
    segments by id, and ``note``.

    Raises `CustomerMissingError` when no eligible customer has that id.
    """
    customer_id = id_text(customer_id)
    files = open_run(folder)
    predictor, shop = loading.load_predictor(files), loading.load_transactions(files)
    window = predictor.score_window(shop)
    explanation = _explanation(files, predictor, shop, customer_id)
    names = {segment.id: segment.name for segment in predictor.segments}
    alone = replace(shop, lines=shop.lines.filter(pl.col("customer_id") == customer_id))
    span, more = (
        (window.cutoff - window.horizon, window.cutoff),
        predictor.segmentation.extra_inputs,
    )
    bought = features.clustering_inputs(alone, [span], more)
    near = []
    if not isinstance(predictor.segmentation, segmentation.OwnSegmentation):
        near = segmentation.nearest_other_segment(predictor.segmentation, bought).to_dicts()
    scores = predictor.score_table(alone, window.cutoff, shop.first_day)
    return {
        "customer_id": customer_id,
        "forecast": scores.row(0, named=True),
        "sentence": explanations.explained_sentence(explanation, names),
        "reasons": explanation.reasons.to_dicts(),
        "contributions": explanation.customer_contributions(customer_id).to_dicts(),
        "what_if": what_if(predictor, shop, customer_id).to_dicts(),
        "nearest": near[0] if near else None,
        "names": names,
        "note": explanation.model_note,
    }


@loading.of_run
def draw_waterfall(folder: str | Path, customer_id: str, folder_out: Path) -> Path:
    """Draw how one customer's forecast is composed; return the path.

    Raises `CustomerMissingError` when no eligible customer has that id.
    """
    files = open_run(folder)
    predictor, shop = loading.load_predictor(files), loading.load_transactions(files)
    explanation = _explanation(files, predictor, shop, customer_id)
    path = folder_out / "waterfall.svg"  # an id may be no name of a file
    write_file(path, explanation.plot("waterfall", customer_id))
    return path


def _explanation(
    files: RunFolder, predictor: SegmentPredictor, shop: Transactions, customer_id: str
) -> explanations.Explanation:
    """Return the explanation of one customer, by the run's explainer if it has one."""
    frame = predictor.customer_rows(shop, predictor.score_window(shop)).eligible
    chosen = frame.filter(pl.col("customer_id") == customer_id)
    if chosen.height == 0:
        raise CustomerMissingError(customer_id, predictor.time.lookback)
    explainer = predictor.explainer or predictor.explainer_for(
        frame, shop.currency, loading.load_models(files).ensemble
    )
    return explainer.explain(chosen)


@loading.of_run
def load_run_explanation(folder: str | Path) -> explanations.Explanation:
    """Return the explanation that a run holds.

    Raises `ArtifactError` when the run was not explained.
    """
    files = open_run(folder)
    if not loading.has_stage(files, Explained):
        fix = f"segpredict explain --run {folder}"
        raise ArtifactError(f"The run {folder} was not explained.", fix=fix)
    return loading.load_explanation(files)


@loading.of_run
def feature_meanings(folder: str | Path) -> dict[str, str]:
    """Return the short meaning of each column of a run's forecast."""
    files = open_run(folder)
    families, beside = (
        loading.load_config(files).classifier.families,
        loading.load_side_tables(files),
    )
    known = segment_tables.classifier_glossary(families, beside)
    words = explanations.ReasonLexicon({each.name: each for each in known}, (), {}, {})
    return {each.name: words.short_meaning(each.name) for each in known}


def write_plots(folder: str | Path, folder_out: Path, *plot: str) -> int:
    """Write every plot of a run's explanation, or the requested one; return how many.

    * `folder`, `folder_out`: the run, and where the plots are written.
    * `plot`: a kind of plot and its arguments, as with `Explanation.plot`.
    """
    from segpredict.explain.plots import draw_plots  # matplotlib and shap take long to load

    explanation = load_run_explanation(folder)
    one = {"_".join(plot): explanation.plot(*plot)} if plot else None
    drawn = one or draw_plots(explanation)
    for name, content in drawn.items():
        ending = "png" if content.startswith(b"\x89PNG") else "svg"
        write_file(folder_out / f"{name}.{ending}", content)
    return len(drawn)


def score_into_history(
    history: str | Path | None,
    folder: str | Path,
    data: Sequence[str] | NewData,
    *,
    as_of: DateLike = None,
    since: DateLike = None,
    progress: ProgressCallback = no_progress,
) -> tuple[pl.DataFrame, ModelVersion, HistoryUpdate | None]:
    """Return the scores of the customers in files, by which model, and what a history got new.

    * `history`: the folder of the history, made if it is not there (`ScoreHistory`); ``None`` saves
      nothing.
    * `folder`, `data`, `as_of`, `since`, `progress`: the run; the files; the day of the forecast;
      since when the files hold all orders.

    The scores are `schemas.SCORES_SCHEMA`; rows that cannot be read are set aside, unless `NewData`
    says otherwise.
    """
    if history is None:
        return *_scored(folder, data, as_of, since, progress), None
    kept = ScoreHistory(history)
    with kept.lock() as work:
        scores, version = _scored(folder, data, as_of, since, progress)
        return scores, version, kept.add_scores(scores, version, work)


def _scored(
    folder: str | Path,
    data: Sequence[str] | NewData,
    as_of: DateLike,
    since: DateLike,
    progress: ProgressCallback,
) -> tuple[pl.DataFrame, ModelVersion]:
    progress("loading the run", 0.0)
    given = data if isinstance(data, NewData) else NewData(data)
    files = open_run(folder)
    predictor = loading.load_predictor(files)
    progress("reading and cleaning", 0.2)
    plan = replace(predictor.cleaning_options, **given.changes)
    predictor = replace(predictor, cleaning_options=plan)
    shop = read_new_data(given, predictor, loading.load_config(files), as_of)
    progress("scoring", 0.7)
    return predictor.score_table(shop, as_of, since), predictor.model_version
