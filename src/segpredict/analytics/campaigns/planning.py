"""What stands behind each play: customers, value at stake, and the test it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.campaigns import sample_size
from segpredict.analytics.campaigns.catalogue import Campaign
from segpredict.analytics.campaigns.eligibility import eligible_customers
from segpredict.classifier.evaluation.bootstrap import DRAWS_PER_CHUNK, bootstrap_weights
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.config.campaigns import CampaignOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.segment import Segment

MIN_BACKTEST_CUSTOMERS = 30  # customers of the rehearsal below which no rate is told
MAX_RESAMPLING_UNITS = 4_000  # beyond so many customers, lots of them are drawn
CENTS_PER_UNIT = 100
CAMPAIGN_PLAN_SCHEMA = {
    "play": pl.String,
    "title": pl.String,
    "action": pl.String,
    "caution": pl.String,
    "stake_of": pl.String,
    "kpi": pl.String,
    "n": pl.Int64,
    "stake": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "came_low": pl.Float64,
    "came_high": pl.Float64,
    "then": pl.String,
    "n_then": pl.Int64,
    "base": pl.Float64,
    "uplift": pl.Float64,
    "power": pl.Float64,
    "per_arm": pl.Int64,
    "seen": pl.Float64,
    "share_alone": pl.Float64,
    "seen_alone": pl.Float64,
    "windows": pl.Int64,
    "days": pl.Int64,
    "spend": pl.Float64,
    "spend_sd": pl.Float64,
    "rho": pl.Float64,
    "spend_uplift": pl.Float64,
    "spend_per_arm": pl.Int64,
    "spend_per_arm_raw": pl.Int64,
    "spend_seen": pl.Float64,
    "rank": pl.Int64,
}
DEFAULT_SPEND_UPLIFT = 0.05  # of the mean, where the play plans for something else


@dataclass(frozen=True, slots=True)
class CampaignPopulation:
    """The customers that plays are weighed on.

    Parameters
    ----------
    customers
        Customers with a forecast at the end of the data: what `eligible_customers` needs.
    backtest_customers
        The same at the last test (``as_of``), forecast by the model of that day, with
        ``code`` (segment then), ``label`` (segment after), ``bought`` (whether there
        was an order in the outcome), ``spent`` and ``before`` (spend in the outcome and
        in the window before it, in currency); ``None`` where nothing was tested.
    segments
        All segments, in code order.
    backtest_actual
        What share of such predictions came: measure, part (segment id), window,
        predicted, realised; empty where nothing was tested.
    outcome_days
        Days from the contact until the window ahead is over.
    """

    customers: pl.DataFrame
    backtest_customers: pl.DataFrame | None
    segments: tuple[Segment, ...]
    backtest_actual: pl.DataFrame
    outcome_days: int


def plan_campaigns(
    campaigns: Sequence[Campaign],
    population: CampaignPopulation,
    options: CampaignOptions,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return one row a play.

    Parameters
    ----------
    campaigns
        The playbook.
    population
        The customers.
    options
        Level, power and share left alone.
    draws, seed
        Resamples of customers behind each interval, and their start.

    Returns
    -------
    polars.DataFrame
        `CAMPAIGN_PLAN_SCHEMA`. ``n`` customers are eligible now and ``stake`` is the sum of what
        the scores say is at stake for them, in currency, with its 95 % interval over
        customers; of such sums ``came_low`` to ``came_high`` came in the tests.
        ``base`` is what was counted of the ``n_then`` who were eligible on the day
        ``then``, the last test, without any campaign that we know of. ``per_arm``
        customers in each of two equal arms see the ``uplift`` with this ``power``;
        halves of the eligible see ``seen``. With ``minimum_holdout_share`` of the eligible left
        alone the uplift is seen in one window; with the universal share,
        ``seen_alone`` is. ``windows`` and ``days`` say how long a test in equal arms
        takes if every window brings as many eligible customers. ``spend_…``: the same
        for spend, with the own spend before taken out (``_raw``: without). ``rank``
        orders those with something at stake. Of fewer than five customers nothing but
        the number is told.
    """
    rows = [_row(play, population, options, draws=draws, seed=seed) for play in campaigns]
    return _ranked(pl.DataFrame(rows, CAMPAIGN_PLAN_SCHEMA))


def _row(
    campaign: Campaign, shop: CampaignPopulation, options: CampaignOptions, *, draws: int, seed: int
) -> dict[str, object]:
    chosen = eligible_customers(shop.customers, campaign.eligibility, shop.segments)
    told = {"play": campaign.name, "stake_of": campaign.stake_column, "n": chosen.height}
    names = ("title", "action", "caution", "kpi")
    row = {**told, **{name: getattr(campaign, name) for name in names}}
    row["uplift"] = campaign.expected_uplift
    if chosen.height < MIN_CUSTOMERS_FOR_FIGURES:
        return row
    amounts = _amounts(shop.customers, chosen, campaign.stake_column)
    low, high = bootstrap_sum_interval(amounts, draws, seed)
    least, most = _came(campaign, chosen, shop)
    row |= {
        "power": options.power,
        "stake": float(amounts.sum()) / CENTS_PER_UNIT,
        "low": low,
        "high": high,
    }
    row |= {"came_low": least, "came_high": most}
    return {**row, **_design(campaign, chosen.height, shop, options)}


def _amounts(customers: pl.DataFrame, chosen: pl.DataFrame, stake: str) -> FloatArray:
    """Return what is at stake for each customer, in whole pennies; 0 for the others."""
    inside = pl.col("customer_id").is_in(chosen["customer_id"].implode())
    amount = pl.when(inside).then(pl.col(stake).fill_null(0.0)).otherwise(0.0)
    ordered = customers.sort("customer_id").select(amount.alias("stake"))
    return np.round(ordered["stake"].to_numpy() * CENTS_PER_UNIT)


def bootstrap_sum_interval(amounts: FloatArray, draws: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a sum, in currency, when customers are drawn.

    Parameters
    ----------
    amounts
        Whole pennies, one a customer of the whole shop; 0 for those not counted.
    draws, seed
        Number of draws, and their start.

    Notes
    -----
    Percentiles of a bootstrap over all customers, so that the number who are eligible
    varies, too. Of more than 4,000, random lots of customers are drawn (random groups:
    Wolter 2007). Sums of whole pennies are exact, so threads cannot change a bit.

    Examples
    --------
    >>> interval(np.array([100.0] * 50), 200, 0)
    (50.0, 50.0)
    """
    rng = np.random.default_rng(seed)
    lots = amounts
    if len(amounts) > MAX_RESAMPLING_UNITS:
        mixed = amounts[rng.permutation(len(amounts))]
        starts = np.linspace(0, len(amounts), MAX_RESAMPLING_UNITS, endpoint=False).astype(np.int64)
        lots = np.add.reduceat(mixed, starts)
    sums = [
        bootstrap_weights(rng, min(DRAWS_PER_CHUNK, draws - start), len(lots)) @ lots
        for start in range(0, draws, DRAWS_PER_CHUNK)
    ]
    low, high = np.quantile(np.concatenate(sums), [0.025, 0.975]) / CENTS_PER_UNIT
    return float(low), float(high)


def _came(
    campaign: Campaign, chosen: pl.DataFrame, shop: CampaignPopulation
) -> tuple[float | None, float | None]:
    """Return least and most of the shares that came, over the tests.

    Sums of the segments that the eligible are in, all of their customers: a play takes
    a part of them, chosen by the forecast, of which somewhat less may come.
    """
    parts = chosen["segment_id"].unique().implode()
    tests = (
        shop.backtest_actual.filter(
            (pl.col("measure") == campaign.stake_column)
            & pl.col("part").is_in(parts)
            & (pl.col("window") != POOLED_WINDOWS)
        )
        .group_by("window")
        .agg(pl.col("predicted", "realised").sum())
        .filter(pl.col("predicted") > 0)
        .sort("window")
    )
    shares = (tests["realised"] / tests["predicted"]).to_list()
    return (min(shares), max(shares)) if shares else (None, None)


def _design(
    campaign: Campaign, n: int, shop: CampaignPopulation, options: CampaignOptions
) -> Mapping[str, object]:
    if shop.backtest_customers is None:
        return {}
    past = eligible_customers(shop.backtest_customers, campaign.eligibility, shop.segments)
    day = str(shop.backtest_customers["as_of"][0]) if shop.backtest_customers.height else None
    row: dict[str, object] = {"then": day, "n_then": past.height}
    if past.height < MIN_BACKTEST_CUSTOMERS:
        return row
    errors = sample_size.ErrorRates(options.alpha, options.power)
    spend = _spend(past, n, campaign.expected_uplift if campaign.kpi == "spends" else 0.0, errors)
    main = (
        {
            "base": spend["spend"],
            "per_arm": spend["spend_per_arm"],
            "seen": spend["spend_seen"],
        }
        if campaign.kpi == "spends"
        else _shares(campaign, past, n, options.holdout_share, errors)
    )
    return {**row, **spend, **main, **_length(main["per_arm"], n, shop.outcome_days)}


def _shares(
    campaign: Campaign, past: pl.DataFrame, n: int, holdout: float, errors: sample_size.ErrorRates
) -> dict[str, object]:
    kept = {
        "buys": pl.col("bought"),
        "stays": pl.col("label") >= pl.col("code"),
        "rises": pl.col("label") > pl.col("code"),
    }
    base = float(past.select(kept[campaign.kpi].sum()).item()) / past.height
    alone = round(n * holdout)
    return {
        "base": base,
        "per_arm": sample_size.sample_size_for_share(base, campaign.expected_uplift, errors),
        "seen": sample_size.minimum_detectable_share(base, n // 2, n // 2, errors),
        "share_alone": sample_size.minimum_holdout_share(base, campaign.expected_uplift, n, errors),
        "seen_alone": sample_size.minimum_detectable_share(base, alone, n - alone, errors),
    }


def _spend(
    past: pl.DataFrame, n: int, uplift: float, errors: sample_size.ErrorRates
) -> dict[str, object]:
    """Return what a test of spend needs; the effect is a share of the mean."""
    ordered = past.sort("customer_id")
    after, before = ordered["spent"].to_numpy(), ordered["before"].to_numpy()
    mean, sd = float(after.mean()), float(after.std(ddof=1))
    wanted = uplift or DEFAULT_SPEND_UPLIFT
    varies = sd > 0 and float(before.std()) > 0
    rho = float(np.corrcoef(before, after)[0, 1]) if varies else 0.0
    effect = wanted * mean
    seen = sample_size.minimum_detectable_mean(sd, n // 2, n // 2, rho, errors)
    return {
        "spend": mean,
        "spend_sd": sd,
        "rho": rho,
        "spend_uplift": wanted,
        "spend_per_arm": sample_size.sample_size_for_mean(sd, effect, rho, errors),
        "spend_per_arm_raw": sample_size.sample_size_for_mean(sd, effect, 0.0, errors),
        "spend_seen": seen / mean if seen is not None and mean > 0 else None,
    }


def _length(per_arm: object, n: int, days: int) -> dict[str, object]:
    if not isinstance(per_arm, int):
        return {}
    windows = -(-2 * per_arm // n)
    return {"windows": windows, "days": windows * days}


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with the plays in order of what is at stake and likely to come.

    What is at stake, times the least share of such sums that came in a test.
    """
    proven = pl.col("stake") * pl.col("came_low").fill_null(1.0).clip(upper_bound=1.0)
    order = (
        table.filter((pl.col("stake") > 0) & (pl.col("stake_of") != "expected_value"))
        .select("play", proven=proven)
        .sort("proven", descending=True, maintain_order=True)
        .with_row_index("rank", offset=1)
        .select("play", pl.col("rank").cast(pl.Int64))
    )
    return (
        table.drop("rank")
        .join(order, on="play", how="left", maintain_order="left")
        .select(*CAMPAIGN_PLAN_SCHEMA)
    )
