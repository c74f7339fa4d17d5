"""Add up by segment what its customers are worth, and where two methods differ."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.analytics.customer_value.value_model import CLV_COLUMNS
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.segment import Segment

DISAGREEMENT_RATIO = 2.0
ALL_SEGMENTS = "all"
VALUE_COLUMNS = ("value_at_risk", "upside", "expected_value", "spent_to_date", *CLV_COLUMNS)


def value_by_segment(scores: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return what the customers of each segment are worth together.

    Parameters
    ----------
    scores
        `contracts.SCORES_SCHEMA`.
    segments
        All segments, in code order.

    Returns
    -------
    polars.DataFrame
        One row a current segment and one for ``all``: ``segment_id``, ``n`` customers
        with a forecast, sums of `VALUE_COLUMNS` over them in currency, and ``apart``: share of
        customers whose two values of a year differ more than twofold. Of fewer than
        five customers nothing but the number is told.
    """
    known = scores.filter("is_eligible")
    parts = [(s.id, known.filter(pl.col("segment_id") == s.id)) for s in segments]
    rows = [_row(name, part) for name, part in (*parts, (ALL_SEGMENTS, known))]
    schema = {"segment_id": pl.String, "n": pl.Int64}
    return pl.DataFrame(rows, schema | dict.fromkeys((*VALUE_COLUMNS, "apart"), pl.Float64))


def _row(name: str, customers: pl.DataFrame) -> dict[str, object]:
    n = customers.height
    if n < MIN_CUSTOMERS_FOR_FIGURES:
        return {"segment_id": name, "n": n, **dict.fromkeys((*VALUE_COLUMNS, "apart"))}
    # NumPy adds in the order of rows, so the sum is the same on any number of threads.
    sums = {c: _sum(customers[c]) for c in VALUE_COLUMNS}
    return {"segment_id": name, "n": n, **sums, "apart": _apart(customers)}


def _sum(amounts: pl.Series) -> float | None:
    told = amounts.drop_nulls().to_numpy()
    return float(np.sum(told)) if len(told) else None


def _apart(customers: pl.DataFrame) -> float | None:
    both = customers.select("clv_year_markov", "clv_year_bgnbd").drop_nulls()
    if both.is_empty():
        return None
    low, high = np.sort(both.to_numpy(), axis=1).T
    return float((high > DISAGREEMENT_RATIO * low).mean())
