"""Time as whole days: what is known at a cutoff, and what is to be predicted.

All intervals are half-open, ``[start, end)``. A day is a whole number, counted from
1970-01-01, so no clock, zone or rounding can move a boundary::

    history      start                    cutoff   outcome_start      outcome_end
       ├───────────┼────────── lookback ─────┤── gap ──├──── horizon ────┤
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from segpredict.errors import ConfigError

DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 364  # whole weeks, so that a year later is the same weekday

EPOCH = date(1970, 1, 1)


def day_number(when: date | str | int) -> int:
    """Return a day as a whole number of days since 1970-01-01.

    Examples
    --------
    >>> day_number("1970-01-31")
    30
    """
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when)
        except ValueError:
            raise ConfigError(f"{when!r} is not a date.", fix="write it as YYYY-MM-DD.") from None
    return when if isinstance(when, int) else (when - EPOCH).days


def as_date(day: int) -> date:
    """Return the date of a day number.

    Examples
    --------
    >>> as_date(30).isoformat()
    '1970-01-31'
    """
    return EPOCH + timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Window:
    """A cutoff with its look-back and its outcome window.

    Parameters
    ----------
    cutoff
        The day T (a day number). An event counts as known only if its day is before it.
    lookback
        Days before the cutoff from which features are taken and that make a customer eligible.
    gap
        Days between the cutoff and the start of the outcome.
    horizon
        Days of the outcome.
    max_history
        Days before the cutoff to which lifetime features are capped.
    first_day
        The day the data begin; nothing before it was observed. ``None`` if unknown.

    Raises
    ------
    ConfigError
        When a length is not a whole number of days above zero (gap: zero or more).

    Notes
    -----
    The defaults are whole weeks, so every window holds the same mix of weekdays.

    Examples
    --------
    >>> w = Window(day_number("2011-09-10"))
    >>> w.format_part("outcome")
    '2011-09-10 to 2011-12-09'
    """

    cutoff: int
    lookback: int = 364
    gap: int = 0
    horizon: int = 91
    max_history: int = 728
    first_day: int | None = None

    def __post_init__(self) -> None:
        lengths = ("lookback", "horizon", "max_history")
        short = [name for name in lengths if getattr(self, name) < 1]
        if short or self.gap < 0:
            names = ", ".join(short or ["gap"])
            raise ConfigError(
                f"A window needs a positive {names}.", fix="give whole days above zero."
            )

    @property
    def start(self) -> int:
        """First day of the look-back."""
        return self.cutoff - self.lookback

    @property
    def history_start(self) -> int:
        """First day that lifetime features may see."""
        return self.cutoff - max(self.max_history, self.lookback)

    @property
    def outcome_start(self) -> int:
        """First day of the outcome."""
        return self.cutoff + self.gap

    @property
    def outcome_end(self) -> int:
        """Day after the last day of the outcome."""
        return self.outcome_start + self.horizon

    @property
    def covered_days(self) -> int:
        """Days of the look-back on which the shop was really observed."""
        if self.first_day is None:
            return self.lookback
        return max(0, min(self.lookback, self.cutoff - self.first_day))

    def at_cutoff(self, cutoff: int) -> "Window":
        """Return the same window at another cutoff."""
        return replace(self, cutoff=cutoff)

    def format_part(self, which: str = "lookback") -> str:
        """Return the first and last day of a part, as text."""
        first, end = {
            "lookback": (self.start, self.cutoff),
            "outcome": (self.outcome_start, self.outcome_end),
        }[which]
        return f"{as_date(first)} to {as_date(end - 1)}"


def rolling_origins(last: Window, step: int, earliest: int) -> Iterator[Window]:
    """Yield the same window at earlier and earlier cutoffs, newest first.

    Examples
    --------
    >>> [w.cutoff for w in rolling_origins(Window(500), step=28, earliest=440)]
    [500, 472, 444]
    """
    for cutoff in range(last.cutoff, earliest - 1, -step):
        yield last.at_cutoff(cutoff)
