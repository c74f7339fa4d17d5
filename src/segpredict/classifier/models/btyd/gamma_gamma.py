"""Gamma-Gamma: what customers spend varies around a level of their own.

Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value". One purchase is z ~ Γ(p, ν) with
ν ~ Γ(q, v) a customer's own; how often a customer buys is independent of how much.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, digamma, gammaln

from segpredict.classifier.models.btyd import maximum_likelihood
from segpredict.core.arrays import FloatArray
from segpredict.errors import ContractError, TooFewCustomersError

MIN_PAYING_CUSTOMERS = 2  # customers that a spread of levels needs
START_VALUES = ((1.0, 3.0, 3.0), (6.0, 4.0, 1.0), (2.0, 2.0, 0.5))


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted Gamma-Gamma model.

    Notes
    -----
    Everywhere, `x` is a number of purchases and `mean` what they cost on average.
    """

    p: float  # shape of single purchases; the larger, the more alike one customer's are
    # shape and rate of the gamma of levels; v in the unit of money
    q: float
    v: float

    def log_likelihood(self, x: npt.ArrayLike, mean: npt.ArrayLike) -> FloatArray:
        """Return the log-likelihood of each customer's mean."""
        given = np.array([self.p, self.q, self.v])
        return _curve(given, *maximum_likelihood.columns(x, mean))[0]

    def expected_spend(self, x: npt.ArrayLike, mean: npt.ArrayLike) -> FloatArray:
        """Return what one further purchase is expected to cost.

        Notes
        -----
        p·(v + x·mean) / (p·x + q − 1): the customer's mean shrunk towards the population's.
        Without a purchase it is the population's mean, which is infinite for q ≤ 1.

        Examples
        --------
        >>> cdnow = GammaGamma(6.25, 3.74, 15.44)
        >>> cdnow.expected_spend([0, 2], [0, 22.35]).round(2).tolist()
        [35.22, 24.66]
        """
        x, mean = maximum_likelihood.columns(x, mean)
        over, under = self.p * (self.v + x * mean), self.p * x + self.q - 1
        whole = np.full_like(over, np.inf)
        return np.divide(over, under, out=whole, where=under > 0)

    def spend_cdf(
        self,
        limit: npt.ArrayLike,
        orders: int | npt.NDArray[np.int64],
        x: npt.ArrayLike,
        mean: npt.ArrayLike,
    ) -> FloatArray:
        """Return the probability that so many further purchases cost at most `limit`.

        Notes
        -----
        Given ν their sum is Γ(p·orders, ν), and ν ~ Γ(p·x + q, v + x·mean): over
        (v + x·mean), the sum is beta-prime.

        Examples
        --------
        >>> cdnow = GammaGamma(6.25, 3.74, 15.44)
        >>> cdnow.spend_cdf([30, 60], 1, 1, 22).round(3).tolist()
        [0.699, 0.971]
        """
        limits = np.atleast_1d(np.asarray(limit, dtype=np.float64))
        x, mean = maximum_likelihood.columns(x, mean)
        share = limits / (limits + (self.v + x * mean))
        below = betainc(self.p * orders, self.p * x + self.q, share)
        return np.asarray(below, dtype=np.float64)

    def parameters(self) -> dict[str, float]:
        """Return the three numbers by name."""
        return {"p": self.p, "q": self.q, "v": self.v}


def fit(x: npt.ArrayLike, mean: npt.ArrayLike) -> GammaGamma:
    """Return the model under which these mean spends are most likely.

    Parameters
    ----------
    x, mean
        Purchases per customer, 1 or more; their mean cost, above zero, in the unit of `v`.

    Raises
    ------
    TooFewCustomersError
        When fewer than two customers paid.
    ContractError
        When a customer has no purchase, or a mean is not above zero.

    Notes
    -----
    Equal customers are counted once with their weight; money is scaled by the mean.

    Examples
    --------
    >>> model = fit([1, 2, 3, 4], [10.0, 12.0, 30.0, 28.0])
    >>> bool(20 < model.expected_spend(0, 0)[0] < 25)
    True
    """
    given = maximum_likelihood.columns(x, mean)
    wrong = int((~((given[0] >= 1) & (given[1] > 0))).sum())
    if wrong:
        raise ContractError(
            f"{wrong} customers have no purchase or no spend above zero.",
            fix="leave them out: they hold no information on spend.",
        )
    if len(given[0]) < MIN_PAYING_CUSTOMERS:
        raise TooFewCustomersError("Gamma-Gamma", len(given[0]), MIN_PAYING_CUSTOMERS)
    (number, spend), weights = maximum_likelihood.group_identical_rows(*given)
    unit = float((spend * weights).sum() / weights.sum())
    found = maximum_likelihood.maximize_likelihood(
        lambda parameters: _curve(parameters, number, spend / unit), weights, START_VALUES
    )
    p, q, v = found.tolist()
    return GammaGamma(p, q, v * unit)


def _curve(
    parameters: FloatArray, x: FloatArray, mean: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log-likelihoods and their slopes (equation 1a of the note)."""
    p, q, v = parameters.tolist()
    shape, level = p * x, v + x * mean
    likely = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
    likely = likely + (shape - 1) * np.log(mean) + shape * np.log(x)
    likely = likely - (shape + q) * np.log(level)
    both = digamma(shape + q) - np.log(level)
    slopes = np.stack(
        [
            x * (both - digamma(shape) + np.log(mean) + np.log(x)),
            both - digamma(q) + np.log(v),
            q / v - (shape + q) / level,
        ]
    )
    return likely, slopes
