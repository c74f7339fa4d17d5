"""Customer value by segment."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.segment import ALL_CUSTOMERS, Segment

VALUE_COLUMNS = (
    *("base_value", "value_at_risk", "upside", "expected_value"),
    *("spent_to_date", "clv_year"),
)


def value_by_segment(scores: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return the sums of customer value by current segment.

    One row a current segment and one for ``all``: ``segment_id``, ``n`` customers with a forecast,
    and sums of `VALUE_COLUMNS` over them in currency. For fewer than five customers only their
    number is reported.

    >>> scores = pl.DataFrame({"segment_id": ["S1"] * 5, "is_eligible": [True] * 5})
    >>> scores = scores.with_columns(**dict.fromkeys(VALUE_COLUMNS, pl.lit(2.0)))
    >>> value_by_segment(scores, [Segment(1, "S1", "Core")]).select("n", "upside").row(0)
    (5, 10.0)
    """
    known = scores.filter("is_eligible")
    parts = [(s.id, known.filter(pl.col("segment_id") == s.id)) for s in segments]
    rows = [_row(name, part) for name, part in (*parts, (ALL_CUSTOMERS, known))]
    schema = {"segment_id": pl.String, "n": pl.Int64}
    return pl.DataFrame(rows, schema | dict.fromkeys(VALUE_COLUMNS, pl.Float64))


def _row(name: str, customers: pl.DataFrame) -> dict[str, object]:
    n = customers.height
    if n < MIN_CUSTOMERS_FOR_FIGURES:
        return {"segment_id": name, "n": n, **dict.fromkeys(VALUE_COLUMNS)}
    # NumPy adds in the order of rows, so the sum is the same on any number of threads.
    known = {c: customers[c].drop_nulls().to_numpy() for c in VALUE_COLUMNS}
    sums = {c: float(np.sum(amounts)) if len(amounts) else None for c, amounts in known.items()}
    return {"segment_id": name, "n": n, **sums}
