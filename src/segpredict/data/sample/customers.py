"""Customers of the sample shop and their order times."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from segpredict.core.arrays import BoolArray, FloatArray, IntArray
from segpredict.data.sample.shop_clock import ShopClock

LATENT_CLASSES = ("Core", "Regular", "Occasional", "One-timer")
CLASS_SHARES = (0.12, 0.28, 0.40, 0.20)
SAMPLE_COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands")
FOREIGN_SHARES = (0.18, 0.10, 0.07, 0.05)  # share of customers outside the UK, by class
PRODUCT_KINDS = ("LIGHTS", "BAGS", "TEA", "GARDEN", "TOYS", "CARDS", "KITCHEN", "CANDLES")
N_CATEGORIES = len(PRODUCT_KINDS)
PRICE_TIERS = ("budget", "standard", "premium")

# One column a class: order rate ~ Gamma(shape, scale of days); log-odds of leaving after an order;
# order value ~ Gamma(6.25, ν) with ν ~ Gamma(3.74, v).
RATE_SHAPE = np.array([6.0, 5.0, 4.0, 3.0])
RATE_DAYS = np.array([20.0, 40.0, 75.0, 90.0])
LEAVING = np.array([-3.4, -2.6, -1.9, 0.6])
SPEND_V = np.array([60.0, 35.0, 25.0, 20.0])
SPEND_P, SPEND_Q = 6.25, 3.74

# What kinds of customers there are, their shares, and what a kind adds to the log-odds of leaving
# after an order (docs/reference/sample-shop.md).
SALE_SHARES, SALE_EFFECTS = (0.45, 0.25, 0.30), np.array([-1.2, 0.0, 2.2])
TIER_SHARES, TIER_EFFECTS = (0.35, 0.40, 0.25), np.array([1.0, 0.0, -1.0])
# By the category of the first order: tea holds customers, candles lose them.
FIRST_SHARES = (0.08, 0.08, 0.25, 0.09, 0.08, 0.08, 0.09, 0.25)
FIRST_EFFECTS = np.array([0.0, 0.0, -0.9, 0.0, 0.0, 0.0, 0.0, 0.9])
TASTE_WEIGHT, FIRST_WEIGHT = 0.6, 3.0  # Dirichlet weights; that of the first category is larger
RETURN_RATE = 0.025  # share of lines sent back, of which each customer has a rate of its own
OWN_SPREAD = 0.3  # standard deviation of what else moves a customer's log-odds of leaving
# Gaps are Gamma(k, kλ): random, by habit, by the clock.
REGULARITY, REGULARITY_SHARES = (1, 4, 16), (0.35, 0.30, 0.35)
# Customers who sign in to the web shop look around so often a day.
BROWSER_SHARE, VISITS_PER_DAY = 0.75, 1 / 15


@dataclass(frozen=True)
class SampleCustomers:
    """True attributes of each customer, which no shop observes; kinds are codes."""

    latent: IntArray
    first_day: FloatArray
    rate: FloatArray
    regularity: IntArray
    drop: FloatArray  # probability of leaving after an order
    spend_mean: FloatArray
    country: IntArray
    taste: FloatArray  # shares of the categories
    sale_kind: IntArray
    tier: IntArray
    first_category: IntArray
    returns: FloatArray  # share of lines sent back
    visits: FloatArray  # a day, while they are customers


@dataclass(frozen=True)
class SampleOrders:
    """Orders: customer, day and approximate value; everybody's first order stands in front."""

    customer: IntArray
    time: FloatArray
    value: FloatArray
    last: FloatArray  # of each customer: the time of the last order
    is_alive: BoolArray  # of each customer


def leaving_effects(people: SampleCustomers) -> dict[str, FloatArray]:
    """Return what each driver adds to a customer's log-odds of leaving after an order."""
    return {
        "sales": SALE_EFFECTS[people.sale_kind],
        "price tier": TIER_EFFECTS[people.tier],
        "first category": FIRST_EFFECTS[people.first_category],
    }


def _of_classes(rng: np.random.Generator, n: int, clock: ShopClock, days: int) -> SampleCustomers:
    latent = rng.choice(len(LATENT_CLASSES), n, p=CLASS_SHARES)
    shape = RATE_SHAPE[latent]
    first = rng.choice(N_CATEGORIES, n, p=FIRST_SHARES)
    is_first = np.arange(N_CATEGORIES) == first[:, None]
    taste = rng.gamma(np.where(is_first, FIRST_WEIGHT, TASTE_WEIGHT))
    abroad = rng.random(n) < np.array(FOREIGN_SHARES)[latent]
    people = SampleCustomers(
        latent=latent,
        first_day=_arrivals(rng, n, clock.activity[:days]),
        rate=rng.gamma(shape) / (shape * RATE_DAYS[latent]),
        regularity=rng.choice(REGULARITY, n, p=REGULARITY_SHARES),
        drop=LEAVING[latent] + OWN_SPREAD * rng.standard_normal(n),
        spend_mean=SPEND_P / (rng.gamma(SPEND_Q, size=n) / SPEND_V[latent]),
        country=np.where(abroad, rng.integers(1, len(SAMPLE_COUNTRIES), n), 0),
        taste=taste / taste.sum(axis=1, keepdims=True),
        sale_kind=rng.choice(len(SALE_SHARES), n, p=SALE_SHARES),
        tier=rng.choice(len(PRICE_TIERS), n, p=TIER_SHARES),
        first_category=first,
        returns=RETURN_RATE * rng.gamma(2.0, 0.5, n),
        visits=np.where(rng.random(n) < BROWSER_SHARE, VISITS_PER_DAY, 0.0),
    )
    return replace(people, drop=expit(people.drop + sum(leaving_effects(people).values())))


def _arrivals(rng: np.random.Generator, n: int, activity: FloatArray) -> FloatArray:
    """Draw first orders: first the existing customers of the shop, then growth."""
    days = activity.size
    day = np.arange(days)
    met, grown = np.exp(-day / 40.0), (1 + 0.3 * day / days) * activity
    weights = 0.3 * met / met.sum() + 0.7 * grown / grown.sum()
    return rng.choice(days, n, p=weights) + rng.random(n)


def draw_customers(
    rng: np.random.Generator, n: int, days: int, clock: ShopClock
) -> tuple[SampleCustomers, SampleOrders]:
    """Draw customers who buy by a rhythm of their own until they leave after some order."""
    people = _of_classes(rng, n, clock, days)
    kind = people.sale_kind
    now, end = clock.to_ticks(people.first_day, kind), clock.ticks[:, days][kind]
    last, is_alive = now.copy(), np.ones(n, dtype=bool)
    active = np.arange(n)
    customers, times = [active], [now.copy()]
    while active.size:
        stops = rng.random(active.size) < people.drop[active]
        is_alive[active[stops]] = False
        active = active[~stops]
        k = people.regularity[active]
        now[active] += rng.gamma(k) / (k * people.rate[active])
        active = active[now[active] < end[active]]
        last[active] = now[active]
        customers.append(active)
        times.append(now[active])
    customer = np.concatenate(customers)
    time = clock.to_days(np.concatenate(times), kind[customer])
    value = people.spend_mean[customer] * rng.gamma(SPEND_P, 1 / SPEND_P, customer.size)
    return people, SampleOrders(customer, time, value, clock.to_days(last, kind), is_alive)
