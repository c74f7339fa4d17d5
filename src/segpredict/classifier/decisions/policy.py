"""How probabilities are used: prediction sets, and one named segment.

Prediction sets are class-conditional (Mondrian) conformal sets: the segments a customer may be in,
at a given miss rate, with a threshold of its own for each segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segpredict.classifier.decisions.rule import DecisionRule, tune_gamma
from segpredict.classifier.evaluation.results import Backtest
from segpredict.classifier.splits import INNER_FOLDS, Fold
from segpredict.classifier.stored_state import StoredState
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON
from segpredict.core.window import as_date

DEFAULT_ALPHA = 0.1
MIN_WINDOW_CUSTOMERS = 50  # customers of a segment that a window's own threshold needs


@dataclass(frozen=True, slots=True)
class DecisionPolicy(StoredState):
    """How one model's probabilities are used, learned by inner validation.

    >>> rule = DecisionRule("argmax", 0.0, (0.5, 0.5), (0.0, 10.0))
    >>> policy = DecisionPolicy(rule, (0.2, 0.4), 0.1, ())
    >>> policy.prediction_sets(np.array([[0.7, 0.3]])).tolist()
    [[True, False]]
    """

    decision_rule: DecisionRule  # names one segment
    # least probability with which each segment enters a set, in code order
    set_thresholds: tuple[float, ...]
    alpha: float  # share of misses the sets allow
    inner_origins: tuple[int, ...]  # cutoffs of the inner validation (day numbers), oldest first

    def predict(self, probabilities: FloatArray) -> IntArray:
        """Return the segment named for each customer, as a code."""
        return self.decision_rule.predict(probabilities)

    def prediction_sets(self, probabilities: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which segments are in each customer's set; never none of them."""
        return set_members(probabilities, np.array(self.set_thresholds))

    @classmethod
    def from_state(cls, state: JSON) -> "DecisionPolicy":
        """Return the policy that gave a state."""
        return cls(
            DecisionRule.from_state(state["decision_rule"]),
            tuple(state["set_thresholds"]),
            state["alpha"],
            tuple(state["inner_origins"]),
        )


def fit_policy(
    backtests: Sequence[Backtest], name: str, decision: DecisionRule, alpha: float
) -> DecisionPolicy:
    """Return the policy of a model, learned from backtests that were complete by its day.

    Without any, every segment is in every set.
    """
    base = DecisionPolicy(decision, (0.0,) * len(decision.class_mix), alpha, ())
    if not backtests:
        return base
    newest = backtests[-INNER_FOLDS:]
    windows = [(backtest.probabilities[name], backtest.labels) for backtest in newest]
    # A segment that nobody was ever in is in no set.
    lowest = np.where(np.array(decision.class_mix) > 0, lowest_thresholds(windows, alpha), 1.0)
    return replace(
        base,
        decision_rule=replace(decision, gamma=tune_gamma(newest, name, decision.class_mix)),
        set_thresholds=tuple(lowest.tolist()),
        inner_origins=tuple(backtest.cutoff for backtest in newest),
    )


def summarize_policies(
    folds: Sequence[Fold], policies: Sequence[DecisionPolicy]
) -> dict[str, JSON]:
    """Return the summary of sets and decisions, by cutoff."""
    rows = [
        {
            "cutoff": as_date(fold.cutoff).isoformat(),
            "inner_origins": [as_date(day).isoformat() for day in policy.inner_origins],
            "gamma": policy.decision_rule.gamma,
        }
        for fold, policy in zip(folds, policies, strict=True)
    ]
    production = policies[-1]
    return {"rule": production.decision_rule.method, "alpha": production.alpha, "folds": rows}


def set_thresholds(
    probabilities: FloatArray, labels: IntArray, alpha: float = DEFAULT_ALPHA
) -> FloatArray:
    """Return the least probability with which each segment enters a set.

    The k-th smallest that was given to customers later in the segment, k = ⌊α·(n + 1)⌋.
    """
    lowest = np.zeros(probabilities.shape[1])
    for code in range(probabilities.shape[1]):
        given = np.sort(probabilities[labels == code, code])
        place = int(np.floor(alpha * (len(given) + 1)))
        lowest[code] = given[place - 1] if place else 0.0
    return lowest


def lowest_thresholds(
    windows: Sequence[tuple[FloatArray, IntArray]], alpha: float = DEFAULT_ALPHA
) -> FloatArray:
    """Return the lowest thresholds of several windows: sets that would have held in each of them.

    Conformal sets promise coverage where the next window is like the ones before, which a change of
    season breaks. So a segment's threshold is that of the window in which it had to be lowest; a
    window with few customers in the segment does not count beside the pooled threshold.

    >>> easy = (np.array([[0.9, 0.1]] * 99), np.zeros(99, dtype=np.int64))
    >>> hard = (np.array([[0.4, 0.6]] * 99), np.zeros(99, dtype=np.int64))
    >>> lowest_thresholds([easy, hard]).tolist()
    [0.4, 0.0]
    """
    given, actual = zip(*windows, strict=True)
    lowest = set_thresholds(np.concatenate(given), np.concatenate(actual), alpha)
    for probabilities, labels in windows:
        counts = np.bincount(labels, minlength=len(lowest))
        own = set_thresholds(probabilities, labels, alpha)
        lowest = np.where(counts >= MIN_WINDOW_CUSTOMERS, np.minimum(lowest, own), lowest)
    return lowest


def set_members(probabilities: FloatArray, thresholds: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which segments are in each customer's set; the likeliest always is.

    >>> set_members(np.array([[0.7, 0.3], [0.45, 0.35]]), np.array([0.5, 0.4])).tolist()
    [[True, False], [True, False]]
    """
    likeliest = np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]
    return np.asarray((probabilities >= thresholds) | likeliest)
