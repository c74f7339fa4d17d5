"""Weigh the plays of a run: who is eligible, what is at stake, what a test needs."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from segpredict import classifier, features
from segpredict.analytics import campaigns as actions
from segpredict.analytics.campaigns import CampaignCatalogue
from segpredict.analytics.campaigns import files as planning
from segpredict.classifier import build_panel
from segpredict.config.campaigns import CampaignOptions
from segpredict.core.run_folder import RunDraft, RunFiles, parquet_writer
from segpredict.core.transactions import MONEY_SCALE, SideTables, Transactions
from segpredict.core.window import Window
from segpredict.errors import TooShortHistoryError, UsageError
from segpredict.features import FEATURE_FAMILIES
from segpredict.pipeline import archive
from segpredict.scoring.predictor import SegmentPredictor

BASE_FAMILIES = ("rfm",)  # a family that every shop has
ACTUAL_BASIS = "spend"  # what came is told by what was really spent
BACKTEST_SUMS_SCHEMA = {
    "measure": pl.String,
    "part": pl.String,
    "window": pl.String,
    "predicted": pl.Float64,
    "realised": pl.Float64,
}


def choose_campaigns(options: CampaignOptions, side_tables: SideTables) -> CampaignCatalogue:
    """Return the plays that were asked for; refuse columns that no shop has."""
    playbook = actions.read_campaigns(options)
    actions.validate_rules(playbook.campaigns, (), _known(side_tables))
    return playbook


def change_campaigns(draft: RunDraft, campaigns: str) -> None:
    """Let a finished run go by another playbook."""
    config = archive.load_run_config(draft)
    config = replace(config, campaigns=replace(config.campaigns, campaigns_file=campaigns))
    beside = archive.load_side_tables(draft)
    planning.save_campaign_catalogue(draft, choose_campaigns(config.campaigns, beside))
    draft.metadata["config"] = config.to_state()


def plan_run_campaigns(draft: RunDraft) -> None:
    """Write what stands behind each play of a run, if it has scores."""
    if not draft.has("scores.parquet"):
        return
    config, predictor = archive.load_run_config(draft), archive.load_predictor(draft)
    playbook, known = planning.load_campaign_catalogue(draft), _known(predictor.side_tables)
    actions.validate_rules(playbook.campaigns, predictor.segments, known)
    shop = archive.load_transactions(draft)
    then = _rehearsal(draft, predictor, shop)
    plays, families = _applicable(playbook.campaigns, predictor)
    windows = [predictor.score_window(shop)]
    if then is not None:
        windows = [predictor.score_window(shop, then["as_of"][0]), *windows]
    rows = build_panel(shop, predictor.segmentation, windows, families).frame
    now = _beside(draft.read_parquet("scores.parquet"), rows, windows[-1])
    weighed = actions.CampaignPopulation(
        customers=now,
        backtest_customers=None if then is None else _outcomes(then, rows, windows[0], shop),
        segments=predictor.segments,
        backtest_actual=_came(draft),
        outcome_days=config.time.days_to_outcome + config.time.settlement,
    )
    draws, seed = config.classifier.bootstrap_draws, config.seed
    told = actions.plan_campaigns(plays, weighed, config.campaigns, draws, seed)
    curves = actions.targeting_curves(now, plays, predictor.segments)
    planning.save_campaign_plans(draft, told, curves)


def campaign_customers(files: RunFiles, campaign: actions.Campaign) -> pl.DataFrame:
    """Return the customers of a run with a forecast, and what a play asks of them."""
    predictor, shop = archive.load_predictor(files), archive.load_transactions(files)
    plays, families = _applicable((campaign,), predictor)
    if not plays:
        lacking = ", ".join(sorted(actions.required_columns([campaign])))
        raise UsageError(
            f"The play {campaign.name} asks about {lacking}, which this shop does not have.",
            fix="choose another play, or give the data that it needs.",
        )
    window = predictor.score_window(shop)
    rows = build_panel(shop, predictor.segmentation, [window], families).frame
    return _beside(files.read_parquet("scores.parquet"), rows, window)


def _known(beside: SideTables) -> set[str]:
    return {f.name for f in features.feature_glossary(FEATURE_FAMILIES.names(), beside)}


def _applicable(
    asked: Sequence[actions.Campaign], predictor: SegmentPredictor
) -> tuple[tuple[actions.Campaign, ...], tuple[str, ...]]:
    """Return the plays whose columns the shop has, and the families of these."""
    found = {
        feature.name: feature.family
        for feature in features.feature_glossary(predictor.families, predictor.side_tables)
    }
    plays = tuple(p for p in asked if actions.required_columns([p]) <= found.keys())
    families = {found[column] for column in actions.required_columns(plays)}
    return plays, tuple(sorted({*BASE_FAMILIES, *families}))


def _rehearsal(
    draft: RunDraft, predictor: SegmentPredictor, shop: Transactions
) -> pl.DataFrame | None:
    """Return the scores of the last test, told by the model of that day."""
    if draft.has(planning.BACKTEST_PATH):
        return draft.read_parquet(planning.BACKTEST_PATH)
    if not draft.has("classifier/backtest_models.json"):
        return None
    time = predictor.time
    try:
        days = classifier.schedule_folds(shop.first_day, shop.end_day, time)
    except TooShortHistoryError:
        return None
    model = archive.load_backtest_models(draft)[-1]
    earlier = replace(predictor, model=model, explainer=None)
    scores = earlier.score(shop, days.test_folds[-1].cutoff).filter("is_eligible")
    draft.write(planning.BACKTEST_PATH, parquet_writer(scores))
    return scores


def _beside(scores: pl.DataFrame, rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Return customers with a forecast, with what triggers ask beyond the scores."""
    own = rows.filter(cutoff=window.cutoff).drop(
        [c for c in rows.columns if c in scores.columns and c != "customer_id"]
    )
    known = scores.filter("is_eligible")
    return known.join(own, on="customer_id", how="left", maintain_order="left")


def _outcomes(
    then: pl.DataFrame, rows: pl.DataFrame, window: Window, shop: Transactions
) -> pl.DataFrame:
    spans = [
        (window.cutoff - window.horizon, window.cutoff),
        (window.outcome_start, window.outcome_end),
    ]
    bought = features.clustering_inputs(shop, spans)
    before, after = (bought.filter(end=end) for _, end in spans)
    known = _beside(then, rows, window).rename({"state_now": "code"})
    for table, name in ((before, "before"), (after, "spent")):
        money = table.select("customer_id", (pl.col("spend") / MONEY_SCALE).alias(name))
        known = known.join(money, on="customer_id", how="left", maintain_order="left")
    return known.with_columns(
        pl.col("before").fill_null(0.0),
        pl.col("spent").fill_null(0.0),
        bought=pl.col("customer_id").is_in(after["customer_id"].implode()),
    )


def _came(files: RunFiles) -> pl.DataFrame:
    """Return what of predicted sums came, told by what ships."""
    if not files.has("customer_value/sums.parquet"):
        return pl.DataFrame(schema=BACKTEST_SUMS_SCHEMA)
    shipped = files.read_json("classifier/evaluation.json")["selected"]
    sums = files.read_parquet("customer_value/sums.parquet")
    own = sums.filter(forecaster=shipped, realised_as=ACTUAL_BASIS)
    return own.select(*BACKTEST_SUMS_SCHEMA)
