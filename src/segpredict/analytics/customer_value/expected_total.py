"""The expected spend of all customers together, with an interval from earlier backtests."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from segpredict.core.arrays import FloatArray
from segpredict.core.segment import ALL_CUSTOMERS

TOTALS_SCHEMA = {
    "window": pl.String,
    "n": pl.Int64,
    "expected": pl.Float64,
    "actual": pl.Float64,
}
TOTAL_LEVEL = 0.8  # of the interval; few backtests support no more
MIN_TOTALS = 3  # backtests behind an interval; fewer say little of the spread
MAX_SPREAD = 4.0  # upper over lower end; a wider interval says no more than "any sum"


@dataclass(frozen=True, slots=True)
class ExpectedTotal:
    """Expected spend of all customers with a forecast in the next window, in currency."""

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

    Parameters
    ----------
    segments, totals
        `value_by_segment`, and the totals of the backtests (`TOTALS_SCHEMA`).

    Notes
    -----
    The interval is E · exp(± t · e): e is the root mean square of log(actual / expected) of the
    backtests, and t the quantile of Student's distribution with as many degrees of freedom as
    backtests. The expectation is not moved by them. The interval holds the seasons of the
    backtests only.

    Examples
    --------
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
    if len(ratios) < MIN_TOTALS:
        return 0.0, 0.0
    error = math.sqrt(np.mean(np.log(ratios) ** 2))
    half_width = float(stats.t.ppf((1 + TOTAL_LEVEL) / 2, len(ratios))) * error
    return math.exp(-half_width), math.exp(half_width)
