"""The tables beside the sample shop's transactions: customers, products, sessions."""

import numpy as np
import polars as pl

from segpredict.core.arrays import Floats, Ints
from segpredict.sources._sample_lines import (
    KINDS,
    PRODUCTS,
    TIERS,
    Place,
    customer_id,
    prices,
    stock_code,
    tiers,
)
from segpredict.sources._sample_people import CLASSES, SHARES, Orders, People

INCOMES = ("low", "middle", "high")
CHANNELS = ("search", "social", "friend", "store")
AGES = np.array([48.0, 42.0, 36.0, 31.0])  # mean age by class; 12 years of spread
INCOME = np.array([[1, 3, 6], [2, 5, 3], [4, 4, 2], [6, 3, 1]]) / 10
CHANNEL = np.array([[2, 1, 5, 2], [4, 2, 2, 2], [4, 4, 1, 1], [2, 7, 0.5, 0.5]]) / 10
BACKGROUND = 1 / 30  # sessions a day of a customer who has nothing in mind
BEFORE = 2.0  # sessions before an order beyond the one that ends in it
WANTS = (0.1, 0.8, 2.0)  # articles carried about: idle, before an order, ordering
LEAD = 3.0  # mean days by which they come before it


def customers(
    rng: np.random.Generator, people: People, place: Place, told: float
) -> pl.DataFrame:
    """Return demographics; a share of customers `told` are like their class.

    The others are like everyone: with 0 demographics say nothing of the class.
    """
    n = people.latent.size
    like = rng.random(n) < told
    other = rng.choice(len(CLASSES), n, p=SHARES)
    group = np.where(like, people.latent, other)
    age = np.clip(np.rint(rng.normal(AGES[group], 12.0)), 18, 90).astype(np.int64)
    frame = pl.DataFrame(
        {
            "age": age,
            "income": np.array(INCOMES)[_drawn(rng, INCOME[group])],
            "channel": np.array(CHANNELS)[_drawn(rng, CHANNEL[group])],
        }
    )
    ids = customer_id(pl.int_range(pl.len(), dtype=pl.Int64) + place.customer)
    return frame.select(ids.alias("CustomerID"), pl.all()).head(place.known)


def _drawn(rng: np.random.Generator, chances: Floats) -> Ints:
    cuts = np.cumsum(chances, axis=1)[:, :-1]
    return np.asarray((rng.random(len(chances))[:, None] > cuts).sum(axis=1))


def products() -> pl.DataFrame:
    """Return the products: category, price tier, list price and cost."""
    number = np.arange(len(KINDS) * PRODUCTS)
    price = prices()
    frame = pl.DataFrame({"number": number})
    return frame.select(
        stock_code(pl.col("number")).alias("StockCode"),
        pl.Series("Category", np.array(KINDS)[number // PRODUCTS]),
        pl.Series("Tier", np.array(TIERS)[tiers()]),
        pl.Series("ListPrice", price),
        pl.Series("Cost", np.round(0.55 * price, 2)),
    )


def sessions(
    rng: np.random.Generator, people: People, orders: Orders, place: Place
) -> pl.DataFrame:
    """Return web sessions: some at any time, more in the days before an order.

    Columns are customer, start, pages viewed and articles put into the basket; most
    sessions that lead to nothing have none of the latter.
    """
    left = orders.days - people.start
    roamer = np.repeat(np.arange(left.size), rng.poisson(BACKGROUND * left))
    roamed = people.start[roamer] + rng.random(roamer.size) * left[roamer]
    before = rng.poisson(BEFORE, orders.customer.size)
    eager = np.repeat(np.arange(before.size), before)
    led = orders.time[eager] - rng.exponential(LEAD, eager.size)
    customer = np.concatenate([roamer, orders.customer[eager], orders.customer])
    time = np.concatenate([roamed, led, orders.time - 0.01])
    wants = np.repeat(WANTS, [roamed.size, led.size, orders.time.size])
    kept = (time >= 0) & (customer < place.known)
    frame = pl.DataFrame(
        {
            "customer": customer[kept],
            "time": time[kept],
            "Views": 1 + rng.poisson(2 + 3 * wants[kept]),
            "Carts": rng.poisson(wants[kept]),
        }
    )
    start = ((pl.col("time") + place.start) * 86_400_000_000).cast(pl.Int64)
    return frame.sort("time", "customer", "Views", "Carts").select(
        customer_id(pl.col("customer") + place.customer).alias("CustomerID"),
        start.cast(pl.Datetime("us")).dt.truncate("1s").alias("SessionStart"),
        "Views",
        "Carts",
    )
