"""Bootstrap helpers: exact sums of any draw, and percentile bounds."""

import numpy as np
import numpy.typing as npt

from segpredict.classifier.evaluation.bootstrap import EXACT_INTEGER_LIMIT
from segpredict.core.arrays import FloatArray

MAX_REPEATS = 64  # times that one customer may be drawn without a sum being rounded


def round_amounts(amounts: FloatArray) -> FloatArray:
    """Return amounts rounded so finely that sums of any draw are exact.

    Multiples of 2⁻ᵏ with k as large as double precision allows; sums of them do not
    depend on order or threads.

    >>> one, other = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1])
    >>> bool(round_amounts(one).sum() == round_amounts(other).sum())
    True
    """
    total = float(np.abs(amounts).sum())
    if not total:
        return amounts
    scale = float(2.0 ** np.floor(np.log2(EXACT_INTEGER_LIMIT / (total * MAX_REPEATS))))
    return np.asarray(np.round(amounts * scale) / scale, dtype=np.float64)


def finite_percentile_bounds(spread: FloatArray) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the finite draws; NaN without any."""
    finite = spread[np.isfinite(spread)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


def safe_ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> FloatArray:
    """Return a ratio, NaN where nothing is below the line.

    >>> safe_ratio([1.0, 2.0], [4.0, 0.0]).tolist()
    [0.25, nan]
    """
    one, other = np.asarray(top, dtype=np.float64), np.asarray(bottom, np.float64)
    whole = np.full(one.shape, np.nan)
    return np.asarray(np.divide(one, other, out=whole, where=other != 0))
