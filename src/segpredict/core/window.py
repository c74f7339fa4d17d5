"""Time as whole days: what is known at a cutoff, and what is to be predicted.

All intervals are half-open, ``[start, end)``. A day is a whole number, counted from
1970-01-01, so no clock, zone or rounding can move a boundary::

    history      start                    cutoff   outcome_start      outcome_end
       ├───────────┼────────── lookback ─────┤── gap ──├──── horizon ────┤
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from numbers import Integral

from segpredict.errors import ConfigError, quote_value

DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 364  # whole weeks, so that a year later is the same weekday

EPOCH = date(1970, 1, 1)


def day_number(when: object) -> int:
    """Return a day as a whole number of days since 1970-01-01.

    From a date; a moment (``datetime``, pandas ``Timestamp``, NumPy ``datetime64``), which gives
    the day of its own zone; a pandas ``Period`` of a day or less; such text; or the number.

    Raises `ConfigError` when it is none of these, or no day is clear.

    >>> day_number("1970-01-31"), day_number(datetime(1970, 1, 31, 23, 59)), day_number(30)
    (30, 30, 30)
    """
    if not isinstance(when, bool) and isinstance(when, Integral):
        if not date.min.toordinal() <= int(when) + EPOCH.toordinal() <= date.max.toordinal():
            raise ConfigError(
                f"{when} is not a day: a number counts days since {EPOCH}.",
                fix="write it as text: YYYY-MM-DD.",
            )
        return int(when)
    day = _day(when)
    if day is None:
        kind = type(when).__name__
        shown = repr(when) if isinstance(when, str) else f"{quote_value(when)} ({kind})"
        raise ConfigError(f"{shown} is not a date.", fix="write it as YYYY-MM-DD.")
    return (day - EPOCH).days


def _day(when: object) -> date | None:
    """Return the day of a value of any library; ``None`` where there is none."""
    if hasattr(when, "as_py"):  # a value of PyArrow
        when = when.as_py()
    if hasattr(when, "start_time") and hasattr(when, "end_time"):  # a period of pandas
        if when.start_time.date() != when.end_time.date():
            raise _many_days(when)
        when = when.start_time
    if type(when).__name__ == "datetime64":
        unit = str(getattr(when, "dtype", ""))[len("datetime64[") : -1]
        if unit in ("Y", "M", "W"):
            raise _many_days(when)
        when = when.astype("datetime64[D]").item()  # type: ignore[attr-defined]
    if isinstance(when, str):
        when = _parsed(when.strip())
    if isinstance(when, datetime):
        return when.date() if when == when else None  # noqa: PLR0124 - pandas' NaT
    return when if isinstance(when, date) else None


def _parsed(text: str) -> date | None:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _many_days(when: object) -> ConfigError:
    return ConfigError(
        f"{quote_value(when)} is more than one day.", fix="name the day, as YYYY-MM-DD."
    )


def as_date(day: int) -> date:
    """Return the date of a day number.

    >>> as_date(30).isoformat()
    '1970-01-31'
    """
    return EPOCH + timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Window:
    """A cutoff with its look-back and its outcome window.

    An event counts as known only if its day is before the cutoff.

    Raises `ConfigError` when a length is not a whole number of days above zero (gap: zero or more).

    The defaults are whole weeks, so every window holds the same mix of weekdays.

    >>> w = Window(day_number("2011-09-10"))
    >>> as_date(w.outcome_start).isoformat(), as_date(w.outcome_end).isoformat()
    ('2011-09-10', '2011-12-10')
    """

    cutoff: int  # the day T, a day number
    # days before the cutoff from which features are taken and that make a customer eligible
    lookback: int = 364
    gap: int = 0  # days between the cutoff and the start of the outcome
    horizon: int = 91  # days of the outcome
    max_history: int = 728  # days before the cutoff to which lifetime features are capped
    first_day: int | None = None  # the day the data begin; nothing before it was observed

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


def rolling_origins(last: Window, step: int, earliest: int) -> Iterator[Window]:
    """Yield the same window at earlier and earlier cutoffs, newest first.

    >>> [w.cutoff for w in rolling_origins(Window(500), step=28, earliest=440)]
    [500, 472, 444]
    """
    for cutoff in range(last.cutoff, earliest - 1, -step):
        yield last.at_cutoff(cutoff)
