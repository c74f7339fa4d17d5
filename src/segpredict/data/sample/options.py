"""Options of the sample shop; the defaults give the plain shop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.errors import UsageError


@dataclass(frozen=True, slots=True)
class SampleShopOptions:
    """How the world ``shop`` differs from its plain form.

    Raises
    ------
    UsageError
        When a share is not between 0 and 1 or a length is negative.
    """

    # shares of customers whose gaps are Gamma(k, kλ) with k = 1, 2 and 4: random, regular, very
    # regular
    regularity: tuple[float, float, float] = (0.6, 0.25, 0.15)
    # how much a promotion speeds up the customers most sensitive to it: 1 means e¹ = 2.7 times as
    # many orders in its week. There are six a year, and prices are a fifth lower.
    promotions: float = 0.0
    tiers: float = 0.0  # share of lines bought in the customer's own price tier
    # how informative demographics are about the latent class, from 0 (nothing) to 1
    informative: float = 0.5
    sessions: bool = False  # whether to draw web sessions
    return_days: float = 14.0  # mean days until a line is sent back
    # share of orders cancelled within minutes; of lines written twice; of lines at price zero
    cancelled: float = 0.012
    duplicates: float = 0.005
    free: float = 0.003
    guests: float = 0.12  # customers without an id, per customer with one
    # the day (0 is the first) from which new customers are of other classes and the season is
    # weaker; ``None`` is never
    drift_day: int | None = None
    # from that day on a random half of the customers is treated: those of the class Occasional
    # order ``1 + uplift`` times as often, Regular ones ``1 + uplift / 2`` times, Core customers as
    # before and One-timers ``1 - uplift / 2`` times, so those most at risk are not those whom a
    # treatment helps most
    treated_day: int | None = None
    uplift: float = 0.3

    def __post_init__(self) -> None:
        shares = ("tiers", "informative", "cancelled", "duplicates", "free", "uplift")
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(
                    f"{name} = {getattr(self, name)} is no share.",
                    fix="give a number from 0 to 1.",
                )
        lengths = ("promotions", "guests", "return_days")
        if min(getattr(self, name) for name in lengths) < 0:
            raise UsageError(f"{', '.join(lengths)} must not be negative.", fix="give 0 or more.")
        if min(self.regularity) < 0 or abs(sum(self.regularity) - 1) > 1e-9:
            raise UsageError(
                f"The shares of regularity, {self.regularity}, do not add up to 1.",
                fix="give three shares, for k = 1, 2 and 4.",
            )


DAYS_PER_YEAR = 365.25
PROMOTIONS_PER_YEAR = 6  # a year, a week each
SENSITIVITY_LEVELS = (0.0, 0.5, 1.0)  # levels of sensitivity to them
PROMOTION_LIFT = np.array([0.0, 0.5, 1.0, -0.5])  # share of the uplift, by class
DRIFT_FACTOR = 0.3  # the exponent of the season after a drift


def seasonal_activity(days: int, weekday: int, day_of_year: int) -> FloatArray:
    """Return the activity of each day: a yearly wave, a peak before Christmas, a week."""
    day = np.arange(days)
    phase = (day + day_of_year) % DAYS_PER_YEAR
    bump = 0.7 * np.exp(-0.5 * ((phase - 322) / 18) ** 2)
    week = np.array([1.1, 1.15, 1.15, 1.25, 1.0, 0.05, 0.7])[(day + weekday) % 7]
    busy = np.exp(0.1 * np.cos(2 * np.pi * phase / DAYS_PER_YEAR) + bump) * week
    return np.asarray(busy / busy.mean())


def drifted_activity(activity: FloatArray, options: SampleShopOptions) -> FloatArray:
    """Return the season, weaker from the day of the drift on."""
    if options.drift_day is None:
        return activity
    day = np.arange(activity.size)
    return np.asarray(np.where(day < options.drift_day, activity, activity**DRIFT_FACTOR))


def is_promoted(days: int) -> NDArray[np.bool_]:
    """Return the days on which prices are lower: a week in every 61 days."""
    return np.asarray(np.arange(days) % round(DAYS_PER_YEAR / PROMOTIONS_PER_YEAR) < 7)


@dataclass(frozen=True)
class CustomerClocks:
    """Customer time, which runs faster when customers are more active; one clock a group."""

    ticks: FloatArray  # one row per clock: customer time at the start of each day and at the end
    clock_of: IntArray  # each customer's clock

    @property
    def end_times(self) -> FloatArray:
        """Customer time at the end, for each customer."""
        return np.asarray(self.ticks[self.clock_of, -1])

    def to_customer_time(self, customer: IntArray, time: FloatArray) -> FloatArray:
        """Return felt time for days of the calendar."""
        return self._through(customer, time, back=False)

    def to_calendar_time(self, customer: IntArray, customer_time: FloatArray) -> FloatArray:
        """Return days of the calendar for felt time."""
        return self._through(customer, customer_time, back=True)

    def _through(self, customer: IntArray, values: FloatArray, *, back: bool) -> FloatArray:
        grid = np.arange(self.ticks.shape[1], dtype=float)
        whose, found = self.clock_of[customer], np.empty(values.size)
        for i, tick in enumerate(self.ticks):
            here = whose == i
            known, sought = (tick, grid) if back else (grid, tick)
            found[here] = np.interp(values[here], known, sought)
        return found


def customer_clocks(
    activity: FloatArray, options: SampleShopOptions, sensitivity: IntArray, effect: FloatArray
) -> CustomerClocks:
    """Return the clocks of customers who differ in sensitivity and in treatment."""
    kinds, whose = np.unique(np.column_stack([sensitivity, effect]), axis=0, return_inverse=True)
    day, pulse = np.arange(activity.size), is_promoted(activity.size)
    begun = day >= (activity.size if options.treated_day is None else options.treated_day)
    rows = [
        activity
        * np.exp(options.promotions * SENSITIVITY_LEVELS[int(level)] * pulse)
        * (1 + gain * begun)
        for level, gain in kinds
    ]
    felt = np.cumsum(np.array(rows), axis=1)
    return CustomerClocks(np.pad(felt, ((0, 0), (1, 0))), whose.reshape(-1))
