"""Who shops and when, in the three worlds of the sample shop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segpredict.core.arrays import Floats, Ints
from segpredict.sources import _sample_clock as clock
from segpredict.sources._sample_options import Options

HORIZON = 91  # the two worlds of honesty are exact on windows of this many days
CLASSES = ("Core", "Regular", "Occasional", "One-timer")
SHARES = (0.10, 0.25, 0.45, 0.20)
DRIFTED = (0.04, 0.14, 0.42, 0.40)  # classes of those who come after a drift
COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands")
ABROAD = (0.18, 0.10, 0.07, 0.05)  # share of customers outside the UK, by class
CATEGORIES = 8

# One column a class: order rate ~ Gamma(shape, scale of days), drop-out ~ Beta(1, b),
# order value ~ Gamma(6.25, ν) with ν ~ Gamma(3.74, v); share of lines sent back.
RATE_SHAPE = np.array([4.0, 3.0, 1.5, 0.5])
RATE_DAYS = np.array([18.0, 45.0, 110.0, 700.0])
DROP_B = np.array([30.0, 12.0, 6.0, 0.5])
SPEND_V = np.array([60.0, 35.0, 25.0, 20.0])
SPEND_P, SPEND_Q = 6.25, 3.74
RETURNS = np.array([0.04, 0.03, 0.02, 0.03])


@dataclass(frozen=True)
class People:
    """What is true of each customer and no shop ever sees."""

    latent: Ints
    start: Floats
    rate: Floats
    regularity: Ints
    drop: Floats
    spend_mean: Floats
    returns: Floats
    country: Ints
    taste: Floats
    tier: Ints
    sensitivity: Ints
    is_treated: NDArray[np.bool_]
    effect: Floats


@dataclass(frozen=True)
class Orders:
    """Orders by time: whose, on which day of the world, of about what value."""

    customer: Ints
    time: Floats
    value: Floats
    is_alive: NDArray[np.bool_]
    days: int


def _draw(rng: np.random.Generator, n: int, busy: Floats, options: Options) -> People:
    people = _of_classes(rng, n, busy, options, SHARES)
    if options.drift_day is None:
        return people
    # Who comes after the drift is somebody else, on the same day.
    other = _of_classes(rng, n, busy, options, DRIFTED)
    is_late = people.start >= options.drift_day
    mixed = {
        name: np.where(is_late.reshape(-1, *[1] * (mine.ndim - 1)), yours, mine)
        for (name, mine), yours in zip(
            vars(people).items(), vars(other).values(), strict=True
        )
    }
    return People(**{**mixed, "start": people.start})


def _of_classes(
    rng: np.random.Generator,
    n: int,
    busy: Floats,
    options: Options,
    shares: tuple[float, ...],
) -> People:
    latent = rng.choice(len(CLASSES), n, p=shares)
    shape = RATE_SHAPE[latent]
    rate = rng.gamma(shape) / (shape * RATE_DAYS[latent])
    taste = rng.gamma(_tastes()[latent])
    abroad = rng.random(n) < np.array(ABROAD)[latent]
    # A stream of its own: what is drawn for the options moves nothing else.
    side = rng.spawn(1)[0]
    is_treated = (side.random(n) < 0.5) & (options.treated_day is not None)
    return People(
        latent=latent,
        start=_arrivals(rng, n, busy),
        rate=np.maximum(rate, 1e-7),
        regularity=rng.choice([1, 2, 4], n, p=options.regularity),
        drop=rng.beta(1.0, DROP_B[latent]),
        spend_mean=SPEND_P / (rng.gamma(SPEND_Q, size=n) / SPEND_V[latent]),
        returns=RETURNS[latent] * rng.gamma(2.0, 0.5, n),
        country=np.where(abroad, rng.integers(1, len(COUNTRIES), n), 0),
        taste=taste / taste.sum(axis=1, keepdims=True),
        tier=side.integers(0, 3, n),
        sensitivity=side.integers(0, len(clock.SENSITIVE), n),
        is_treated=is_treated,
        effect=np.where(is_treated, options.uplift * clock.LIFT[latent], 0.0),
    )


def _tastes() -> Floats:
    """Return the Dirichlet weights of each class: each leans to its own categories."""
    weights = np.full((len(CLASSES), CATEGORIES), 0.5)
    for i in range(len(CLASSES)):
        weights[i, [2 * i, 2 * i + 1]] = 1.5
    return weights


def _arrivals(rng: np.random.Generator, n: int, busy: Floats) -> Floats:
    """Draw first orders: at first the shop meets its old customers, then it grows."""
    days = busy.size
    day = np.arange(days)
    met, grown = np.exp(-day / 40.0), (1 + 0.3 * day / days) * busy
    weights = 0.3 * met / met.sum() + 0.7 * grown / grown.sum()
    return rng.choice(days, n, p=weights) + rng.random(n)


def _shop(
    rng: np.random.Generator,
    n: int,
    days: int,
    calendar: tuple[int, int],
    options: Options,
) -> tuple[People, Orders]:
    """BG/NBD customers on a seasonal clock: buying stops for good after some order."""
    busy = clock.drifted(clock.season(days, *calendar), options)
    people = _draw(rng, n, busy, options)
    clocks = clock.clocks(busy, options, people.sensitivity, people.effect)
    everyone, end = np.arange(n), clocks.end
    now = clocks.felt(everyone, people.start)
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
    time = clocks.calendar(customer, np.concatenate(times))
    value = people.spend_mean[customer] * rng.gamma(SPEND_P, 1 / SPEND_P, customer.size)
    return people, Orders(customer, time, value, is_alive, days)


def _alike(n: int, rate: float) -> People:
    """Return customers between whom nothing differs."""
    return People(
        latent=np.full(n, 1),
        start=np.zeros(n),
        rate=np.full(n, rate),
        regularity=np.ones(n, dtype=np.int64),
        drop=np.zeros(n),
        spend_mean=np.full(n, 40.0),
        returns=np.zeros(n),
        country=np.zeros(n, dtype=np.int64),
        taste=np.full((n, CATEGORIES), 1 / CATEGORIES),
        tier=np.zeros(n, dtype=np.int64),
        sensitivity=np.zeros(n, dtype=np.int64),
        is_treated=np.zeros(n, dtype=bool),
        effect=np.zeros(n),
    )


def _noise(
    rng: np.random.Generator, n: int, days: int, *_: object
) -> tuple[People, Orders]:
    """One Poisson process for all: what comes does not depend on what was.

    A Poisson count with uniform times is drawn afresh for every stretch of days,
    whatever day it starts on, so no cutoff can find a past that tells of the future.
    """
    people = _alike(n, 1.5 / HORIZON)
    customer = np.repeat(np.arange(n), rng.poisson(people.rate[0] * days, n))
    time = rng.random(customer.size) * days
    value = 40.0 * rng.gamma(2.0, 0.5, customer.size)
    return people, Orders(customer, time, value, np.ones(n, dtype=bool), days)


def _deterministic(
    rng: np.random.Generator, n: int, days: int, *_: object
) -> tuple[People, Orders]:
    """Clockwork: evenly spread orders of one value, so the past fixes the future.

    A quarter of the customers orders once in two horizons: they move at every origin,
    and the days since the last order say where to.
    """
    per_horizon = rng.choice(
        [0.5, 1.0, 2.0, 4.0, 7.0], n, p=[0.25, 0.2, 0.2, 0.2, 0.15]
    )
    value = rng.choice(np.array([20.0, 60.0, 200.0]), n)
    gap = HORIZON / per_horizon
    counts = np.ceil(days / gap).astype(np.int64)
    customer = np.repeat(np.arange(n), counts)
    nth = np.arange(customer.size) - np.repeat(np.cumsum(counts) - counts, counts)
    time = (rng.random(n) * gap)[customer] + nth * gap[customer]
    kept = time < days
    customer, time = customer[kept], time[kept]
    same = _alike(n, 0.0)
    people = People(
        **{**vars(same), "rate": 1 / gap, "spend_mean": value, "latent": _level(gap)}
    )
    return people, Orders(customer, time, value[customer], np.ones(n, dtype=bool), days)


def _level(gap: Floats) -> Ints:
    return np.searchsorted([20.0, 50.0, 100.0], gap).astype(np.int64)


WORLDS: dict[str, Callable[..., tuple[People, Orders]]] = {
    "shop": _shop,
    "noise": _noise,
    "deterministic": _deterministic,
}
