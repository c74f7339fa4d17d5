"""Future windows and their discount factors."""

from dataclasses import dataclass

CALENDAR_DAYS_PER_YEAR = 365  # days to which a yearly rate belongs


@dataclass(frozen=True, slots=True)
class ValuePeriod:
    """One future window."""

    # days after the cutoff, ``[start, end)``
    start: int
    end: int
    discount_factor: float  # present value on the cutoff of one unit of money at its end


def value_periods(horizon: int, gap: int, days: int, rate: float = 0.0) -> tuple[ValuePeriod, ...]:
    """Return the windows that fill so many days after the gap; the last may be cut short.

    The discount is (1 + rate)^(−end / 365) at a yearly rate: money counts as if it came at the end
    of its window.

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
