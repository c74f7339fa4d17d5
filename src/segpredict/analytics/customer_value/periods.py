"""Future windows and their discount factors."""

from dataclasses import dataclass

CALENDAR_DAYS_PER_YEAR = 365  # days to which a yearly rate belongs


@dataclass(frozen=True, slots=True)
class ValuePeriod:
    """One future window.

    Parameters
    ----------
    start, end
        Days after the cutoff, ``[start, end)``.
    discount_factor
        Present value on the cutoff of one unit of money at its end.

    Examples
    --------
    >>> value_periods(91, 0, 91)
    (ValuePeriod(start=0, end=91, discount_factor=1.0),)
    """

    start: int
    end: int
    discount_factor: float


def value_periods(horizon: int, gap: int, days: int, rate: float = 0.0) -> tuple[ValuePeriod, ...]:
    """Return the windows of the days after the gap, oldest first.

    Parameters
    ----------
    horizon, gap
        Days of a window, and between the cutoff and the first.
    days
        Days that they are to fill; the last window may be cut short.
    rate
        Yearly discount.

    Notes
    -----
    The discount is (1 + rate)^(−end / 365): money counts as if it came at the end of its window.

    Examples
    --------
    >>> [(each.start, each.end) for each in value_periods(182, 7, 273)]
    [(7, 189), (189, 280)]
    >>> round(value_periods(365, 0, 365, 0.1)[0].discount_factor, 4)
    0.9091
    """
    found = []
    for start in range(gap, gap + days, horizon):
        end = min(start + horizon, gap + days)
        factor = (1 + rate) ** (-end / CALENDAR_DAYS_PER_YEAR)
        found.append(ValuePeriod(start, end, factor))
    return tuple(found)
