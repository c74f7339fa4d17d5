"""How busy the sample shop is on each day, and the clocks by which its customers buy."""

from dataclasses import dataclass

import numpy as np

from segpredict.core.arrays import BoolArray, FloatArray, IntArray

SAMPLE_HORIZON = 91  # days that are known beyond the end
DAYS_PER_YEAR = 365.25
# Sales: two weeks in every quarter, by the day of the year on which they begin.
SALE_STARTS, SALE_DAYS = (2, 106, 183, 316), 14
# Three kinds of customers by how much more they buy while a sale is on.
SALE_KINDS = ("full price", "both", "sales only")
SALE_PULL = (0.0, 1.5, 12.0)


@dataclass(frozen=True)
class ShopClock:
    """The days of the shop, and customer time, which runs faster when the shop is busier."""

    is_sale: BoolArray  # whether a sale is on, by day
    activity: FloatArray  # of each day, 1 on average, without sales
    ticks: FloatArray  # kind of customer × day: customer time at the start of the day

    @classmethod
    def of_days(cls, days: int, weekday: int, day_of_year: int) -> "ShopClock":
        """Return the clock of a shop that opens on a day of the week and of the year."""
        whole = days + SAMPLE_HORIZON
        phase = (np.arange(whole) + day_of_year) % DAYS_PER_YEAR
        is_sale = np.any([(phase >= s) & (phase < s + SALE_DAYS) for s in SALE_STARTS], axis=0)
        busy = seasonal_activity(whole, weekday, day_of_year)
        speed = busy * (1 + np.array(SALE_PULL)[:, None] * is_sale)
        speed /= speed.mean(axis=1, keepdims=True)
        return cls(is_sale, busy, np.pad(speed.cumsum(axis=1), ((0, 0), (1, 0))))

    def to_ticks(self, day: FloatArray, kind: IntArray) -> FloatArray:
        """Return the customer time of moments, each by the clock of its kind of customer."""
        return self._read(day, kind, to_days=False)

    def to_days(self, ticks: FloatArray, kind: IntArray) -> FloatArray:
        """Return the moments at which the clocks show so much."""
        return self._read(ticks, kind, to_days=True)

    def _read(self, values: FloatArray, kind: IntArray, *, to_days: bool) -> FloatArray:
        found, day = np.empty(values.size), np.arange(self.ticks.shape[1], dtype=np.float64)
        for code, ticks in enumerate(self.ticks):
            own = kind == code
            given = (ticks, day) if to_days else (day, ticks)
            found[own] = np.interp(values[own], *given)
        return found


def seasonal_activity(days: int, weekday: int, day_of_year: int) -> FloatArray:
    """Return the activity of each day: a yearly wave, a peak before Christmas, a week."""
    day = np.arange(days)
    phase = (day + day_of_year) % DAYS_PER_YEAR
    bump = 0.7 * np.exp(-0.5 * ((phase - 322) / 18) ** 2)
    week = np.array([1.1, 1.15, 1.15, 1.25, 1.0, 0.05, 0.7])[(day + weekday) % 7]
    busy = np.exp(0.1 * np.cos(2 * np.pi * phase / DAYS_PER_YEAR) + bump) * week
    return np.asarray(busy / busy.mean())
