"""The expected spend of all customers with an interval from earlier backtests, and by segment."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.segment import ALL_CUSTOMERS, Segment

VALUE_COLUMNS = (
    *("base_value", "value_at_risk", "upside", "expected_value"),
    *("spent_to_date", "clv_year"),
)

TOTALS_SCHEMA = {"window": pl.String, "n": pl.Int64, "expected": pl.Float64, "actual": pl.Float64}
TOTAL_LEVEL = 0.8  # of the interval; few backtests support no more
MIN_TOTALS = 3  # backtests behind an interval; fewer say little of the spread
MAX_SPREAD = 4.0  # upper over lower end; a wider interval says no more than "any sum"


@dataclass(frozen=True, slots=True)
class ExpectedTotal:
    """Expected spend of all customers with a forecast in the next window, in currency.

    >>> ExpectedTotal(900, 1000.0, 800.0, 1200.0, 4, 0.9, 1.1).high
    1200.0
    """

    customers: int  # with a forecast
    value: float | None  # the sum; ``None`` where no customer was valued
    # 80 % interval; ``None`` with too few backtests, or where it is too wide to be of use
    low: float | None
    high: float | None
    backtests: int  # behind the interval: the tests, and windows before with enough history
    # lowest and highest actual over expected total among them
    least_realised: float | None
    most_realised: float | None


def expected_total(segments: pl.DataFrame, totals: pl.DataFrame) -> ExpectedTotal:
    """Return the expected spend of all customers, with its interval.

    * `segments`, `totals`: `value_by_segment`, and the totals of the backtests (`TOTALS_SCHEMA`).

    The interval is E · exp(± t · e): e is the root mean square of log(actual / expected) of the
    backtests, and t the quantile of Student's distribution with as many degrees of freedom as
    backtests. The expectation is not moved by them. The interval holds the seasons of the
    backtests only.

    >>> totals = pl.DataFrame({"expected": [100.0] * 4, "actual": [80.0, 125.0, 80.0, 125.0]})
    >>> segments = pl.DataFrame({"segment_id": "all", "n": 5, "expected_value": 10.0})
    >>> found = expected_total(segments, totals)
    >>> round(found.low, 2), found.value, round(found.high, 2)
    (7.1, 10.0, 14.08)
    """
    customers, value = (
        segments.filter(segment_id=ALL_CUSTOMERS).select("n", "expected_value").row(0)
    )
    known = totals.filter(pl.col("expected") > 0, pl.col("actual") > 0)
    ratios = (known["actual"] / known["expected"]).to_numpy()
    low, high = _ends(ratios)
    is_of_use = value is not None and 0 < high <= MAX_SPREAD * low
    return ExpectedTotal(
        customers,
        value,
        value * low if is_of_use else None,
        value * high if is_of_use else None,
        len(ratios),
        float(ratios.min()) if len(ratios) else None,
        float(ratios.max()) if len(ratios) else None,
    )


def _ends(ratios: FloatArray) -> tuple[float, float]:
    """Return the ends of the interval over the expected total; zeros with too few backtests."""
    from scipy import stats

    if len(ratios) < MIN_TOTALS:
        return 0.0, 0.0
    error = math.sqrt(np.mean(np.log(ratios) ** 2))
    half_width = float(stats.t.ppf((1 + TOTAL_LEVEL) / 2, len(ratios))) * error
    return math.exp(-half_width), math.exp(half_width)


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
