"""The expected spend of the next window: a customer's own rhythm, less what is at risk, plus upside.

What is lost and gained depends on the next segment, whose probabilities are the forecast's.
"""

from dataclasses import dataclass

import numpy as np

from segpredict.classifier.stored_state import StoredState
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE


@dataclass(frozen=True, slots=True)
class SpendForecast:
    """The next window of some customers, in currency: one value a customer."""

    expected: FloatArray  # base − risk + upside
    risk: FloatArray  # never above the base
    upside: FloatArray


@dataclass(frozen=True, slots=True)
class SpendModel(StoredState):
    """What customers lose and gain against their base value, by next segment.

    Parameters
    ----------
    lost_shares
        Share of the base value that is lost, by next segment in code order.
    gain_intercepts, gain_slopes
        Expected gain: intercept + slope × base value.

    Examples
    --------
    >>> model = SpendModel((1.0, 0.25), (0.0, 5.0), (0.0, 0.5))
    >>> model.forecast(np.array([40.0]), np.array([[0.5, 0.5]])).expected.tolist()
    [27.5]
    """

    lost_shares: tuple[float, ...]
    gain_intercepts: tuple[float, ...]
    gain_slopes: tuple[float, ...]

    def forecast(self, base: FloatArray, probabilities: FloatArray) -> SpendForecast:
        """Return the expected spend of each customer, with its parts.

        Parameters
        ----------
        base, probabilities
            Base value of each customer, and probability of each next segment.
        """
        # Segment by segment: library sums group their terms by the number of rows, and a
        # customer alone must get the bits she gets among others.
        lost, upside = np.zeros(len(base)), np.zeros(len(base))
        parts = zip(self.lost_shares, self.gain_intercepts, self.gain_slopes, strict=True)
        for code, (share, intercept, slope) in enumerate(parts):
            lost += probabilities[:, code] * share
            upside += probabilities[:, code] * (intercept + slope * base)
        risk = base * np.minimum(lost, 1.0)  # a sum of rounded shares can pass one by a last bit
        return SpendForecast(base - risk + upside, risk, upside)


def fit_spend_model(
    base: FloatArray, spend: FloatArray, labels: IntArray, classes: int
) -> SpendModel:
    """Return the model of past windows whose outcomes are complete.

    Parameters
    ----------
    base, spend, labels
        Base value, actual spend and actual next segment, one a row.
    classes
        Number of segments. One that no row reached is treated as all active ones together.
    """
    shares, intercepts, slopes = [1.0], [0.0], [0.0]
    active = labels != INACTIVE_CODE
    for code in range(1, classes):
        rows = labels == code if (labels == code).any() else active
        shares.append(_lost_share(base[rows], spend[rows]))
        intercept, slope = _gain(base[rows], np.maximum(spend[rows] - base[rows], 0.0))
        intercepts.append(intercept)
        slopes.append(slope)
    return SpendModel(tuple(shares), tuple(intercepts), tuple(slopes))


def _lost_share(base: FloatArray, spend: FloatArray) -> float:
    total = float(base.sum())
    lost = float(np.maximum(base - spend, 0.0).sum())
    return min(lost / total, 1.0) if total > 0 else 0.0


def _gain(base: FloatArray, gain: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the expected gain, neither below zero.

    Weights are 1 / (base + mean base): gains of large customers vary more. With these weights, and
    with each of the two lines that are left where one part would be negative, the sum of what is
    expected is that of the actual gains.
    """
    if len(base) == 0:
        return 0.0, 0.0
    mean, mean_gain = float(base.mean()), float(gain.mean())
    if mean <= 0:
        return mean_gain, 0.0
    weight = 1.0 / (base + mean)
    total = float(weight.sum())
    middle, middle_gain = float((weight * base).sum()) / total, float((weight * gain).sum()) / total
    spread = float((weight * (base - middle) ** 2).sum())
    slope = float((weight * (base - middle) * gain).sum()) / spread if spread > 0 else 0.0
    intercept = middle_gain - slope * middle
    if slope <= 0:
        return mean_gain, 0.0
    return (intercept, slope) if intercept >= 0 else (0.0, mean_gain / mean)
