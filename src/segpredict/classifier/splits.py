"""Schedule the origins: what each model may be trained on, and the test cutoffs.

An origin is a cutoff whose outcome is complete; a fold is a test cutoff with its origins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from segpredict.config.classifier import TimeOptions
from segpredict.core.window import DAYS_PER_WEEK, Window, as_date
from segpredict.errors import TooShortHistoryError

CANDIDATE_HORIZONS = (7, 14, 28, 56, 91, 182, 364)  # horizons to suggest, in days
LOOKBACK_HORIZONS = 4  # horizons in a suggested look-back, as by default
MIN_TRAIN_ORIGINS = 6  # training origins that an older test needs
VALIDATION_ORIGINS = 2  # origins at the end of training on which segmentations are compared
DRIFT_THRESHOLD = 0.25  # relative difference in observed days that deserves a warning
INNER_FOLDS = 3  # windows before the first test that are forecast as well, at most


@dataclass(frozen=True, slots=True)
class Fold:
    """A cutoff to forecast from, and its training origins.

    >>> split(500, (100, 200, 300), 91).validation_origins
    (200, 300)
    """

    cutoff: int  # the day T* (a day number)
    train_origins: tuple[int, ...]  # origins whose outcome is complete by T*, oldest first
    # the part of `train_origins` whose outcomes end before the first validation origin
    fit_origins: tuple[int, ...]
    # the newest origins of `train_origins`; empty where history is too short to split
    validation_origins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """All cutoffs of a run.

    >>> plan = schedule_folds(0, 728, TimeOptions())
    >>> plan.production_fold.cutoff, plan.cutoffs[-1]
    (728, 728)
    """

    time: TimeOptions  # the options behind it
    # the data cover ``[first_day, end_day)``
    first_day: int
    end_day: int
    # test folds with disjoint outcome windows, oldest first; the last is the final test
    test_folds: tuple[Fold, ...]
    production_fold: Fold  # the fold of the selected model: its cutoff is the end of the data
    # windows before the first test, oldest first: the inner validation. Their outcomes are
    # complete by the first test.
    inner_folds: tuple[Fold, ...] = ()
    notes: tuple[str, ...] = ()  # what had to be relaxed, as sentences

    @property
    def folds(self) -> tuple[Fold, ...]:
        """Every fold, oldest first: inner validation, tests, production."""
        return (*self.inner_folds, *self.test_folds, self.production_fold)

    @property
    def history_warnings(self) -> list[str]:
        """Warnings where training origins had much less history than their test."""
        found = []
        if self.time.lookback <= self.time.horizon:
            found.append(
                f"With a look-back of {self.time.lookback} days for a horizon of "
                f"{self.time.horizon} nobody can be inactive today: do not compare shares of "
                "Inactive now and later. Take "
                f"time.lookback={LOOKBACK_HORIZONS * self.time.horizon}."
            )
        for fold in self.test_folds:
            cutoffs = (*fold.train_origins, fold.cutoff)
            seen = [self.time.window_at(day, self.first_day).covered_days for day in cutoffs]
            usual = sum(seen[:-1]) / len(fold.train_origins)
            if seen[-1] > usual * (1 + DRIFT_THRESHOLD):
                found.append(
                    f"At {as_date(fold.cutoff)} customers had {seen[-1]} observed days, in "
                    f"training {usual:.0f} on average: ages differ between the two."
                )
        return found

    @property
    def production_windows(self) -> tuple[list[Window], Window]:
        """The windows that the selected model learns from, and the one that it forecasts."""
        fold, at = self.production_fold, self.time.window_at
        return [at(day) for day in fold.train_origins], at(fold.cutoff)

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """Every cutoff of the run, oldest first."""
        return tuple(sorted({day for f in self.folds for day in (*f.train_origins, f.cutoff)}))

    @property
    def windows(self) -> tuple[Window, ...]:
        """The window of every cutoff, oldest first."""
        return tuple(self.time.window_at(day, self.first_day) for day in self.cutoffs)

    @property
    def segmentation_windows(self) -> tuple[tuple[int, int], ...]:
        """Windows on which a segmentation may be fitted without using any test outcome.

        Current and outcome windows of the training origins of the earliest test; all
        of them end on or before its cutoff.
        """
        days = self.test_folds[0].train_origins
        ends = {day + ahead for day in days for ahead in (0, self.time.days_to_outcome)}
        return tuple((end - self.time.horizon, end) for end in sorted(ends))


def schedule_folds(first_day: int, end_day: int, time: TimeOptions) -> Schedule:
    """Return the test folds and the production fold that a span of data allows.

    * `first_day`, `end_day`, `time`: the data cover ``[first_day, end_day)`` (day numbers);
      lengths, in days.

    Raises `TooShortHistoryError` when not even one training origin is complete before a test
    cutoff.

    Test cutoffs count back in whole horizons from the newest one whose outcome is settled. Training
    origins of a test T* count back from T* − settle − gap − horizon in steps of which a whole
    number make a horizon, so that all folds share their origins, down to first_day + max(horizon,
    lookback / 2): before that day too little history was observed. An older test needs six training
    origins; the newest one is run with fewer, with a note. Windows before
    the first test are the inner validation: what is selected there was never compared on a test.

    >>> plan = schedule_folds(0, 728, TimeOptions())
    >>> [fold.cutoff for fold in plan.test_folds]
    [455, 546, 637]
    >>> plan.test_folds[0].validation_origins
    (336, 364)
    """
    newest = end_day - time.days_to_complete
    production = _fold(end_day, first_day, time)
    final = _fold(newest, first_day, time)
    if not final.train_origins:
        needed = _earliest(first_day, time) - first_day + 2 * time.days_to_complete
        shorter = next(iter(lengths_with_test(first_day, end_day, time)), None)
        fix = describe_lengths(shorter, time) if shorter else _wait(first_day, end_day, time)
        raise TooShortHistoryError("A test", end_day - first_day, needed, fix)
    older = [_fold(newest - i * time.horizon, first_day, time) for i in range(1, time.test_windows)]
    sound = [fold for fold in reversed(older) if len(fold.train_origins) >= MIN_TRAIN_ORIGINS]
    outer = (*sound, final)
    # Where data settle late, the outcome of a window is not known on the day of the next one.
    apart = -(-time.days_to_complete // time.horizon) * time.horizon
    before = [
        _fold(outer[0].cutoff - apart - i * time.horizon, first_day, time)
        for i in range(INNER_FOLDS)
    ]
    inner = tuple(fold for fold in reversed(before) if fold.train_origins)
    notes = tuple(_notes(final, outer, time))
    return Schedule(time, first_day, end_day, outer, production, inner, notes)


def lengths_with_test(first_day: int, end_day: int, time: TimeOptions) -> list[TimeOptions]:
    """Return other horizons and look-backs for which this span of data allows a test.

    Longer horizons first, then shorter ones, the longest first, with the look-back as it is;
    last those with a look-back of four horizons, as by default.
    """
    longer = [h for h in CANDIDATE_HORIZONS if h > time.horizon]
    shorter = [h for h in reversed(CANDIDATE_HORIZONS) if h < time.horizon]
    lengths = [replace(time, horizon=h) for h in (*longer, *shorter)]
    lengths += [
        replace(time, horizon=h, lookback=LOOKBACK_HORIZONS * h)
        for h in (time.horizon, *longer, *shorter)
        if LOOKBACK_HORIZONS * h != time.lookback
    ]
    folds = (_fold(end_day - each.days_to_complete, first_day, each) for each in lengths)
    return [each for each, fold in zip(lengths, folds, strict=True) if fold.train_origins]


def describe_lengths(found: TimeOptions, time: TimeOptions) -> str:
    """Return the settings that change one choice of lengths into the other, as an instruction."""
    changed = [n for n in ("horizon", "lookback") if getattr(found, n) != getattr(time, n)]
    settings = " ".join(f"--set time.{name}={getattr(found, name)}" for name in changed)
    return f"{settings} (tried: these data allow it)."


def _wait(first_day: int, end_day: int, time: TimeOptions) -> str:
    """Return how much more data the shortest horizon needs."""
    horizon = CANDIDATE_HORIZONS[0]
    lookback = min(time.lookback, LOOKBACK_HORIZONS * horizon)
    least = replace(time, horizon=horizon, lookback=lookback)
    needed = _earliest(0, least) + 2 * least.days_to_complete - (end_day - first_day)
    weeks = -(-needed // DAYS_PER_WEEK)
    return (
        f"add history: with {weeks} more {'week' if weeks == 1 else 'weeks'} the shortest horizon, "
        f"{least.horizon} days, could be tested; until then there is nothing to forecast from."
    )


def _earliest(first_day: int, time: TimeOptions) -> int:
    return first_day + max(time.horizon, -(-time.lookback // 2))


def _fold(cutoff: int, first_day: int, time: TimeOptions) -> Fold:
    newest, earliest = cutoff - time.days_to_complete, _earliest(first_day, time)
    steps = (newest - _days_back(i, time) for i in range(time.max_origins))
    training = tuple(day for day in steps if day >= earliest)[::-1]
    return split(cutoff, training, time.days_to_complete)


def _days_back(place: int, time: TimeOptions) -> int:
    """Return how many days the origin at a place lies before the newest one.

    A whole number of origins make a horizon, in whole weeks where the horizon is, so that an
    origin of one fold is an origin of the others.
    """
    count = min(time.horizon, max(1, round(time.horizon / time.step)))
    has_weeks = time.horizon % DAYS_PER_WEEK == 0 and time.horizon >= count * DAYS_PER_WEEK
    unit = DAYS_PER_WEEK if has_weeks else 1
    whole, rest = divmod(place, count)
    return whole * time.horizon + round(rest * time.horizon / count / unit) * unit


def split(cutoff: int, training: tuple[int, ...], complete: int) -> Fold:
    """Return the fold of a cutoff whose training origins are known."""
    for count in range(VALIDATION_ORIGINS, 0, -1):
        validation = training[-count:]
        fitting = tuple(day for day in training if day + complete <= validation[0])
        if fitting:
            return Fold(cutoff, training, fitting, validation)
    return Fold(cutoff, training, (), ())


def _notes(final: Fold, outer: tuple[Fold, ...], time: TimeOptions) -> Iterable[str]:
    day = as_date(final.cutoff)
    if len(outer) < time.test_windows:
        yield (
            f"The data allow {len(outer)} of {time.test_windows} disjoint test windows; "
            "read the result as that many observations."
        )
    if len(final.train_origins) < MIN_TRAIN_ORIGINS:
        yield (
            f"The final test of {day} has {len(final.train_origins)} training origins; "
            f"{MIN_TRAIN_ORIGINS} or more are usual."
        )
