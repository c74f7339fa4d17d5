"""Options of the time windows, the classifier and its evaluation."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from segpredict.config.fill import Options, Probability, Share
from segpredict.core.window import Window

DecisionRule = Literal["argmax", "balanced", "cost"]
DECISION_RULES = get_args(DecisionRule)


@dataclass(frozen=True, slots=True)
class TimeOptions(Options):
    """How far to look back and ahead, in whole days."""

    section: ClassVar[str] = "time"
    # Days of the outcome window: what is predicted, and the window a segment is measured on.
    horizon: PositiveInt = 91
    # Days before a cutoff that features see; one order in them makes a customer eligible.
    lookback: PositiveInt = 364
    # Days between a cutoff and its outcome window: time to score and to act.
    gap: NonNegativeInt = 0
    # Days between neighbouring training origins, about: a whole number of steps make a horizon.
    step: PositiveInt = 28
    max_history: PositiveInt = 728  # Days to which lifetime features are capped.
    # Days that late rows need to arrive before an outcome counts. Labels are measured as known at
    # the end of the outcome window; later returns are not subtracted.
    settlement: NonNegativeInt = 0
    test_windows: PositiveInt = 3  # Disjoint test windows of the backtest, at most.
    # Training origins of one model, at most, newest first: older ones teach little.
    max_origins: PositiveInt = 24

    @property
    def days_to_outcome(self) -> int:
        """Days from a cutoff to the end of its outcome."""
        return self.gap + self.horizon

    @property
    def days_to_complete(self) -> int:
        """Days from a cutoff to the day on which its outcome is final."""
        return self.days_to_outcome + self.settlement

    def window_at(self, cutoff: int, first_day: int | None = None) -> Window:
        """Return the window of one origin."""
        lengths = (self.lookback, self.gap, self.horizon, self.max_history)
        return Window(cutoff, *lengths, first_day)


@dataclass(frozen=True, slots=True)
class XgboostOptions(Options):
    """Settings of the boosted trees."""

    section: ClassVar[str] = "classifier.xgboost"
    learning_rate: Share = 0.15  # Step size of one boosting round.
    max_depth: PositiveInt = 3  # Depth of a tree, at most.
    min_child_weight: NonNegativeFloat = 20.0  # Smallest sum of Hessians in a leaf.
    subsample: Share = 0.8  # Share of rows used in a round.
    colsample_bytree: Share = 0.5  # Share of columns used by a tree.
    reg_lambda: NonNegativeFloat = 10.0  # L2 penalty on leaf weights.
    gamma: NonNegativeFloat = 0.0  # Smallest loss reduction of a split.
    # Rounds without a better log-loss on held-out customers before no more are tried.
    early_stopping_rounds: PositiveInt = 10
    max_rounds: PositiveInt = 300  # Boosting rounds, at most.


@dataclass(frozen=True, slots=True)
class ClassifierOptions(Options):
    """How the classifier is fitted and evaluated."""

    section: ClassVar[str] = "classifier"
    # Settings of the boosted trees.
    xgboost: XgboostOptions = field(default_factory=XgboostOptions)
    # Names of the baselines to compare with; empty for the default ones.
    baselines: tuple[str, ...] = ()
    # Whether all baselines take part where none is named.
    thorough: bool = False
    # Customers on whom models are trained and tested, at most: above it a sample of them. All
    # customers are scored.
    max_customers: Annotated[int, Field(ge=100)] = 25_000
    # Training rows (customers × origins) of one model, about: above it every second origin, then
    # a sample of customers.
    max_rows: Annotated[int, Field(ge=100)] = 40_000
    # Feature families to use; without it the default ones, for which the data have columns.
    families: tuple[str, ...] | None = None
    # Bootstrap draws of test customers behind each confidence interval.
    bootstrap_draws: Annotated[int, Field(ge=100)] = 1000
    seed: NonNegativeInt = 7  # Seed of every random draw.
    # Threads of all fits that run side by side; results do not depend on them.
    threads: PositiveInt = 1
    # The rule that turns probabilities into one segment: ``argmax``, ``balanced`` or ``cost``.
    decision_rule: DecisionRule = "argmax"
    # Share of customers whose segment may lie outside their prediction set.
    alpha: Probability = 0.1
