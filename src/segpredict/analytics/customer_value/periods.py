"""Future windows and their discount factors."""

from dataclasses import dataclass

CALENDAR_DAYS_PER_YEAR = 365  # days to which a yearly rate belongs


@dataclass(frozen=True, slots=True)
class ValuePeriod:
    """One future window.

    Examples
    --------
    >>> value_periods(91, 0, 91)
    (ValuePeriod(start=0, end=91, share=1.0, discount_factor=1.0),)
    """

    # days after the cutoff, ``[start, end)``
    start: int
    end: int
    share: float  # of a whole window; below 1 only for the last one
    discount_factor: float  # present value on the cutoff of one unit of money at its end


def value_periods(horizon: int, gap: int, days: int, rate: float = 0.0) -> tuple[ValuePeriod, ...]:
    """Return the windows of the days after the gap, oldest first.

    The discount is (1 + rate)^(−end / 365): money counts as if it came at the end of its window.

    >>> [(each.start, each.end, each.share) for each in value_periods(182, 7, 273)]
    [(7, 189, 1.0), (189, 280, 0.5)]
    >>> round(value_periods(365, 0, 365, 0.1)[0].discount_factor, 4)
    0.9091
    """
    found = []
    for start in range(gap, gap + days, horizon):
        end = min(start + horizon, gap + days)
        factor = (1 + rate) ** (-end / CALENDAR_DAYS_PER_YEAR)
        found.append(ValuePeriod(start, end, (end - start) / horizon, factor))
    return tuple(found)
