"""Customer value by segment, and the share of customers on whom two methods differ."""

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
    """Return the sums of customer value by current segment.

    Parameters
    ----------
    scores, segments
        `schemas.SCORES_SCHEMA`, and all segments in code order.

    Returns
    -------
    polars.DataFrame
        One row a current segment and one for ``all``: ``segment_id``, ``n`` customers
        with a forecast, sums of `VALUE_COLUMNS` over them in currency, and ``apart``: share of
        customers whose two values of a year differ more than twofold. For fewer than
        five customers only their number is reported.

    Examples
    --------
    >>> scores = pl.DataFrame({"segment_id": ["S1"] * 5, "is_eligible": [True] * 5})
    >>> scores = scores.with_columns(**dict.fromkeys(VALUE_COLUMNS, pl.lit(2.0)))
    >>> value_by_segment(scores, [Segment(1, "S1", "Core")]).select("n", "upside").row(0)
    (5, 10.0)
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
    known = {c: customers[c].drop_nulls().to_numpy() for c in VALUE_COLUMNS}
    sums = {c: float(np.sum(amounts)) if len(amounts) else None for c, amounts in known.items()}
    both = customers.select("clv_year_markov", "clv_year_bgnbd").drop_nulls()
    low, high = np.sort(both.to_numpy(), axis=1).T
    apart = float((high > DISAGREEMENT_RATIO * low).mean()) if both.height else None
    return {"segment_id": name, "n": n, **sums, "apart": apart}
