"""The list of a campaign: who is treated, who is left alone, and why they are on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.analytics.campaigns import sample_size
from segpredict.analytics.campaigns.catalogue import Campaign
from segpredict.analytics.campaigns.eligibility import eligible_customers
from segpredict.analytics.campaigns.holdout import assign_strata, draw_holdout
from segpredict.config.campaigns import CampaignOptions
from segpredict.core import schemas
from segpredict.core.segment import Segment
from segpredict.core.types import JSON

TREATMENT_ARM, UNIVERSAL_HOLDOUT_ARM, CAMPAIGN_HOLDOUT_ARM = "treat", "universal control", "control"
RECORD_FORMAT = 1
EXPERIMENT_ARMS = (TREATMENT_ARM, UNIVERSAL_HOLDOUT_ARM, CAMPAIGN_HOLDOUT_ARM)


@dataclass(frozen=True, slots=True)
class CampaignListRequest:
    """What list is wanted.

    Parameters
    ----------
    campaign
        The play.
    holdout_share
        Share of the list to be left alone; the universal share if not given. What goes
        beyond that is drawn from this list alone.
    max_customers
        The most customers on the list; those with most at stake. All if not given.
    """

    campaign: Campaign
    holdout_share: float | None = None
    max_customers: int | None = None


def build_campaign_list(
    customers: pl.DataFrame,
    segments: tuple[Segment, ...],
    request: CampaignListRequest,
    options: CampaignOptions,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> pl.DataFrame:
    """Return the list of a campaign (`contracts.CAMPAIGN_LIST_SCHEMA`).

    Parameters
    ----------
    customers
        Customers with a forecast (`eligible_customers`).
    segments
        All segments, in code order.
    request
        What list is wanted.
    options
        Universal share, and the key of the lottery.
    earlier_arms
        Arms of earlier lists, by play, then by customer.

    Returns
    -------
    polars.DataFrame
        Most at stake first. ``arm`` is ``treat``; ``universal control``, left alone
        by every campaign; or ``control``, left alone by this play.

    Notes
    -----
    The universal lot is drawn among all customers with a forecast, by segment and tenth
    of expected value, so that it is the same whatever the play. Whoever was on an
    earlier list keeps the lot: nobody who was treated becomes a control, and no
    control is treated. That leaves shares off by the few who moved to another
    stratum.
    """
    place = assign_strata(customers, "expected_value").alias("stratum")
    drawn = customers.with_columns(place)
    lots = draw_holdout(
        drawn, options.holdout_share, options.assignment_key, _universal(earlier_arms)
    )
    marked = drawn.with_columns(lots.alias("is_universal"))
    chosen = eligible_customers(marked, request.campaign.eligibility, segments)
    order = [request.campaign.stake_column, "customer_id"]
    ranked = chosen.sort(order, descending=[True, False], maintain_order=True)
    ranked = ranked.head(request.max_customers) if request.max_customers is not None else ranked
    own = _own(ranked, request, options, earlier_arms.get(request.campaign.name, {}))
    arms = (
        pl.when("is_universal")
        .then(pl.lit(UNIVERSAL_HOLDOUT_ARM))
        .when(own)
        .then(pl.lit(CAMPAIGN_HOLDOUT_ARM))
        .otherwise(pl.lit(TREATMENT_ARM))
    )
    told = ranked.with_columns(arm=arms).with_row_index("rank", offset=1)
    table = told.select(
        pl.col("rank").cast(pl.Int64),
        "customer_id",
        "arm",
        "segment_id",
        "segment",
        "next_segment",
        "stratum",
        pl.col(request.campaign.stake_column).alias("at_stake"),
        "p_down",
        "p_up",
        "p_inactive",
        "expected_value",
        "spent_to_date",
    )
    return schemas.validate_schema(table, schemas.CAMPAIGN_LIST_SCHEMA)


def _universal(before: Mapping[str, Mapping[str, str]]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for arms in before.values():
        for customer, arm in arms.items():
            found[customer] = found.get(customer, False) or arm == UNIVERSAL_HOLDOUT_ARM
    return found


def _own(
    ranked: pl.DataFrame,
    ask: CampaignListRequest,
    options: CampaignOptions,
    known: Mapping[str, str],
) -> pl.Series:
    """Return who is left alone by this play, beyond the universal lot."""
    free = ranked.filter(~pl.col("is_universal"))
    universal = ranked.height - free.height
    wanted = (ask.holdout_share or 0.0) * ranked.height - universal
    share = max(0.0, wanted / free.height) if free.height else 0.0
    place = assign_strata(free, "expected_value").alias("stratum")
    earlier = {
        c: arm == CAMPAIGN_HOLDOUT_ARM for c, arm in known.items() if arm != UNIVERSAL_HOLDOUT_ARM
    }
    lots = draw_holdout(
        free.with_columns(place), share, f"{options.assignment_key}/{ask.campaign.name}", earlier
    )
    alone = free.filter(lots)["customer_id"]
    return ranked["customer_id"].is_in(alone.implode())


def count_arms(table: pl.DataFrame) -> dict[str, int]:
    """Return how many customers stand in each arm."""
    found = dict(table.group_by("arm").len().iter_rows())
    return {arm: int(found.get(arm, 0)) for arm in EXPERIMENT_ARMS}


def add_reasons(table: pl.DataFrame, reasons: pl.DataFrame | None) -> pl.DataFrame:
    """Return a list with the reasons that speak for each forecast, as one text.

    Parameters
    ----------
    table
        `contracts.CAMPAIGN_LIST_SCHEMA`.
    reasons
        Rows of `explain.reason_texts`; ``None`` where nobody was explained.
    """
    if reasons is None:
        return table.with_columns(reasons=pl.lit(None, pl.String))
    told = (
        reasons.filter(speaks="for")
        .sort("customer_id", "rank", maintain_order=True)
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("text").str.join("; ").alias("reasons"))
    )
    return table.join(told, on="customer_id", how="left", maintain_order="left")


def campaign_record(
    request: CampaignListRequest,
    table: pl.DataFrame,
    plan: Mapping[str, Any],
    options: CampaignOptions,
    facts: Mapping[str, JSON],
) -> dict[str, JSON]:
    """Return what is written down before anybody is treated.

    Parameters
    ----------
    request
        What list was wanted.
    table
        The list.
    plan
        The play's row of `weighing.plan_campaigns`.
    options
        Level and power of the test.
    facts
        Who, when, of which run, and the day of the readout.
    """
    play, arms = request.campaign, count_arms(table)
    planned = ("base", "uplift", "per_arm", "spend", "spend_sd", "rho")
    return {
        "format": RECORD_FORMAT,
        **facts,
        "play": play.name,
        "title": play.title,
        "action": play.action,
        "kpi": play.kpi,
        "stake_of": play.stake_column,
        "customers": table.height,
        "arms": arms,
        "at_stake": round(float(table["at_stake"].fill_null(0.0).sum()), 2),
        "planned": {name: plan.get(name) for name in planned},
        "seen": _seen(play.kpi, plan, arms, options),
        "alpha": options.alpha,
        "power": options.power,
        "result": None,
    }


def _seen(
    kpi: str,
    weighed: Mapping[str, Any],
    arms: Mapping[str, int],
    options: CampaignOptions,
) -> float | None:
    """Return the smallest uplift that these arms would see; of spends, of its mean."""
    if weighed.get("base") is None:
        return None
    errors = sample_size.ErrorRates(options.alpha, options.power)
    treated = arms[TREATMENT_ARM]
    alone = arms[UNIVERSAL_HOLDOUT_ARM] + arms[CAMPAIGN_HOLDOUT_ARM]
    if kpi != "spends":
        return sample_size.minimum_detectable_share(weighed["base"], alone, treated, errors)
    found = sample_size.minimum_detectable_mean(
        weighed["spend_sd"], alone, treated, weighed["rho"], errors
    )
    return found / weighed["spend"] if found is not None and weighed["spend"] else None
