"""The clocks of the sample shop: what makes time run faster for whom."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segpredict.core.arrays import Floats, Ints
from segpredict.sources._sample_options import Options

SOLAR_YEAR = 365.25
PROMOTIONS = 6  # a year, a week each
SENSITIVE = (0.0, 0.5, 1.0)  # levels of sensitivity to them
LIFT = np.array([0.0, 0.5, 1.0, -0.5])  # share of the uplift, by class
WEAKER = 0.3  # the exponent of the season after a drift


def season(days: int, weekday: int, day_of_year: int) -> Floats:
    """Return how busy each day is: a yearly wave, a bump before Christmas, a week."""
    day = np.arange(days)
    phase = (day + day_of_year) % SOLAR_YEAR
    bump = 0.7 * np.exp(-0.5 * ((phase - 322) / 18) ** 2)
    week = np.array([1.1, 1.15, 1.15, 1.25, 1.0, 0.05, 0.7])[(day + weekday) % 7]
    busy = np.exp(0.1 * np.cos(2 * np.pi * phase / SOLAR_YEAR) + bump) * week
    return np.asarray(busy / busy.mean())


def drifted(busy: Floats, options: Options) -> Floats:
    """Return the season, weaker from the day of the drift on."""
    if options.drift_day is None:
        return busy
    day = np.arange(busy.size)
    return np.asarray(np.where(day < options.drift_day, busy, busy**WEAKER))


def is_promoted(days: int) -> NDArray[np.bool_]:
    """Return the days on which prices are lower: a week in every 61 days."""
    return np.asarray(np.arange(days) % round(SOLAR_YEAR / PROMOTIONS) < 7)


@dataclass(frozen=True)
class Clocks:
    """Time as customers feel it: one clock a kind of customer.

    Parameters
    ----------
    ticks
        One row a clock: felt time at the start of each day and at the end.
    whose
        Each customer's clock.
    """

    ticks: Floats
    whose: Ints

    @property
    def end(self) -> Floats:
        """Felt time at the end, for each customer."""
        return np.asarray(self.ticks[self.whose, -1])

    def felt(self, customer: Ints, time: Floats) -> Floats:
        """Return felt time for days of the calendar."""
        return self._through(customer, time, back=False)

    def calendar(self, customer: Ints, felt: Floats) -> Floats:
        """Return days of the calendar for felt time."""
        return self._through(customer, felt, back=True)

    def _through(self, customer: Ints, values: Floats, *, back: bool) -> Floats:
        grid = np.arange(self.ticks.shape[1], dtype=float)
        whose, found = self.whose[customer], np.empty(values.size)
        for i, tick in enumerate(self.ticks):
            here = whose == i
            known, sought = (tick, grid) if back else (grid, tick)
            found[here] = np.interp(values[here], known, sought)
        return found


def clocks(busy: Floats, options: Options, sensitivity: Ints, effect: Floats) -> Clocks:
    """Return the clocks of customers who differ in sensitivity and in treatment.

    Parameters
    ----------
    busy
        How busy each day is, for those whom nothing moves.
    options
        Strength of promotions and day of the treatment.
    sensitivity
        Level of each customer, a place in `SENSITIVE`.
    effect
        What the treatment does to each customer's rate: 0 is nothing.
    """
    kinds, whose = np.unique(
        np.column_stack([sensitivity, effect]), axis=0, return_inverse=True
    )
    day, pulse = np.arange(busy.size), is_promoted(busy.size)
    begun = day >= (busy.size if options.treated_day is None else options.treated_day)
    rows = [
        busy
        * np.exp(options.promotions * SENSITIVE[int(level)] * pulse)
        * (1 + gain * begun)
        for level, gain in kinds
    ]
    felt = np.cumsum(np.array(rows), axis=1)
    return Clocks(np.pad(felt, ((0, 0), (1, 0))), whose.reshape(-1))
