"""Options of the time windows, the classifier and its evaluation."""

from dataclasses import dataclass, field

from segpredict.core.window import Window
from segpredict.errors import ConfigError

DECISION_RULES = ("argmax", "balanced", "cost")
CALIBRATION_MODES = ("none", "proven")


@dataclass(frozen=True, slots=True)
class TimeOptions:
    """How far to look back and ahead, in whole days.

    Parameters
    ----------
    horizon
        Days of the outcome window: what is predicted, and the window a segment is measured on.
    lookback
        Days before a cutoff that features see; one order in them makes a customer eligible.
    gap
        Days between a cutoff and its outcome window: time to score and to act.
    step
        Days between neighbouring training origins, about: a whole number of steps makes a horizon.
    max_history
        Days to which lifetime features are capped.
    settlement
        Days that late rows need to arrive before an outcome counts. Labels are measured
        as known at the end of the outcome window; later returns are not subtracted.
    test_windows
        Disjoint test windows of the backtest, at most.
    max_origins
        Training origins of one model, at most, newest first: older ones teach little.

    Raises
    ------
    ConfigError
        When a length is no whole number of days in its range.
    """

    horizon: int = 91
    lookback: int = 364
    gap: int = 0
    step: int = 28
    max_history: int = 728
    settlement: int = 0
    test_windows: int = 3
    max_origins: int = 24

    def __post_init__(self) -> None:
        positive = ("horizon", "lookback", "step", "max_history", "test_windows", "max_origins")
        wrong = [name for name in positive if getattr(self, name) < 1]
        wrong += [name for name in ("gap", "settlement") if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"time.{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The time options cannot be used: {found}.",
                fix="give whole days above zero (gap and settlement: zero or more).",
            )

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
        return Window(
            cutoff,
            self.lookback,
            self.gap,
            self.horizon,
            self.max_history,
            first_day,
        )


@dataclass(frozen=True, slots=True)
class XgboostOptions:
    """Settings of the boosted trees.

    Parameters
    ----------
    learning_rate
        Step size of one boosting round.
    max_depth
        Depth of a tree, at most.
    min_child_weight
        Smallest sum of Hessians in a leaf.
    subsample
        Share of rows used in a round.
    colsample_bytree
        Share of columns used by a tree.
    reg_lambda
        L2 penalty on leaf weights.
    gamma
        Smallest loss reduction of a split.
    early_stopping_rounds
        Rounds without a better log-loss on held-out customers before cross-validation stops.
    max_rounds
        Boosting rounds, at most.

    Raises
    ------
    ConfigError
        When a value is outside its range.
    """

    learning_rate: float = 0.15
    max_depth: int = 3
    min_child_weight: float = 20.0
    subsample: float = 0.8
    colsample_bytree: float = 0.5
    reg_lambda: float = 10.0
    gamma: float = 0.0
    early_stopping_rounds: int = 20
    max_rounds: int = 300

    def __post_init__(self) -> None:
        shares = ("learning_rate", "subsample", "colsample_bytree")
        wrong = [name for name in shares if not 0 < getattr(self, name) <= 1]
        counts = ("max_depth", "early_stopping_rounds", "max_rounds")
        wrong += [name for name in counts if getattr(self, name) < 1]
        floors = ("min_child_weight", "reg_lambda", "gamma")
        wrong += [name for name in floors if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The options of classifier.xgboost cannot be used: {found}.",
                fix="shares lie in (0, 1], counts are 1 or more, penalties are 0 or more.",
            )


@dataclass(frozen=True, slots=True)
class ClassifierOptions:
    """How the classifier is fitted and evaluated.

    Parameters
    ----------
    xgboost
        Settings of the boosted trees.
    baselines
        Names of the baselines to compare with; empty for the default ones.
    thorough
        Whether all baselines take part, also the slow ones, where none is named.
    max_rows
        Training rows (customers × origins) of one model, about: above it a sample of customers.
    families
        Feature families to use; without it the default ones, for which the data have columns.
    bootstrap_draws
        Bootstrap draws of test customers behind each confidence interval.
    seed
        Seed of every random draw.
    threads
        Threads of one fit; results do not depend on them.
    decision_rule
        The rule that turns probabilities into one segment: ``argmax``, ``balanced`` or ``cost``.
    calibration
        ``none`` uses the probabilities as they are; ``proven`` calibrates those of the
        model if inner validation proves it better.
    alpha
        Share of customers whose segment may lie outside their prediction set.
    """

    xgboost: XgboostOptions = field(default_factory=XgboostOptions)
    baselines: tuple[str, ...] = ()
    thorough: bool = False
    max_rows: int = 100_000
    families: tuple[str, ...] | None = None
    bootstrap_draws: int = 1000
    seed: int = 7
    threads: int = 1
    decision_rule: str = "argmax"
    calibration: str = "none"
    alpha: float = 0.1

    def __post_init__(self) -> None:
        is_known = self.decision_rule in DECISION_RULES and self.calibration in CALIBRATION_MODES
        if not is_known or not 0 < self.alpha < 1:
            raise ConfigError(
                f"The classifier options cannot be used: decision_rule = {self.decision_rule}, "
                f"calibration = {self.calibration}, alpha = {self.alpha}.",
                fix=f"decision_rule is one of {', '.join(DECISION_RULES)}, calibration of "
                f"{', '.join(CALIBRATION_MODES)}; alpha is between 0 and 1.",
            )
        if min(self.bootstrap_draws, self.max_rows) < 100 or self.threads < 1 or self.seed < 0:
            raise ConfigError(
                f"The classifier options cannot be used: bootstrap_draws = {self.bootstrap_draws}, "
                f"max_rows = {self.max_rows}, threads = {self.threads}, seed = {self.seed}.",
                fix="bootstrap_draws and max_rows are 100 or more, threads 1 or more, the seed 0 "
                "or more.",
            )
