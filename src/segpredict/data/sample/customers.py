"""Customers of the sample shop, and when they order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segpredict.core.arrays import FloatArray, IntArray

LATENT_CLASSES = ("Core", "Regular", "Occasional", "One-timer")
CLASS_SHARES = (0.10, 0.25, 0.45, 0.20)
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
# Shares of customers whose gaps are Gamma(k, kλ), k = 1, 2 and 4: random, regular, very regular.
REGULARITY_SHARES = (0.6, 0.25, 0.15)
# Dirichlet weights: each class leans to two categories of its own.
TASTES = 0.5 + np.repeat(np.eye(len(LATENT_CLASSES)), N_CATEGORIES // len(LATENT_CLASSES), axis=1)
DAYS_PER_YEAR = 365.25


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


@dataclass(frozen=True)
class SampleOrders:
    """Orders by time: customer, day and approximate value."""

    customer: IntArray
    time: FloatArray
    value: FloatArray
    is_alive: NDArray[np.bool_]


def seasonal_activity(days: int, weekday: int, day_of_year: int) -> FloatArray:
    """Return the activity of each day: a yearly wave, a peak before Christmas, a week."""
    day = np.arange(days)
    phase = (day + day_of_year) % DAYS_PER_YEAR
    bump = 0.7 * np.exp(-0.5 * ((phase - 322) / 18) ** 2)
    week = np.array([1.1, 1.15, 1.15, 1.25, 1.0, 0.05, 0.7])[(day + weekday) % 7]
    busy = np.exp(0.1 * np.cos(2 * np.pi * phase / DAYS_PER_YEAR) + bump) * week
    return np.asarray(busy / busy.mean())


def _of_classes(rng: np.random.Generator, n: int, activity: FloatArray) -> SampleCustomers:
    latent = rng.choice(len(LATENT_CLASSES), n, p=CLASS_SHARES)
    shape = RATE_SHAPE[latent]
    rate = rng.gamma(shape) / (shape * RATE_DAYS[latent])
    taste = rng.gamma(TASTES[latent])
    abroad = rng.random(n) < np.array(FOREIGN_SHARES)[latent]
    return SampleCustomers(
        latent=latent,
        first_day=_arrivals(rng, n, activity),
        rate=np.maximum(rate, 1e-7),
        regularity=rng.choice([1, 2, 4], n, p=REGULARITY_SHARES),
        drop=rng.beta(1.0, DROP_B[latent]),
        spend_mean=SPEND_P / (rng.gamma(SPEND_Q, size=n) / SPEND_V[latent]),
        returns=RETURN_RATES[latent] * rng.gamma(2.0, 0.5, n),
        country=np.where(abroad, rng.integers(1, len(SAMPLE_COUNTRIES), n), 0),
        favourite_category=taste / taste.sum(axis=1, keepdims=True),
    )


def _arrivals(rng: np.random.Generator, n: int, activity: FloatArray) -> FloatArray:
    """Draw first orders: first the existing customers of the shop, then growth."""
    days = activity.size
    day = np.arange(days)
    met, grown = np.exp(-day / 40.0), (1 + 0.3 * day / days) * activity
    weights = 0.3 * met / met.sum() + 0.7 * grown / grown.sum()
    return rng.choice(days, n, p=weights) + rng.random(n)


def draw_customers(
    rng: np.random.Generator, n: int, days: int, calendar: tuple[int, int]
) -> tuple[SampleCustomers, SampleOrders]:
    """Draw BG/NBD customers on a seasonal clock: buying stops for good after some order."""
    busy = seasonal_activity(days, *calendar)
    people = _of_classes(rng, n, busy)
    # Customer time, which runs faster when the shop is busier: at the start of each day, and at
    # the end.
    ticks, calendar_days = np.append(0.0, np.cumsum(busy)), np.arange(days + 1.0)
    now = np.interp(people.first_day, calendar_days, ticks)
    is_alive = np.ones(n, dtype=bool)
    active = np.arange(n)
    customers, times = [active], [now.copy()]
    while active.size:
        k = people.regularity[active]
        now[active] += rng.gamma(k) / (k * people.rate[active])
        active = active[now[active] < ticks[-1]]
        customers.append(active)
        times.append(now[active])
        stops = rng.random(active.size) < people.drop[active]
        is_alive[active[stops]] = False
        active = active[~stops]
    customer = np.concatenate(customers)
    time = np.interp(np.concatenate(times), ticks, calendar_days)
    value = people.spend_mean[customer] * rng.gamma(SPEND_P, 1 / SPEND_P, customer.size)
    return people, SampleOrders(customer, time, value, is_alive)
