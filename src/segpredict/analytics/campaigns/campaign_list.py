"""The list of a campaign: treatment, control group, and the reasons.

Assignment to the control group is random, and reproducible from key and customer id.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.campaigns import sample_size
from segpredict.analytics.campaigns.catalogue import Campaign, eligible_customers
from segpredict.config.outputs import CampaignOptions
from segpredict.core import schemas
from segpredict.core.segment import Segment
from segpredict.core.types import JSON

DECILES = 10

EXPERIMENT_ARMS = ("treatment", "universal holdout", "campaign holdout")
TREATMENT_ARM, UNIVERSAL_HOLDOUT_ARM, CAMPAIGN_HOLDOUT_ARM = EXPERIMENT_ARMS
RECORD_FORMAT = 1


@dataclass(frozen=True, slots=True)
class CampaignListRequest:
    """The requested list.

    >>> CampaignListRequest(Campaign("call"), max_customers=100).holdout_share is None
    True
    """

    campaign: Campaign
    # share of the list to hold out; the universal share if not given. What exceeds the universal
    # holdout is drawn from this list alone.
    holdout_share: float | None = None
    # maximum length of the list; those with most at stake. All if not given.
    max_customers: int | None = None
    by_segment: bool = False  # whether the readout is planned by segment, too


def build_campaign_list(
    customers: pl.DataFrame,
    segments: tuple[Segment, ...],
    request: CampaignListRequest,
    options: CampaignOptions,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> pl.DataFrame:
    """Return the list of a campaign (`schemas.CAMPAIGN_LIST_SCHEMA`), most at stake first.

    * `customers`, `segments`: customers with a forecast, as `mark_universal_holdout` returns them;
      all segments, in code order.
    * `request`, `options`: the requested list; universal holdout share, and the key of the random
      assignment.
    * `earlier_arms`: arms of earlier lists, by campaign, then by customer.

    ``arm`` is ``treatment``; ``universal holdout``, contacted by no campaign; or ``campaign
    holdout``, not contacted by this campaign. The universal holdout is drawn from all customers
    with a forecast, by segment and decile of expected value, so it is the same for every campaign.
    Customers of an earlier list keep their arm: nobody who was treated becomes a control, and no
    control is treated. That leaves shares off by the few who moved to another stratum.
    """
    campaign = request.campaign
    eligible = eligible_customers(customers, campaign.eligibility, segments)
    order = [campaign.stake_column, "customer_id"]
    ranked = eligible.sort(order, descending=[True, False], maintain_order=True)
    ranked = ranked.head(request.max_customers) if request.max_customers is not None else ranked
    known = earlier_arms.get(campaign.name, {})
    arm_of = (
        pl.when("is_universal")
        .then(pl.lit(UNIVERSAL_HOLDOUT_ARM))
        .when(_campaign_holdout(ranked, request, options, known))
        .then(pl.lit(CAMPAIGN_HOLDOUT_ARM))
        .otherwise(pl.lit(TREATMENT_ARM))
    )
    table = ranked.with_row_index("rank", offset=1).select(
        pl.col("rank").cast(pl.Int64),
        "customer_id",
        arm_of.alias("arm"),
        *("segment_id", "segment", "next_segment", "stratum"),
        pl.col(campaign.stake_column).alias("value_at_stake"),
        *("p_down", "p_up", "p_inactive", "expected_value", "spent_to_date"),
    )
    return schemas.validate_schema(table, schemas.CAMPAIGN_LIST_SCHEMA)


def mark_universal_holdout(
    customers: pl.DataFrame, options: CampaignOptions, earlier_arms: Mapping[str, Mapping[str, str]]
) -> pl.DataFrame:
    """Return all customers with ``stratum``, and ``is_universal``: contacted by no campaign.

    >>> rows = {"customer_id": ["a", "b"], "segment_id": ["S1", "S2"], "expected_value": [9.0, 1.0]}
    >>> mark_universal_holdout(pl.DataFrame(rows), CampaignOptions(), {}).columns[3:]
    ['stratum', 'is_universal']
    """
    drawn = customers.with_columns(assign_strata(customers, "expected_value").alias("stratum"))
    known: dict[str, bool] = {}
    for arms in earlier_arms.values():
        for customer, arm in arms.items():
            known[customer] = known.get(customer, False) or arm == UNIVERSAL_HOLDOUT_ARM
    held = draw_holdout(drawn, options.holdout_share, options.assignment_key, known)
    return drawn.with_columns(held.alias("is_universal"))


def newly_held(marked: pl.DataFrame, earlier_arms: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Return ``customer_id`` of who is in the universal holdout and was not before.

    * `marked`: what `mark_universal_holdout` returns.
    """
    known = {
        customer
        for arms in earlier_arms.values()
        for customer, arm in arms.items()
        if arm == UNIVERSAL_HOLDOUT_ARM
    }
    held = marked.filter("is_universal").select("customer_id").sort("customer_id")
    return held.filter(~pl.col("customer_id").is_in(list(known)))


def assigned_customers(table: pl.DataFrame) -> pl.DataFrame:
    """Return what is recorded of each customer of a list: the arm, and the forecasts of the day.

    >>> row = {"customer_id": ["a"], "arm": ["treatment"], "p_inactive": [0.25]}
    >>> row |= {"segment_id": ["S1"], "segment": ["Core"], "stratum": ["S1/0"]}
    >>> row |= {"expected_value": [9.0], "value_at_stake": [1.0]}
    >>> assigned_customers(pl.DataFrame(row))["p_purchase"].to_list()
    [0.75]
    """
    return table.select(
        *("customer_id", "arm", "segment_id", "segment", "stratum"),
        *("expected_value", "value_at_stake"),
        p_purchase=1 - pl.col("p_inactive"),
    )


def _campaign_holdout(
    ranked: pl.DataFrame,
    request: CampaignListRequest,
    options: CampaignOptions,
    known: Mapping[str, str],
) -> pl.Series:
    """Return the control group of this campaign beyond the universal holdout."""
    free = ranked.filter(~pl.col("is_universal"))
    universal = ranked.height - free.height
    n_wanted = (request.holdout_share or 0.0) * ranked.height - universal
    share = max(0.0, n_wanted / free.height) if free.height else 0.0
    drawn = free.with_columns(assign_strata(free, "expected_value").alias("stratum"))
    earlier = {
        c: arm == CAMPAIGN_HOLDOUT_ARM for c, arm in known.items() if arm != UNIVERSAL_HOLDOUT_ARM
    }
    key = f"{options.assignment_key}/{request.campaign.name}"
    controls = free.filter(draw_holdout(drawn, share, key, earlier))["customer_id"]
    return ranked["customer_id"].is_in(controls.implode())


def count_arms(table: pl.DataFrame) -> dict[str, int]:
    """Return the number of customers in each arm.

    >>> count_arms(pl.DataFrame({"arm": ["treatment", "treatment", "campaign holdout"]}))
    {'treatment': 2, 'universal holdout': 0, 'campaign holdout': 1}
    """
    found = dict(table.group_by("arm").len().iter_rows())
    return {arm: int(found.get(arm, 0)) for arm in EXPERIMENT_ARMS}


def add_reasons(
    table: pl.DataFrame,
    reasons: pl.DataFrame | None,
    name: str = "reasons",
    max_reasons: int | None = None,
) -> pl.DataFrame:
    """Return the list with the reasons for each forecast as one text, strongest first.

    `reasons` are rows of `explain.reason_texts`, if there are any; `name` is the new column.

    >>> found = {"customer_id": ["a"] * 2, "rank": [2, 1], "text": ["B", "A"]}
    >>> reasons = pl.DataFrame({**found, "direction": "for"})
    >>> add_reasons(pl.DataFrame({"customer_id": ["a"]}), reasons)["reasons"].to_list()
    ['A; B']
    """
    if reasons is None:
        return table.with_columns(pl.lit(None, pl.String).alias(name))
    listed = (
        reasons.filter(direction="for")
        .sort("customer_id", "rank", maintain_order=True)
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("text").head(max_reasons or pl.len()).str.join("; ").alias(name))
    )
    return table.join(listed, on="customer_id", how="left", maintain_order="left")


def campaign_record(
    request: CampaignListRequest,
    table: pl.DataFrame,
    plan: Mapping[str, Any],
    options: CampaignOptions,
    facts: Mapping[str, JSON],
) -> dict[str, JSON]:
    """Return the record that is logged before any customer is treated.

    `plan` is the campaign's row of `plan_campaigns`; `facts` are author, date, run, and the day of
    the readout.
    """
    campaign, arms = request.campaign, count_arms(table)
    described = ("title", "action", "kpi", "stake_column")
    planned = ("base_rate", "uplift", "per_arm", "spend", "spend_sd", "spend_correlation")
    return {
        "format": RECORD_FORMAT,
        **facts,
        "campaign": campaign.name,
        **{name: getattr(campaign, name) for name in described},
        "customers": table.height,
        "arms": arms,
        "value_at_stake": round(float(table["value_at_stake"].fill_null(0.0).sum()), 2),
        "planned": {name: plan.get(name) for name in planned},
        "detectable_uplift": _detectable_uplift(campaign.kpi, plan, arms, options),
        "alpha": options.alpha,
        "power": options.power,
        "by_segment": request.by_segment,
        "forecasts": True,  # of the assigned customers, in the table beside the record
        "result": None,
    }


def _detectable_uplift(
    kpi: str, weighed: Mapping[str, Any], arms: Mapping[str, int], options: CampaignOptions
) -> float | None:
    """Return the smallest uplift these arms can detect; for spend, as a share of its mean."""
    if weighed.get("base_rate") is None:
        return None
    errors = sample_size.ErrorRates(options.alpha, options.power)
    treated = arms[TREATMENT_ARM]
    n_control = arms[UNIVERSAL_HOLDOUT_ARM] + arms[CAMPAIGN_HOLDOUT_ARM]
    if kpi != "spends":
        base = weighed["base_rate"]
        return sample_size.minimum_detectable_share(base, n_control, treated, errors)
    sd, rho = weighed["spend_sd"], weighed["spend_correlation"]
    found = sample_size.minimum_detectable_mean(sd, n_control, treated, rho, errors)
    return found / weighed["spend"] if found is not None and weighed["spend"] else None


def hash_to_uniform(key: str, customer_id: str) -> float:
    """Return a customer's pseudo-random number, uniform on [0, 1).

    A keyed BLAKE2b hash: without the key nobody can know from an id who will be in the control
    group, and nobody can choose an id to get there.

    >>> hash_to_uniform("a", "17850") != hash_to_uniform("b", "17850")
    True
    """
    digest = hashlib.blake2b(customer_id.encode(), digest_size=8, key=_secret(key)).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


@lru_cache(maxsize=8)
def _secret(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=32).digest()


def assign_strata(customers: pl.DataFrame, by: str) -> pl.Series:
    """Return the stratum of each customer: segment, and decile of a column.

    `customers`: ``customer_id``, ``segment_id`` and the column `by`.

    >>> rows = {"customer_id": ["a", "b"], "segment_id": ["S1", "S1"], "spend": [5.0, 1.0]}
    >>> assign_strata(pl.DataFrame(rows), "spend").to_list()
    ['S1/5', 'S1/0']
    """
    numbered = customers.select("customer_id", "segment_id", by).with_row_index("row")
    ordered = numbered.sort("segment_id", by, "customer_id", maintain_order=True)
    position = pl.int_range(pl.len()).over("segment_id")
    decile = (position * DECILES // pl.len().over("segment_id")).cast(pl.String)
    named = ordered.with_columns(stratum=pl.col("segment_id") + "/" + decile)
    return named.sort("row")["stratum"]


def draw_holdout(
    customers: pl.DataFrame,
    holdout_share: float,
    key: str,
    earlier_arms: Mapping[str, bool] | None = None,
) -> pl.Series:
    """Return who is in the control group, one value per row.

    `customers`: ``customer_id`` and ``stratum``.

    Booleans, in the order of the rows. Without earlier assignments every stratum differs from its
    share by less than one customer; the rounding is random, so that small strata get no more and no
    fewer on average.

    Within a stratum those with the lowest numbers are taken. Numbers depend on key and id alone, so
    the assignment does not depend on the order of rows or on other strata.

    >>> rows = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "stratum": ["S1/0"] * 4})
    >>> draw_holdout(rows, 0.5, "secret").sum()
    2
    """
    ids, earlier = customers["customer_id"], earlier_arms or {}
    drawn = customers.select("customer_id", "stratum").with_columns(
        pl.Series("number", [hash_to_uniform(key, name) for name in ids], pl.Float64),
        pl.Series("before", [earlier.get(name) for name in ids], pl.Boolean),
    )
    rows = drawn.with_row_index("row").sort("stratum", "number", "customer_id")
    chosen = np.zeros(customers.height, dtype=bool)
    for (stratum,), part in rows.group_by("stratum", maintain_order=True):
        kept = part.filter(part["before"].fill_null(value=False))["row"]
        rounding = hash_to_uniform(key, f"round {stratum}")
        n_new = max(0, int(np.floor(holdout_share * part.height + rounding)) - len(kept))
        new = part.filter(part["before"].is_null())["row"].head(n_new)
        chosen[kept.to_numpy()] = True
        chosen[new.to_numpy()] = True
    return pl.Series("is_alone", chosen)
