"""Targeting curves: share of the value at stake held by the first n customers."""

from collections.abc import Sequence
from math import ceil

import numpy as np
import polars as pl

from segpredict.analytics.campaigns.catalogue import Campaign
from segpredict.analytics.campaigns.eligibility import eligible_customers
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
