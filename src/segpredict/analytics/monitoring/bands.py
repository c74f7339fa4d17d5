"""The band in which a figure of the next date should lie, by the backtests of the run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy import stats

MIN_TESTS = 2  # backtests from which a spread is known


@dataclass(frozen=True, slots=True)
class FigureBand:
    """A band for a figure of later dates."""

    expected: float  # the mean over the backtests
    tests: int  # backtests behind it
    # ends; ``None`` where there are too few backtests to tell
    low: float | None = None
    high: float | None = None

    def is_worse(self, value: float, direction: int) -> bool:
        """Return whether a value lies beyond a bad end; 1: high is bad, -1: low is, 0: both.

        >>> FigureBand(0.5, 3, 0.4, 0.6).is_worse(0.7, 1)
        True
        """
        if self.low is None or self.high is None:
            return False
        is_high, is_low = value > self.high and direction >= 0, value < self.low and direction <= 0
        return is_high or is_low


def figure_band(
    values: Sequence[float], error: float = 0.0, looks: int = 1, alpha: float = 0.05
) -> FigureBand:
    """Return the prediction interval for the next values of a figure.

    Mean ± t(1 − α/2m; k − 1) · s · √(1 + 1/k) over k backtests: it holds m later values together
    with probability 1 − α where windows vary as the backtests did (Student's prediction interval,
    with Bonferroni's correction). `s` is no smaller than the sampling error of one value.

    * `values`, `error`: of the figure in the backtests; standard error of one value, by customers.
    * `looks`: how many later dates with disjoint outcomes are compared.

    >>> band = figure_band([0.80, 0.84, 0.82])
    >>> round(band.low, 2), round(band.high, 2)
    (0.72, 0.92)
    >>> figure_band([0.8]).high is None
    True
    """
    k = len(values)
    expected = fmean(values)
    if k < MIN_TESTS:
        return FigureBand(expected, k)
    spread = max(stdev(values), error)
    half = float(stats.t.ppf(1 - alpha / (2 * max(looks, 1)), k - 1))
    half *= spread * math.sqrt(1 + 1 / k)
    return FigureBand(expected, k, expected - half, expected + half)


def pooled_bands(
    values: Mapping[str, Sequence[float]], looks: int = 1, alpha: float = 0.05
) -> dict[str, FigureBand]:
    """Return the prediction interval of each of several columns that vary alike.

    As `figure_band`, with the spread pooled over columns: few past values of one column say little
    of its spread, those of many say more. A column that varied more keeps its own spread.

    >>> bands = pooled_bands({"a": [1.0, 2.0, 3.0], "b": [5.0, 6.0, 7.0]})
    >>> round(bands["b"].high, 2)
    9.21
    """
    known = {name: own for name, own in values.items() if len(own) >= MIN_TESTS}
    freedom = sum(len(own) - 1 for own in known.values())
    if not freedom:
        return {}
    pooled = math.sqrt(sum((len(own) - 1) * stdev(own) ** 2 for own in known.values()) / freedom)
    quantile = float(stats.t.ppf(1 - alpha / (2 * max(looks, 1)), freedom))
    bands = {}
    for name, own in known.items():
        half = quantile * max(pooled, stdev(own)) * math.sqrt(1 + 1 / len(own))
        middle = fmean(own)
        bands[name] = FigureBand(middle, len(own), middle - half, middle + half)
    return bands
