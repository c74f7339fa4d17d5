"""Backtests and their evaluation: values that a run saves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.bootstrap import DifferenceInterval
from segpredict.classifier.evaluation.significance import McNemarTest
from segpredict.classifier.metrics import MetricScores
from segpredict.classifier.training_data import segment_codes
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.state import from_plain, to_plain
from segpredict.core.types import JSON
from segpredict.core.window import as_date, day_number

POOLED_WINDOWS = "pooled"


@dataclass(frozen=True, slots=True)
class Backtest:
    """The forecasts at one test cutoff, and the outcomes.

    >>> rows = pl.DataFrame({"customer_id": ["a"], "state_now": [1], "label": [0]})
    >>> test = Backtest.of_customers(100, rows, {"prior": np.array([[0.4, 0.6]])})
    >>> test.states.tolist(), test.labels.tolist()
    ([1], [0])
    """

    cutoff: int  # the day T*
    customers: npt.NDArray[np.str_]  # customer ids, one a row
    states: IntArray  # current segments
    labels: IntArray  # actual segments
    probabilities: Mapping[str, FloatArray]  # probabilities by model name; the model comes first
    # covariates of each customer (`history.COVARIATES`), for strata and rankings; ``None`` without
    # them
    covariates: pl.DataFrame | None = None
    # mean spend in the outcome window by segment, from the training rows
    segment_values: tuple[float, ...] = ()

    @classmethod
    def of_customers(
        cls,
        cutoff: int,
        customers: pl.DataFrame,
        probabilities: Mapping[str, FloatArray],
        covariates: pl.DataFrame | None = None,
        segment_values: tuple[float, ...] = (),
    ) -> "Backtest":
        """Return the forecasts of rows of a panel."""
        ids = customers["customer_id"].to_numpy().astype(np.str_)
        states, labels = (segment_codes(customers, name) for name in ("state_now", "label"))
        return cls(cutoff, ids, states, labels, probabilities, covariates, segment_values)


def pool_backtests(backtests: Sequence[Backtest], name: str) -> tuple[FloatArray, IntArray]:
    """Return the forecasts of all backtests, concatenated, and the outcomes."""
    return (
        np.concatenate([backtest.probabilities[name] for backtest in backtests]),
        np.concatenate([backtest.labels for backtest in backtests]),
    )


def pool_all_models(backtests: Sequence[Backtest]) -> tuple[dict[str, FloatArray], IntArray]:
    """Return the same for every model, by its name."""
    names = backtests[0].probabilities
    probabilities = {name: pool_backtests(backtests, name)[0] for name in names}
    return probabilities, np.concatenate([backtest.labels for backtest in backtests])


@dataclass(frozen=True, slots=True)
class WindowScores:
    """Model and baselines on one test window, or on all of them pooled.

    >>> pooled = WindowScores(None, 1, 1, {}, {}, (1.0,), {})
    >>> WindowScores.from_json(pooled.to_json()) == pooled
    True
    """

    cutoff: int | None  # the day T*; ``None`` for the pooled windows
    # rows, and different customers behind them
    n_rows: int
    customers: int
    scores: Mapping[str, MetricScores]  # metrics by model name
    # model − baseline with 95 % intervals, by baseline and metric
    differences: Mapping[str, Mapping[str, DifferenceInterval]]
    actual_mix: tuple[float, ...]  # actual share of each segment
    predicted_mix: Mapping[str, tuple[float, ...]]  # predicted share of each segment, by model name

    def to_json(self) -> JSON:
        """Return the scores as JSON, with the day as an ISO date."""
        when = POOLED_WINDOWS if self.cutoff is None else as_date(self.cutoff).isoformat()
        return {**asdict(self), "cutoff": when}

    @classmethod
    def from_json(cls, given: JSON) -> "WindowScores":
        """Return the scores from their JSON."""
        when = given["cutoff"]
        cutoff = None if when == POOLED_WINDOWS else day_number(when)
        return from_plain(cls, {**given, "cutoff": cutoff})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the model beats a baseline on a metric.

    >>> Comparison("markov", "log_loss", beats=True, windows_better=3).p_value_holm
    1.0
    """

    # what is compared
    baseline: str
    metric: str
    # whether the pooled interval excludes 0 on the good side, also after Holm's adjustment, and
    # every window agrees in sign
    beats: bool
    windows_better: int  # windows in which the model was better
    # two-sided p-value of the pooled difference, and adjusted over all baselines
    p_value: float = 1.0
    p_value_holm: float = 1.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of all backtests, and the selected model."""

    model: str  # name of the model that a baseline may replace: the ensemble
    selected: str  # name of the selected model: the ensemble, or a baseline in its place
    reason: str  # why, in one sentence
    windows: tuple[WindowScores, ...]  # scores of each test window, oldest first
    pooled: WindowScores  # all test windows together
    comparisons: tuple[Comparison, ...]  # comparisons by baseline and metric
    segments: tuple[str, ...]  # ids of the classes, in code order
    # days; numbers of runs that differ in them cannot be compared
    horizon: int
    lookback: int
    warnings: tuple[str, ...]  # warnings about the numbers
    # the selected model's accuracy against each other one's on the final test
    mcnemar_tests: tuple[McNemarTest, ...] = ()
    # decision policies from inner validation: thresholds of sets, and the rule that names segments
    policies: Mapping[str, JSON] = field(default_factory=dict)
    # what the ensemble was fitted on, and how large its parts became
    fit: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def skill(self) -> dict[str, float]:
        """Share of each other forecast's pooled log-loss that the selected model saves."""
        own = self.pooled.scores[self.selected].log_loss
        return {
            name: metrics.skill_score(own, scores.log_loss)
            for name, scores in self.pooled.scores.items()
            if name != self.selected
        }

    def to_json(self) -> JSON:
        """Return the evaluation as JSON."""
        names = ("model", "selected", "reason", "skill", "segments", "horizon", "lookback")
        others = ("comparisons", "mcnemar_tests", "policies", "fit", "warnings")
        windows = [each.to_json() for each in self.windows]
        return {
            **{name: to_plain(getattr(self, name)) for name in names},
            "windows": windows,
            "pooled": self.pooled.to_json(),
            **{name: to_plain(getattr(self, name)) for name in others},
        }

    @classmethod
    def from_json(cls, given: JSON) -> "Evaluation":
        """Return the evaluation from its JSON."""
        windows = tuple(WindowScores.from_json(each) for each in given["windows"])
        pooled = WindowScores.from_json(given["pooled"])
        return from_plain(cls, {**given, "windows": windows, "pooled": pooled})
