"""Customers and their order times in the three worlds of the sample shop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.data.sample import options as clock
from segpredict.data.sample.options import SampleShopOptions

SAMPLE_HORIZON = 91  # the two test worlds are exact on windows of this many days
LATENT_CLASSES = ("Core", "Regular", "Occasional", "One-timer")
CLASS_SHARES = (0.10, 0.25, 0.45, 0.20)
DRIFTED_SHARES = (0.04, 0.14, 0.42, 0.40)  # classes of customers who arrive after a drift
SAMPLE_COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands")
FOREIGN_SHARES = (0.18, 0.10, 0.07, 0.05)  # share of customers outside the UK, by class
N_CATEGORIES = 8

# One column a class: order rate ~ Gamma(shape, scale of days), drop-out ~ Beta(1, b),
# order value ~ Gamma(6.25, ν) with ν ~ Gamma(3.74, v); share of lines sent back.
RATE_SHAPE = np.array([4.0, 3.0, 1.5, 0.5])
RATE_DAYS = np.array([18.0, 45.0, 110.0, 700.0])
DROP_B = np.array([30.0, 12.0, 6.0, 0.5])
SPEND_V = np.array([60.0, 35.0, 25.0, 20.0])
SPEND_P, SPEND_Q = 6.25, 3.74
RETURN_RATES = np.array([0.04, 0.03, 0.02, 0.03])


@dataclass(frozen=True)
class SampleCustomers:
    """True attributes of each customer, which no shop observes."""

    latent: IntArray
    first_day: FloatArray
    rate: FloatArray
    regularity: IntArray
    drop: FloatArray
    spend_mean: FloatArray
    returns: FloatArray
    country: IntArray
    favourite_category: FloatArray
    tier: IntArray
    sensitivity: IntArray
    is_treated: NDArray[np.bool_]
    effect: FloatArray


@dataclass(frozen=True)
class SampleOrders:
    """Orders by time: customer, day and approximate value."""

    customer: IntArray
    time: FloatArray
    value: FloatArray
    is_alive: NDArray[np.bool_]
    days: int


def _draw(
    rng: np.random.Generator, n: int, activity: FloatArray, options: SampleShopOptions
) -> SampleCustomers:
    people = _of_classes(rng, n, activity, options, CLASS_SHARES)
    if options.drift_day is None:
        return people
    # Customers who arrive after the drift are drawn from the other shares, on the same day.
    other = _of_classes(rng, n, activity, options, DRIFTED_SHARES)
    is_late = people.first_day >= options.drift_day
    mixed = {
        name: np.where(is_late.reshape(-1, *[1] * (mine.ndim - 1)), yours, mine)
        for (name, mine), yours in zip(vars(people).items(), vars(other).values(), strict=True)
    }
    return SampleCustomers(**{**mixed, "first_day": people.first_day})


def _of_classes(
    rng: np.random.Generator,
    n: int,
    activity: FloatArray,
    options: SampleShopOptions,
    shares: tuple[float, ...],
) -> SampleCustomers:
    latent = rng.choice(len(LATENT_CLASSES), n, p=shares)
    shape = RATE_SHAPE[latent]
    rate = rng.gamma(shape) / (shape * RATE_DAYS[latent])
    taste = rng.gamma(_tastes()[latent])
    abroad = rng.random(n) < np.array(FOREIGN_SHARES)[latent]
    # A separate stream: draws for the options change no other draw.
    side = rng.spawn(1)[0]
    is_treated = (side.random(n) < 0.5) & (options.treated_day is not None)
    return SampleCustomers(
        latent=latent,
        first_day=_arrivals(rng, n, activity),
        rate=np.maximum(rate, 1e-7),
        regularity=rng.choice([1, 2, 4], n, p=options.regularity),
        drop=rng.beta(1.0, DROP_B[latent]),
        spend_mean=SPEND_P / (rng.gamma(SPEND_Q, size=n) / SPEND_V[latent]),
        returns=RETURN_RATES[latent] * rng.gamma(2.0, 0.5, n),
        country=np.where(abroad, rng.integers(1, len(SAMPLE_COUNTRIES), n), 0),
        favourite_category=taste / taste.sum(axis=1, keepdims=True),
        tier=side.integers(0, 3, n),
        sensitivity=side.integers(0, len(clock.SENSITIVITY_LEVELS), n),
        is_treated=is_treated,
        effect=np.where(is_treated, options.uplift * clock.PROMOTION_LIFT[latent], 0.0),
    )


def _tastes() -> FloatArray:
    """Return the Dirichlet weights of each class: each leans to its own categories."""
    weights = np.full((len(LATENT_CLASSES), N_CATEGORIES), 0.5)
    for i in range(len(LATENT_CLASSES)):
        weights[i, [2 * i, 2 * i + 1]] = 1.5
    return weights


def _arrivals(rng: np.random.Generator, n: int, activity: FloatArray) -> FloatArray:
    """Draw first orders: first the existing customers of the shop, then growth."""
    days = activity.size
    day = np.arange(days)
    met, grown = np.exp(-day / 40.0), (1 + 0.3 * day / days) * activity
    weights = 0.3 * met / met.sum() + 0.7 * grown / grown.sum()
    return rng.choice(days, n, p=weights) + rng.random(n)


def _shop(
    rng: np.random.Generator,
    n: int,
    days: int,
    calendar: tuple[int, int],
    options: SampleShopOptions,
) -> tuple[SampleCustomers, SampleOrders]:
    """BG/NBD customers on a seasonal clock: buying stops for good after some order."""
    busy = clock.drifted_activity(clock.seasonal_activity(days, *calendar), options)
    people = _draw(rng, n, busy, options)
    clocks = clock.customer_clocks(busy, options, people.sensitivity, people.effect)
    everyone, end = np.arange(n), clocks.end_times
    now = clocks.to_customer_time(everyone, people.first_day)
    is_alive = np.ones(n, dtype=bool)
    active = everyone
    customers, times = [active], [now.copy()]
    while active.size:
        k = people.regularity[active]
        now[active] += rng.gamma(k) / (k * people.rate[active])
        active = active[now[active] < end[active]]
        customers.append(active)
        times.append(now[active])
        stops = rng.random(active.size) < people.drop[active]
        is_alive[active[stops]] = False
        active = active[~stops]
    customer = np.concatenate(customers)
    time = clocks.to_calendar_time(customer, np.concatenate(times))
    value = people.spend_mean[customer] * rng.gamma(SPEND_P, 1 / SPEND_P, customer.size)
    return people, SampleOrders(customer, time, value, is_alive, days)


def _alike(n: int, rate: float) -> SampleCustomers:
    """Return customers with equal parameters."""
    return SampleCustomers(
        latent=np.full(n, 1),
        first_day=np.zeros(n),
        rate=np.full(n, rate),
        regularity=np.ones(n, dtype=np.int64),
        drop=np.zeros(n),
        spend_mean=np.full(n, 40.0),
        returns=np.zeros(n),
        country=np.zeros(n, dtype=np.int64),
        favourite_category=np.full((n, N_CATEGORIES), 1 / N_CATEGORIES),
        tier=np.zeros(n, dtype=np.int64),
        sensitivity=np.zeros(n, dtype=np.int64),
        is_treated=np.zeros(n, dtype=bool),
        effect=np.zeros(n),
    )


def _noise(
    rng: np.random.Generator, n: int, days: int, *_: object
) -> tuple[SampleCustomers, SampleOrders]:
    """One Poisson process for all: the future does not depend on the past.

    A Poisson count with uniform times is drawn afresh for every stretch of days,
    whatever day it starts on, so no history can predict the future.
    """
    people = _alike(n, 1.5 / SAMPLE_HORIZON)
    customer = np.repeat(np.arange(n), rng.poisson(people.rate[0] * days, n))
    time = rng.random(customer.size) * days
    value = 40.0 * rng.gamma(2.0, 0.5, customer.size)
    return people, SampleOrders(customer, time, value, np.ones(n, dtype=bool), days)


def _deterministic(
    rng: np.random.Generator, n: int, days: int, *_: object
) -> tuple[SampleCustomers, SampleOrders]:
    """Clockwork: evenly spread orders of one value, so the past fixes the future.

    A quarter of the customers orders once in two horizons: they move at every origin,
    and the days since the last order say where to.
    """
    per_horizon = rng.choice([0.5, 1.0, 2.0, 4.0, 7.0], n, p=[0.25, 0.2, 0.2, 0.2, 0.15])
    value = rng.choice(np.array([20.0, 60.0, 200.0]), n)
    gap = SAMPLE_HORIZON / per_horizon
    counts = np.ceil(days / gap).astype(np.int64)
    customer = np.repeat(np.arange(n), counts)
    nth = np.arange(customer.size) - np.repeat(np.cumsum(counts) - counts, counts)
    time = (rng.random(n) * gap)[customer] + nth * gap[customer]
    is_inside = time < days
    customer, time = customer[is_inside], time[is_inside]
    same = _alike(n, 0.0)
    people = SampleCustomers(
        **{**vars(same), "rate": 1 / gap, "spend_mean": value, "latent": _level(gap)}
    )
    return people, SampleOrders(customer, time, value[customer], np.ones(n, dtype=bool), days)


def _level(gap: FloatArray) -> IntArray:
    return np.searchsorted([20.0, 50.0, 100.0], gap).astype(np.int64)


WORLDS: dict[str, Callable[..., tuple[SampleCustomers, SampleOrders]]] = {
    "shop": _shop,
    "noise": _noise,
    "deterministic": _deterministic,
}
