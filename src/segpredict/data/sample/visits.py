"""Visits to the web shop: before orders, now and then, and ever fewer after the last order."""

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.data.sample.customers import SampleCustomers, SampleOrders

FADING_DAYS = 14.0  # mean days that somebody who has left goes on looking around
LOOKS_BEFORE_ORDER, DAYS_BEFORE_ORDER = 0.8, 6.0  # mean number of such visits, and how early
VIEWS_PER_VISIT = 4.0


def draw_visits(
    rng: np.random.Generator, people: SampleCustomers, orders: SampleOrders, days: int
) -> pl.DataFrame:
    """Return the visits of each customer and day: ``customer``, ``day``, sessions and views.

    A customer who looks around does so at an even rate until the last order, or the end of the
    days if still a customer; then the rate falls by exp(-t / `FADING_DAYS`). Every order is a
    visit, and may have visits in the days before it.
    """
    browser = np.flatnonzero(people.visits > 0)
    rate, since = people.visits[browser], people.first_day[browser]
    until = np.where(orders.is_alive[browser], days, np.maximum(orders.last[browser], since))
    looking, day = _even(rng, rate * (until - since), since, until)
    rest = 1 - np.exp(-(days - until) / FADING_DAYS)
    fading = np.repeat(np.arange(browser.size), rng.poisson(rate * FADING_DAYS * rest))
    late = until[fading] - FADING_DAYS * np.log1p(-rng.random(fading.size) * rest[fading])
    own = people.visits[orders.customer] > 0
    buyer, bought = orders.customer[own], orders.time[own]
    nth, before = _even(
        rng, np.full(buyer.size, LOOKS_BEFORE_ORDER), bought - DAYS_BEFORE_ORDER, bought
    )
    customer = np.concatenate([browser[looking], browser[fading], buyer, buyer[nth]])
    found = np.concatenate([day, late, bought, before])
    inside = found >= 0
    # One whole number sorts far faster than two columns.
    key = customer[inside] * days + np.minimum(found[inside], days - 1).astype(np.int64)
    once, sessions = np.unique(key, return_counts=True)
    views = rng.poisson(VIEWS_PER_VISIT * sessions)
    columns = {"customer": once // days, "day": once % days, "sessions": sessions, "views": views}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64))


def _even(
    rng: np.random.Generator, mean: FloatArray, since: FloatArray, until: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Draw Poisson numbers of moments, evenly between two; return whose they are, and when."""
    which = np.repeat(np.arange(mean.size), rng.poisson(mean))
    return which, since[which] + rng.random(which.size) * (until - since)[which]
