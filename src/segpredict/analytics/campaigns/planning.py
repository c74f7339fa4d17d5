"""Plan each campaign: eligible customers, value at stake, and the test it needs.

With targeting curves: the share of the value at stake held by the first n customers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
import polars as pl

from segpredict.analytics.campaigns import sample_size
from segpredict.analytics.campaigns.catalogue import Campaign, eligible_customers
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.config.outputs import CampaignOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.segment import Segment

LIST_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SEGMENT_SCOPE, CAMPAIGN_SCOPE = "segment", "campaign"
STAKE_COLUMNS = ("value_at_risk", "upside")
TARGETING_CURVES_SCHEMA = {
    **dict.fromkeys(("scope", "name", "stake_column"), pl.String),
    "size": pl.Int64,
    "n": pl.Int64,
    "value": pl.Float64,
    "share": pl.Float64,
}

MIN_BACKTEST_CUSTOMERS = 30  # backtest customers below which no rate is reported
CENTS_PER_UNIT = 100
CAMPAIGN_PLAN_SCHEMA = {
    **dict.fromkeys(("campaign", "title", "action", "caution", "stake_column", "kpi"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("value_at_stake", "low", "high", "backtest_low", "backtest_high"), pl.Float64),
    "backtest_date": pl.String,
    "n_backtest": pl.Int64,
    **dict.fromkeys(("base_rate", "uplift", "power"), pl.Float64),
    "per_arm": pl.Int64,
    **dict.fromkeys(
        ("detectable_uplift", "holdout_share", "detectable_uplift_holdout"), pl.Float64
    ),
    "windows": pl.Int64,
    "days": pl.Int64,
    **dict.fromkeys(("spend", "spend_sd", "spend_correlation", "spend_uplift"), pl.Float64),
    "spend_per_arm": pl.Int64,
    "spend_per_arm_unadjusted": pl.Int64,
    "spend_detectable_uplift": pl.Float64,
    "rank": pl.Int64,
}
DEFAULT_SPEND_UPLIFT = 0.05  # of the mean, where the campaign plans for another KPI


@dataclass(frozen=True, slots=True)
class CampaignPopulation:
    """The customers that campaigns are planned on."""

    # customers with a forecast at the end of the data: what `eligible_customers` needs
    customers: pl.DataFrame
    # the same on the day of the last backtest (``as_of``), forecast by the model of that day, with
    # ``code`` (segment then), ``label`` (segment after), ``bought`` (whether there was an order in
    # the outcome), ``spent`` and ``before`` (spend in the outcome and in the window before it, in
    # currency); ``None`` without a backtest
    backtest_customers: pl.DataFrame | None
    segments: tuple[Segment, ...]  # all segments, in code order
    # predicted and actual sums of the backtests: measure, part (segment id), window, predicted,
    # actual; empty without a backtest
    backtest_actual: pl.DataFrame
    outcome_days: int  # days from the contact to the end of the next window


def plan_campaigns(
    campaigns: Sequence[Campaign],
    population: CampaignPopulation,
    options: CampaignOptions,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return one row per campaign.

    * `campaigns`, `population`, `options`: the campaigns and the customers; level, power and
      holdout share.
    * `draws`, `seed`: resamples of customers behind each interval, and their start.

    Returned is `CAMPAIGN_PLAN_SCHEMA`. ``n`` customers are eligible now and ``value_at_stake`` is
    the sum of what the scores say is at stake for them, in currency, with its 95 % interval over
    customers; in the backtests ``backtest_low`` to ``backtest_high`` of such sums were realised.
    ``base_rate`` is the outcome of the ``n_backtest`` customers who were eligible on
    ``backtest_date``, the last backtest, without any known campaign. ``per_arm`` customers in each
    of two equal arms detect the ``uplift`` with this ``power``; halves of the eligible customers
    detect ``detectable_uplift``. With a control group of ``holdout_share`` the uplift is detectable
    in one window; with the universal share, ``detectable_uplift_holdout`` is. ``windows`` and
    ``days`` say how long a test in equal arms takes if every window brings as many eligible
    customers. ``spend_…``: the same for spend, adjusted for earlier spend (``_unadjusted``:
    without). ``rank`` orders those with something at stake. For fewer than five customers only
    their number is reported.
    """
    rows = [_row(campaign, population, options, draws=draws, seed=seed) for campaign in campaigns]
    return _ranked(pl.DataFrame(rows, CAMPAIGN_PLAN_SCHEMA))


def _row(
    campaign: Campaign,
    population: CampaignPopulation,
    options: CampaignOptions,
    *,
    draws: int,
    seed: int,
) -> dict[str, object]:
    chosen = eligible_customers(population.customers, campaign.eligibility, population.segments)
    names = ("title", "action", "caution", "stake_column", "kpi")
    row = {"campaign": campaign.name, **{name: getattr(campaign, name) for name in names}}
    row |= {"n": chosen.height, "uplift": campaign.expected_uplift}
    if chosen.height < MIN_CUSTOMERS_FOR_FIGURES:
        return row
    amounts = _amounts(population.customers, chosen, campaign.stake_column)
    low, high = bootstrap_sum_interval(amounts, draws, seed)
    least, most = _actual_share_range(campaign, chosen, population)
    row |= {"power": options.power, "value_at_stake": float(amounts.sum()) / CENTS_PER_UNIT}
    row |= {"low": low, "high": high, "backtest_low": least, "backtest_high": most}
    return {**row, **_design(campaign, chosen.height, population, options)}


def _amounts(customers: pl.DataFrame, chosen: pl.DataFrame, stake: str) -> FloatArray:
    """Return what is at stake for each customer, in whole pennies; 0 for the others."""
    inside = pl.col("customer_id").is_in(chosen["customer_id"].implode())
    amount = pl.when(inside).then(pl.col(stake).fill_null(0.0)).otherwise(0.0)
    ordered = customers.sort("customer_id").select(amount.alias("value_at_stake"))
    return np.round(ordered["value_at_stake"].to_numpy() * CENTS_PER_UNIT)


def bootstrap_sum_interval(amounts: FloatArray, draws: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a sum, in currency, when all customers are drawn.

    Of more than 4,000, random groups of customers are drawn (random groups: Wolter 2007).

    >>> bootstrap_sum_interval(np.array([100.0] * 50), 200, 0)
    (50.0, 50.0)
    """
    rng = np.random.default_rng(seed)
    units = amounts
    if len(amounts) > bootstrap.MAX_RESAMPLING_UNITS:
        mixed = amounts[rng.permutation(len(amounts))]
        starts = np.linspace(
            0, len(amounts), bootstrap.MAX_RESAMPLING_UNITS, endpoint=False
        ).astype(np.int64)
        units = np.add.reduceat(mixed, starts)
    sums = [weights @ units for weights in bootstrap.draw_weights(rng, draws, len(units))]
    low, high = bootstrap.percentile_interval(np.concatenate(sums))
    return low / CENTS_PER_UNIT, high / CENTS_PER_UNIT


def _actual_share_range(
    campaign: Campaign, chosen: pl.DataFrame, population: CampaignPopulation
) -> tuple[float | None, float | None]:
    """Return the least and the largest realised share over the backtests, of the same segments."""
    parts = chosen["segment_id"].unique().implode()
    tests = (
        population.backtest_actual.filter(
            (pl.col("measure") == campaign.stake_column)
            & pl.col("part").is_in(parts)
            & (pl.col("window") != POOLED_WINDOWS)
        )
        .group_by("window")
        .agg(pl.col("predicted", "actual").sum())
        .filter(pl.col("predicted") > 0)
        .sort("window")
    )
    shares = (tests["actual"] / tests["predicted"]).to_list()
    return (min(shares), max(shares)) if shares else (None, None)


def _design(
    campaign: Campaign, n: int, population: CampaignPopulation, options: CampaignOptions
) -> Mapping[str, object]:
    everyone = population.backtest_customers
    if everyone is None:
        return {}
    backtest = eligible_customers(everyone, campaign.eligibility, population.segments)
    day = str(everyone["as_of"][0]) if everyone.height else None
    row: dict[str, object] = {"backtest_date": day, "n_backtest": backtest.height}
    if backtest.height < MIN_BACKTEST_CUSTOMERS:
        return row
    errors = sample_size.ErrorRates(options.alpha, options.power)
    is_spend = campaign.kpi == "spends"
    spend = _spend(backtest, n, campaign.expected_uplift if is_spend else 0.0, errors)
    if is_spend:
        same = {"base_rate": "spend", "per_arm": "spend_per_arm"}
        same["detectable_uplift"] = "spend_detectable_uplift"
        main = {name: spend[source] for name, source in same.items()}
    else:
        main = _shares(campaign, backtest, n, options.holdout_share, errors)
    row |= {**spend, **main}
    per_arm = main["per_arm"]
    if isinstance(per_arm, int):
        windows = -(-2 * per_arm // n)
        row |= {"windows": windows, "days": windows * population.outcome_days}
    return row


def _shares(
    campaign: Campaign,
    backtest: pl.DataFrame,
    n: int,
    holdout: float,
    errors: sample_size.ErrorRates,
) -> dict[str, object]:
    outcomes = {
        "buys": pl.col("bought"),
        "stays": pl.col("label") >= pl.col("code"),
        "rises": pl.col("label") > pl.col("code"),
    }
    base = float(backtest.select(outcomes[campaign.kpi].sum()).item()) / backtest.height
    uplift, n_control = campaign.expected_uplift, round(n * holdout)
    detectable = partial(sample_size.minimum_detectable_share, base, errors=errors)
    return {
        "base_rate": base,
        "per_arm": sample_size.sample_size_for_share(base, uplift, errors),
        "detectable_uplift": detectable(n // 2, n // 2),
        "holdout_share": sample_size.minimum_holdout_share(base, uplift, n, errors),
        "detectable_uplift_holdout": detectable(n_control, n - n_control),
    }


def _spend(
    backtest: pl.DataFrame, n: int, uplift: float, errors: sample_size.ErrorRates
) -> dict[str, object]:
    """Return the design of a test of spend; the effect is a share of the mean."""
    ordered = backtest.sort("customer_id")
    after, before = ordered["spent"].to_numpy(), ordered["before"].to_numpy()
    mean, sd = float(after.mean()), float(after.std(ddof=1))
    wanted = uplift or DEFAULT_SPEND_UPLIFT
    varies = sd > 0 and float(before.std()) > 0
    rho = float(np.corrcoef(before, after)[0, 1]) if varies else 0.0
    effect = wanted * mean
    detectable = sample_size.minimum_detectable_mean(sd, n // 2, n // 2, rho, errors)
    share = detectable / mean if detectable is not None and mean > 0 else None
    return {
        "spend": mean,
        "spend_sd": sd,
        "spend_correlation": rho,
        "spend_uplift": wanted,
        "spend_per_arm": sample_size.sample_size_for_mean(sd, effect, rho, errors),
        "spend_per_arm_unadjusted": sample_size.sample_size_for_mean(sd, effect, 0.0, errors),
        "spend_detectable_uplift": share,
    }


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table ranked by value at stake times the least share realised in a backtest."""
    proven = pl.col("value_at_stake") * pl.col("backtest_low").fill_null(1.0).clip(upper_bound=1.0)
    order = (
        table.filter((pl.col("value_at_stake") > 0) & (pl.col("stake_column") != "expected_value"))
        .select("campaign", proven=proven)
        .sort("proven", descending=True, maintain_order=True)
        .with_row_index("rank", offset=1)
        .select("campaign", pl.col("rank").cast(pl.Int64))
    )
    return (
        table.drop("rank")
        .join(order, on="campaign", how="left", maintain_order="left")
        .select(*CAMPAIGN_PLAN_SCHEMA)
    )


def targeting_curves(
    customers: pl.DataFrame, campaigns: Sequence[Campaign], segments: Sequence[Segment]
) -> pl.DataFrame:
    """Return value at stake by length of the list, for each campaign and each segment.

    `TARGETING_CURVES_SCHEMA`: of the ``size`` customers in question the first ``n``, those with
    most at stake, hold ``value`` in currency, which is ``share`` of the whole. Lists of fewer than
    five are not reported, nor is the value of fewer than five customers.

    >>> amounts = {"value_at_risk": [10.0] * 5 + [0.0] * 5, "upside": [0.0] * 10}
    >>> rows = pl.DataFrame({"segment_id": ["S1"] * 10, **amounts})
    >>> targeting_curves(rows, [], [Segment(1, "S1", "Core")]).select("n", "share").row(0)
    (5, 1.0)
    """
    rows: list[tuple[object, ...]] = []
    for campaign in campaigns:
        eligible = eligible_customers(customers, campaign.eligibility, segments)
        rows += _curve(CAMPAIGN_SCOPE, campaign.name, campaign.stake_column, eligible)
    for segment in segments:
        members = customers.filter(segment_id=segment.id)
        for stake in STAKE_COLUMNS:
            rows += _curve(SEGMENT_SCOPE, segment.id, stake, members)
    return pl.DataFrame(rows, TARGETING_CURVES_SCHEMA, orient="row")


def _curve(scope: str, name: str, stake: str, part: pl.DataFrame) -> list[tuple[object, ...]]:
    # Whole pennies add up alike in any order.
    amounts = np.round(part[stake].fill_null(0.0).to_numpy() * 100)
    held = np.cumsum(-np.sort(-amounts))
    size = len(held)
    if size < MIN_CUSTOMERS_FOR_FIGURES or held[-1] <= 0:
        return []
    lengths = sorted({max(MIN_CUSTOMERS_FOR_FIGURES, ceil(size * share)) for share in LIST_SHARES})
    return [
        (scope, name, stake, size, n, held[n - 1] / 100, held[n - 1] / held[-1]) for n in lengths
    ]
