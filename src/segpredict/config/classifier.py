"""What may be set: the question in time, the booster, and how it is judged."""

from dataclasses import dataclass, field

from segpredict.core.window import Window
from segpredict.errors import ConfigError

DECISION_RULES = ("argmax", "balanced", "cost")
CALIBRATION_MODES = ("none", "proven")


@dataclass(frozen=True, slots=True)
class TimeOptions:
    """How long to look back, how far ahead, and how often to ask.

    Parameters
    ----------
    horizon
        Days of the outcome.
    lookback
        Days before a cutoff that give the features and make a customer eligible.
    gap
        Days between a cutoff and its outcome: time to score and to act.
    step
        Days between neighbouring training origins.
    max_history
        Days to which lifetime features are capped.
    settlement
        Days that late rows need to arrive before an outcome counts. Labels are measured
        as known at the end of the outcome, returns after it are not netted.
    test_windows
        Disjoint test windows, at most.

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

    def __post_init__(self) -> None:
        positive = ("horizon", "lookback", "step", "max_history", "test_windows")
        wrong = [name for name in positive if getattr(self, name) < 1]
        wrong += [name for name in ("gap", "settlement") if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"time.{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The time options cannot be used: {found}.",
                fix="give whole days above zero (gap and settle: zero or more).",
            )

    @property
    def days_to_outcome(self) -> int:
        """Days from a cutoff to the end of its outcome."""
        return self.gap + self.horizon

    @property
    def days_to_complete(self) -> int:
        """Days from a cutoff to the day on which its outcome is known for good."""
        return self.days_to_outcome + self.settlement

    def window_at(self, cutoff: int, first_day: int | None = None) -> Window:
        """Return the question of one origin."""
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
        Step of one round.
    max_depth
        Splits from root to leaf, at most.
    min_child_weight
        Least sum of Hessians in a leaf.
    subsample
        Share of rows that a round sees.
    colsample_bytree
        Share of columns that a tree sees.
    reg_lambda
        L2 penalty on leaf weights.
    gamma
        Least gain in loss that a split must bring.
    early_stopping_rounds
        Rounds without a better log-loss on the validation origins before stopping.
    max_rounds
        Rounds, at most.
    refit_growth
        Exponent, from 0 to 1, with which rounds grow when the last fit has more rows
        than the one that found them.
    fallback_rounds
        Rounds where history is too short for validation origins.

    Raises
    ------
    ConfigError
        When a value is outside its range.
    """

    learning_rate: float = 0.08
    max_depth: int = 3
    min_child_weight: float = 20.0
    subsample: float = 0.8
    colsample_bytree: float = 0.5
    reg_lambda: float = 10.0
    gamma: float = 0.0
    early_stopping_rounds: int = 30
    max_rounds: int = 400
    refit_growth: float = 0.5
    fallback_rounds: int = 80

    def __post_init__(self) -> None:
        shares = ("learning_rate", "subsample", "colsample_bytree")
        wrong = [name for name in shares if not 0 < getattr(self, name) <= 1]
        counts = ("max_depth", "early_stopping_rounds", "max_rounds", "fallback_rounds")
        wrong += [name for name in counts if getattr(self, name) < 1]
        wrong += [] if 0 <= self.refit_growth <= 1 else ["refit_growth"]
        floors = ("min_child_weight", "reg_lambda", "gamma")
        wrong += [name for name in floors if getattr(self, name) < 0]
        if wrong:
            found = ", ".join(f"{n} = {getattr(self, n)}" for n in wrong)
            raise ConfigError(
                f"The booster options cannot be used: {found}.",
                fix="shares lie in (0, 1], counts are 1 or more, growth lies "
                "in [0, 1], penalties are 0 or more.",
            )


@dataclass(frozen=True, slots=True)
class ClassifierOptions:
    """How the classifier is fitted and judged.

    Parameters
    ----------
    xgboost
        Settings of the boosted trees.
    baselines
        Names of the baselines to compare with; empty means all but those that are
        asked only by name.
    families
        Feature families; ``None`` means the default ones.
    bootstrap_draws
        Bootstrap draws of test customers behind each interval.
    seed
        Start of every random draw.
    threads
        Threads of one fit; they never change a result.
    decision_rule
        The rule that names one segment (`decision.DecisionRule`): ``argmax``, ``balanced``
        or ``cost``.
    calibration
        ``none``: probabilities are used as they are, and their errors are told.
        ``proven``: the model's are mended where rehearsals prove it.
    alpha
        Share of customers whose segment may be outside their prediction set.
    """

    xgboost: XgboostOptions = field(default_factory=XgboostOptions)
    baselines: tuple[str, ...] = ()
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
                f"The classifier options cannot be used: decision = {self.decision_rule}, "
                f"calibration = {self.calibration}, alpha = {self.alpha}.",
                fix=f"decision is one of {', '.join(DECISION_RULES)}, calibration of "
                f"{', '.join(CALIBRATION_MODES)}; alpha is between 0 and 1.",
            )
        if self.bootstrap_draws < 100 or self.threads < 1 or self.seed < 0:
            raise ConfigError(
                f"The classifier options cannot be used: draws = {self.bootstrap_draws}, "
                f"threads = {self.threads}, seed = {self.seed}.",
                fix="draws are 100 or more, threads 1 or more, the seed 0 or more.",
            )
