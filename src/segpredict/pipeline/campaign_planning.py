"""Plan the campaigns of a run: who is eligible, what is at stake, what a test needs."""

from collections.abc import Mapping, Sequence

import polars as pl

from segpredict import features
from segpredict.analytics import campaigns as campaign_room
from segpredict.analytics.campaigns import Campaign, CampaignCatalogue, CampaignListRequest
from segpredict.classifier import build_panel
from segpredict.config.outputs import CampaignOptions
from segpredict.core.schemas import CAMPAIGN_LIST_SCHEMA
from segpredict.core.segment import Segment
from segpredict.core.transactions import MONEY_SCALE, SideTables, Transactions
from segpredict.core.window import Window
from segpredict.errors import UsageError
from segpredict.features import FEATURE_FAMILIES
from segpredict.pipeline.results import CampaignPlans, Prepared, Trained
from segpredict.scoring.predictor import SegmentPredictor

BASE_FAMILIES = ("rfm",)  # a family that every shop has


def choose_campaigns(options: CampaignOptions, side_tables: SideTables) -> CampaignCatalogue:
    """Return the campaigns of the options; refuse columns that no shop has."""
    catalogue = campaign_room.read_campaigns(options)
    campaign_room.validate_rules(catalogue.campaigns, (), _known_columns(side_tables))
    return catalogue


def plan_run_campaigns(
    prepared: Prepared,
    trained: Trained,
    predictor: SegmentPredictor,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> CampaignPlans:
    """Return what stands behind each campaign of a run, and its customers.

    `earlier_arms` are those of recorded lists, by campaign and customer
    (`campaigns.ExperimentLog.earlier_arms`).
    """
    config, shop = prepared.config, prepared.transactions
    catalogue, known = prepared.campaign_catalogue, _known_columns(prepared.side_tables)
    campaign_room.validate_rules(catalogue.campaigns, predictor.segments, known)
    backtest = trained.backtest_population
    campaigns, families = _applicable(catalogue.campaigns, predictor)
    windows = [predictor.score_window(shop)]
    if backtest is not None:
        windows = [predictor.score_window(shop, backtest["as_of"][0]), *windows]
    rows = build_panel(shop, predictor.segmentation, windows, families).frame
    customers = _with_columns(trained.scores, rows, windows[-1])
    tested = None if backtest is None else _outcomes(backtest, rows, windows[0], shop)
    sums = trained.customer_value["sums"].filter(model=trained.evaluation["selected"])
    actual = sums.select("measure", "part", "window", "predicted", "actual")
    segments, days = predictor.segments, config.time.days_to_outcome + config.time.settlement
    population = campaign_room.CampaignPopulation(customers, tested, segments, actual, days)
    draws, seed = config.classifier.bootstrap_draws, config.seed
    marked = campaign_room.mark_universal_holdout(customers, config.campaigns, earlier_arms)
    return CampaignPlans(
        plans=campaign_room.plan_campaigns(campaigns, population, config.campaigns, draws, seed),
        targeting_curves=campaign_room.targeting_curves(customers, campaigns, segments),
        lists=_lists(marked, segments, campaigns, config.campaigns, earlier_arms),
        universal_holdout=marked.select("customer_id", "is_universal"),
    )


def _lists(
    marked: pl.DataFrame,
    segments: tuple[Segment, ...],
    campaigns: Sequence[Campaign],
    options: CampaignOptions,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> pl.DataFrame:
    """Return the lists of all campaigns, one after the other."""
    columns = {name: column.dtype for name, column in CAMPAIGN_LIST_SCHEMA.columns.items()}
    tables = [pl.DataFrame(schema={"campaign": pl.String, **columns})]
    for campaign in campaigns:
        request = CampaignListRequest(campaign)
        table = campaign_room.build_campaign_list(marked, segments, request, options, earlier_arms)
        tables.append(table.select(pl.lit(campaign.name).alias("campaign"), pl.all()))
    return pl.concat(tables)


def campaign_customers(
    shop: Transactions, scores: pl.DataFrame, predictor: SegmentPredictor, campaign: Campaign
) -> pl.DataFrame:
    """Return the customers with a forecast, with the columns of a campaign's rules."""
    campaigns, families = _applicable((campaign,), predictor)
    if not campaigns:
        missing = ", ".join(sorted(campaign_room.required_columns([campaign])))
        raise UsageError(
            f"The campaign {campaign.name} needs {missing}, which this shop does not have.",
            fix="choose another campaign, or give the data that it needs.",
        )
    window = predictor.score_window(shop)
    rows = build_panel(shop, predictor.segmentation, [window], families).frame
    return _with_columns(scores, rows, window)


def _known_columns(side_tables: SideTables) -> set[str]:
    return {f.name for f in features.feature_glossary(FEATURE_FAMILIES.names(), side_tables)}


def _applicable(
    campaigns: Sequence[Campaign], predictor: SegmentPredictor
) -> tuple[tuple[Campaign, ...], tuple[str, ...]]:
    """Return the campaigns whose columns the shop has, and the families of these."""
    glossary = features.feature_glossary(predictor.families, predictor.side_tables)
    found = {feature.name: feature.family for feature in glossary}
    applicable = tuple(c for c in campaigns if campaign_room.required_columns([c]) <= found.keys())
    families = {found[column] for column in campaign_room.required_columns(applicable)}
    return applicable, tuple(sorted({*BASE_FAMILIES, *families}))


def _with_columns(scores: pl.DataFrame, rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Return customers with a forecast, with the columns of rules that scores lack."""
    own = rows.filter(cutoff=window.cutoff).drop(
        [c for c in rows.columns if c in scores.columns and c != "customer_id"]
    )
    known = scores.filter("is_eligible")
    return known.join(own, on="customer_id", how="left", maintain_order="left")


def _outcomes(
    backtest: pl.DataFrame, rows: pl.DataFrame, window: Window, shop: Transactions
) -> pl.DataFrame:
    """Return the customers of the last test window, with what they did after it."""
    now, outcome = (window.cutoff - window.horizon, window.cutoff), window.outcome_end
    bought = features.clustering_inputs(shop, [now, (window.outcome_start, outcome)])
    before, after = (bought.filter(end=end) for end in (window.cutoff, outcome))
    known = _with_columns(backtest, rows, window).rename({"state_now": "code"})
    for table, name in ((before, "before"), (after, "spent")):
        money = table.select("customer_id", (pl.col("spend") / MONEY_SCALE).alias(name))
        known = known.join(money, on="customer_id", how="left", maintain_order="left")
    return known.with_columns(
        pl.col("before", "spent").fill_null(0.0),
        bought=pl.col("customer_id").is_in(after["customer_id"].implode()),
    )
