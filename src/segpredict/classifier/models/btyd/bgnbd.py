"""BG/NBD: customers buy at a rate λ ~ Γ(r, α) until they drop out, p ~ Beta(a, b) after a return.

Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1, xlogy

from segpredict.classifier.models.btyd import maximum_likelihood
from segpredict.core.arrays import FloatArray
from segpredict.errors import ContractError, TooFewCustomersError

MIN_REPEAT_CUSTOMERS = 2  # customers with a repeat purchase that a fit needs
START_VALUES = ((0.5, 1.0, 0.5, 2.0), (2.0, 2.0, 1.0, 5.0), (0.2, 0.2, 0.5, 1.0))
SMALLEST_RATE = 1e-9  # probabilities below it are dropped
ONE_TOLERANCE = 1e-6  # the mean has a removable hole at a = 1: use a value next to it


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model.

    Notes
    -----
    Everywhere, `x` is the number of purchases after the first, `t_x` the time from the
    first to the last one (0 without a return), `age` the time since the first.
    """

    # shape and rate of the gamma of buying rates; alpha in the unit of time
    r: float
    alpha: float
    # the beta of the probability to drop out after a repeat purchase
    a: float
    b: float

    def log_likelihood(
        self, x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike
    ) -> FloatArray:
        """Return the log-likelihood of each customer."""
        given = np.array([self.r, self.alpha, self.a, self.b])
        return _curve(given, *maximum_likelihood.columns(x, t_x, age))[0]

    def p_alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike) -> FloatArray:
        """Return the probability that each customer has not dropped out.

        Notes
        -----
        Drop-out follows a repeat purchase, so customers without one count as alive: 1.

        Examples
        --------
        >>> cdnow = BgNbd(0.243, 4.414, 0.793, 2.426)  # weeks
        >>> cdnow.p_alive([2, 0], [30.43, 0], [38.86, 38.86]).round(4).tolist()
        [0.7266, 1.0]
        """
        given = maximum_likelihood.columns(x, t_x, age)
        log_odds = _dropout_log_odds(self.r, self.alpha, self.a, self.b, given)
        return np.asarray(expit(-log_odds), dtype=np.float64)

    def expected_orders(
        self, x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike, horizon: float
    ) -> FloatArray:
        """Return the expected number of purchases in the `horizon` to come.

        Examples
        --------
        >>> cdnow = BgNbd(0.243, 4.414, 0.793, 2.426)  # weeks
        >>> round(cdnow.expected_orders(2, 30.43, 38.86, 39).item(), 3)
        1.226
        """
        x, t_x, age = maximum_likelihood.columns(x, t_x, age)
        a = self.a if abs(self.a - 1) > ONE_TOLERANCE else 1 + ONE_TOLERANCE
        shape, rate, b = self.r + x, self.alpha + age, self.b + x
        rest = rate + horizon
        gauss = hyp2f1(shape, b, a + b - 1, horizon / rest)
        waning = 1 - (rate / rest) ** shape * gauss
        expected = self.p_alive(x, t_x, age) * (a + b - 1) / (a - 1) * waning
        return np.asarray(expected, dtype=np.float64)

    def order_count_probabilities(
        self,
        history: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
        horizon: float | FloatArray,
        max_orders: int,
        gap: int = 0,
    ) -> FloatArray:
        """Return the probability of each number of purchases in a future window.

        Parameters
        ----------
        history
            x, t_x and age, one per customer.
        horizon, gap
            Length of the window, one for all or one a customer, and whole units of time between
            today and it.
        max_orders
            The last column is the probability of this number or more.

        Returns
        -------
        numpy.ndarray
            Customers × (most + 1); rows add up to one.

        Notes
        -----
        A customer who is alive starts a new BG/NBD process with r + x, α + age, a, b + x, of which
        the probabilities are known (equation 8 of the paper). A gap is summed over the purchases in
        it, at most one a unit of time; a number with a probability below 10⁻⁹ is dropped.

        Examples
        --------
        >>> cdnow = BgNbd(0.243, 4.414, 0.793, 2.426)  # weeks
        >>> cdnow.order_count_probabilities((2, 30.43, 38.86), 39, 3).round(3).tolist()
        [[0.445, 0.239, 0.144, 0.171]]
        """
        x, t_x, age = maximum_likelihood.columns(*history)
        alive = self.p_alive(x, t_x, age)
        now = _Ahead(self.r + x, self.alpha + age, self.a, self.b + x)
        probabilities = np.zeros((len(x), max_orders + 1))
        if not gap:
            now.add(probabilities, alive, horizon)
        for bought in range(gap + 1 if gap else 0):
            later = _Ahead(now.r + bought, now.alpha + gap, now.a, now.b + bought)
            later.add(probabilities, alive * now.stays(bought, gap), horizon)
        rest = np.ones(len(x))
        for column in probabilities.T[probabilities.any(axis=0)]:
            rest = rest - column
        probabilities[:, 0] += np.maximum(rest, 0.0)
        return probabilities

    def parameters(self) -> dict[str, float]:
        """Return the four numbers by name."""
        return {"r": self.r, "alpha": self.alpha, "a": self.a, "b": self.b}


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Customers who are alive: BG/NBD with their posterior parameters."""

    r: FloatArray
    alpha: FloatArray
    a: float
    b: FloatArray

    def stays(self, n: int, horizon: float) -> FloatArray:
        """Return the probability of n purchases after which the customer is still alive."""
        share = horizon / (self.alpha + horizon)
        spread = gammaln(self.r + n) - gammaln(self.r) - gammaln(n + 1)
        stayed = betaln(self.a, self.b + n) - betaln(self.a, self.b)
        rate = self.r * np.log1p(-share) + xlogy(n, share)
        return np.asarray(np.exp(stayed + spread + rate), dtype=np.float64)

    def add(
        self, probabilities: FloatArray, weight: FloatArray, horizon: float | FloatArray
    ) -> None:
        """Add the probability of each number, times a weight, to the columns.

        The last column gets what is left; each customer's sum runs alone. From one number to the
        next all factors change by a ratio, so that no special function is called.
        """
        rest = weight.copy()
        rows = np.flatnonzero(rest > SMALLEST_RATE)
        share = horizon / (self.alpha + horizon)
        # Of n purchases if nobody dropped out, and of n or more.
        exactly, at_least = np.exp(self.r * np.log1p(-share)), np.ones(len(share))
        stayed = np.ones(len(share))  # not dropped out after any of n purchases
        for n in range(probabilities.shape[1] - 1):
            before, total = stayed[rows], self.a + self.b[rows] + n - 1
            if n:
                at_least[rows] -= exactly[rows]
                exactly[rows] *= share[rows] * (self.r[rows] + n - 1) / n
                stayed[rows] *= (self.b[rows] + n - 1) / total
            probability = stayed[rows] * exactly[rows]
            if n:  # or dropped out after the last of them
                probability = probability + before * self.a / total * at_least[rows]
            gained = probability * weight[rows]
            probabilities[rows, n] += gained
            rest[rows] -= gained
            rows = rows[rest[rows] > SMALLEST_RATE]
            if not rows.size:
                return
        probabilities[rows, -1] += rest[rows]


def fit(x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike) -> BgNbd:
    """Return the model under which these histories are most likely.

    Parameters
    ----------
    x, t_x, age
        One per customer, in any order; times in any unit, which is that of `alpha`.

    Raises
    ------
    TooFewCustomersError
        When fewer than two customers have a repeat purchase.
    ContractError
        When a number is negative, a last purchase lies after today, or a customer
        without a return has a last purchase after the first.

    Notes
    -----
    Equal histories are counted once with their weight; time is scaled by the mean age,
    so the search does not depend on the unit. Customers who are all alike put
    parameters at their bound, which is a valid model.

    Examples
    --------
    >>> model = fit([0, 0, 1, 3], [0, 0, 20, 60], [70, 80, 90, 70])
    >>> model.p_alive(3, 60, 70) > model.p_alive(1, 20, 90)
    array([ True])
    """
    given = maximum_likelihood.columns(x, t_x, age)
    _require_valid(*given)
    returned = int((given[0] > 0).sum())
    if returned < MIN_REPEAT_CUSTOMERS:
        raise TooFewCustomersError("BG/NBD, from returns,", returned, MIN_REPEAT_CUSTOMERS)
    columns, weights = maximum_likelihood.group_identical_rows(*given)
    unit = float((columns[2] * weights).sum() / weights.sum())
    scaled = (columns[0], columns[1] / unit, columns[2] / unit)
    found = maximum_likelihood.maximize_likelihood(
        lambda parameters: _curve(parameters, *scaled), weights, START_VALUES
    )
    r, alpha, a, b = found.tolist()
    return BgNbd(r, alpha * unit, a, b)


def _require_valid(x: FloatArray, t_x: FloatArray, age: FloatArray) -> None:
    wrong = ~((x >= 0) & (t_x >= 0) & (t_x <= age) & (age > 0))
    wrong |= (x == 0) & (t_x > 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ContractError(
            f"{int(wrong.sum())} histories cannot be; the first has x = {x[first]:g}, "
            f"t_x = {t_x[first]:g}, age = {age[first]:g}.",
            fix="give 0 ≤ t_x ≤ age, age above 0, and t_x = 0 where x = 0.",
        )


def _dropout_log_odds(
    r: float, alpha: float, a: float, b: float, given: Sequence[FloatArray]
) -> FloatArray:
    """Return the log-odds of having dropped out; −∞ without a return."""
    x, t_x, age = given
    later = np.log(a) - np.log(np.where(x > 0, b + x - 1, 1.0))
    odds = later + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    return np.where(x > 0, odds, -np.inf)


def _curve(
    parameters: FloatArray, x: FloatArray, t_x: FloatArray, age: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log-likelihoods and their slopes (equation 6 of the paper)."""
    r, alpha, a, b = parameters.tolist()
    log_odds = _dropout_log_odds(r, alpha, a, b, (x, t_x, age))
    left = expit(log_odds)
    stayed = 1 - left
    until, since = np.log(alpha + age), np.log(alpha + t_x)
    likely = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    likely = likely + betaln(a, b + x) - betaln(a, b)
    likely = likely - (r + x) * until + np.logaddexp(0.0, log_odds)
    both = digamma(a + b) - digamma(a + b + x)
    rest = np.where(x > 0, b + x - 1, 1.0)
    slopes = np.stack(
        [
            digamma(r + x) - digamma(r) + np.log(alpha) - stayed * until - left * since,
            r / alpha - (r + x) * (stayed / (alpha + age) + left / (alpha + t_x)),
            both + left / a,
            both + digamma(b + x) - digamma(b) - left / rest,
        ]
    )
    return likely, slopes
