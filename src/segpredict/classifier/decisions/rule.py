"""Name one segment from the probabilities, by a rule that fits the cost of errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.results import Backtest, pool_backtests
from segpredict.classifier.stored_state import StoredState
from segpredict.config.classifier import DECISION_RULES
from segpredict.core.arrays import FloatArray, IntArray

_, BALANCED_RULE, COST_RULE = DECISION_RULES
GAMMA_GRID = tuple(round(0.1 * step, 1) for step in range(13))  # 0 to 1.2


@dataclass(frozen=True, slots=True)
class DecisionRule(StoredState):
    """A rule that names a segment for each customer."""

    # ``argmax``: the likeliest segment. ``balanced``: the one with the largest p / π^γ, so that
    # small segments are named too. ``cost``: the one whose value is nearest to the expected value
    # (least expected absolute error of revenue).
    method: str
    gamma: float  # the γ above; 0 is argmax
    class_mix: tuple[float, ...]  # the π above: share of each segment in training
    # mean revenue of each segment in the outcome window, in currency
    segment_values: tuple[float, ...]

    def predict(self, probabilities: FloatArray, rule: str | None = None) -> IntArray:
        """Return the code of the segment named, one a row; ties go to the lower code.

        >>> rule = DecisionRule("balanced", 1.0, (0.8, 0.2), (0.0, 10.0))
        >>> rule.predict(np.array([[0.7, 0.3]])).tolist()
        [1]
        """
        method = rule or self.method
        if method == BALANCED_RULE:
            weights = np.maximum(np.array(self.class_mix), metrics.MIN_PROBABILITY) ** self.gamma
            return np.asarray((probabilities / weights).argmax(axis=1), dtype=np.int64)
        if method == COST_RULE:
            costs = np.zeros(probabilities.shape)
            for code, value in enumerate(self.segment_values):
                apart = np.abs(np.array(self.segment_values) - value)
                costs = costs + probabilities[:, [code]] * apart
            return np.asarray(costs.argmin(axis=1), dtype=np.int64)
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)


def tune_gamma(backtests: Sequence[Backtest], name: str, mix: Sequence[float]) -> float:
    """Return the γ with the best macro-F1 in inner validation; 0 without it."""
    if not backtests:
        return 0.0
    probabilities, labels = pool_backtests(backtests, name)
    rules = [DecisionRule(BALANCED_RULE, gamma, tuple(mix), ()) for gamma in GAMMA_GRID]
    scores = [macro_f1_of_labels(r.predict(probabilities), labels, len(mix)) for r in rules]
    return GAMMA_GRID[int(np.argmax(scores))]


def macro_f1_of_labels(guesses: IntArray, labels: IntArray, classes: int) -> float:
    """Return the mean F1 over segments that occurred or were named."""
    counts = metrics.confusion_matrix(labels, guesses, classes).astype(np.float64)
    return float(metrics.macro_f1_from_counts(counts))
