"""The other tables of the sample shop: its customers, its products and its visits."""

import numpy as np
import polars as pl

from segpredict.core.arrays import BoolArray
from segpredict.data.sample.customers import (
    N_CATEGORIES,
    PRICE_TIERS,
    PRODUCT_KINDS,
    SampleCustomers,
)
from segpredict.data.sample.order_lines import N_PRODUCTS, customer_id, price_list, stock_code

CHANNELS = ("search", "social", "friend", "store")
MEAN_AGE, AGE_SPREAD = 40.0, 12.0


def customer_table(rng: np.random.Generator, people: SampleCustomers) -> pl.DataFrame:
    """Return what the shop knows of each: what brought them, and two things that say nothing.

    Age and channel depend on nothing: what a forecast makes of them is noise.
    """
    n = people.latent.size
    age = np.clip(np.rint(rng.normal(MEAN_AGE, AGE_SPREAD, n)), 18, 90).astype(np.int64)
    frame = pl.DataFrame(
        {
            "first_category": np.array(PRODUCT_KINDS)[people.first_category],
            "age": age,
            "channel": rng.choice(CHANNELS, n),
        }
    )
    ids = customer_id(pl.int_range(pl.len(), dtype=pl.Int64))
    return frame.select(ids.alias("CustomerID"), pl.all())


def product_table() -> pl.DataFrame:
    """Return the products: category, price tier (thirds of a category), list price and cost."""
    number, price = np.arange(N_CATEGORIES * N_PRODUCTS), price_list()
    grid = price.reshape(N_CATEGORIES, N_PRODUCTS)
    place = grid.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable").ravel()
    return pl.DataFrame({"number": number}).select(
        StockCode=stock_code(pl.col("number")),
        Category=pl.lit(pl.Series(np.array(PRODUCT_KINDS)[number // N_PRODUCTS])),
        Tier=pl.lit(pl.Series(np.array(PRICE_TIERS)[place * len(PRICE_TIERS) // N_PRODUCTS])),
        ListPrice=pl.lit(pl.Series(price)),
        Cost=pl.lit(pl.Series(np.round(0.55 * price, 2))),
    )


def event_table(visits: pl.DataFrame, start: int) -> pl.DataFrame:
    """Return the visits as the shop logs them: customer, date, sessions and views of products."""
    return visits.sort("day", "customer").select(
        customer_id(pl.col("customer")).alias("CustomerID"),
        (pl.col("day") + start).cast(pl.Int32).cast(pl.Date).alias("Date"),
        "sessions",
        "views",
    )


def date_table(is_sale: BoolArray, start: int) -> pl.DataFrame:
    """Return the sales as the shop plans them, a row each, also those ahead.

    * `is_sale`: whether a sale is on, by day from `start` (a day number).

    >>> date_table(np.array([False, True, True, False]), 0).rows()
    [(datetime.date(1970, 1, 2), datetime.date(1970, 1, 3), 'promotion')]
    """
    turns = np.diff(is_sale, prepend=False, append=False)
    first, end = np.flatnonzero(turns).reshape(-1, 2).T
    return pl.DataFrame({"from": first + start, "to": end - 1 + start}).select(
        pl.all().cast(pl.Int32).cast(pl.Date), kind=pl.lit("promotion")
    )
