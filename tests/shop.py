"""Shops for tests: one written by hand, one drawn at random from BG/NBD."""

import numpy as np
import polars as pl

from segpredict.core.ledger import Ledger
from segpredict.core.orders import is_head
from segpredict.core.transactions import MONEY_SCALE, Transactions

LINE = {
    "customer_id": pl.String,
    "order_id": pl.String,
    "day": pl.Int32,
    "minute": pl.Int16,
    "product_id": pl.String,
    "quantity": pl.Int64,
    "amount": pl.Int64,
    "is_return": pl.Boolean,
    "is_order_head": pl.Boolean,
    "void_day": pl.Int32,
    "country": pl.String,
    "discount": pl.Int64,
}

# What the columns of an invented shop's file mean (`segpredict sample`).
SAMPLE_ROLES = {
    "CustomerID": "customer_id",
    "InvoiceNo": "order_id",
    "StockCode": "product_id",
    "Quantity": "quantity",
    "UnitPrice": "price",
    "InvoiceDate": "time",
    "Country": "country",
    "Description": "description",
    "Discount": "discount",
}


def transactions(frame: pl.DataFrame, end_day: int | None = None) -> Transactions:
    """Return canonical transactions from a frame with at least customer, order and day.

    ``quantity``, ``amount`` and ``discount`` are given in units and currency;
    everything else that is missing gets a plain value.
    """
    given = frame.with_columns(
        pl.col("quantity").mul(MONEY_SCALE).round().cast(pl.Int64)
        if "quantity" in frame.columns
        else pl.lit(MONEY_SCALE, pl.Int64).alias("quantity"),
        pl.col("amount").mul(MONEY_SCALE).round().cast(pl.Int64),
        pl.col("discount").mul(MONEY_SCALE).round().cast(pl.Int64)
        if "discount" in frame.columns
        else pl.lit(None, pl.Int64).alias("discount"),
    )
    plain = {"minute": 600, "product_id": "p", "void_day": None, "country": "UK"}
    missing = [
        pl.lit(value, LINE[name]).alias(name)
        for name, value in plain.items()
        if name not in given.columns
    ]
    lines = (
        given.with_columns(*missing, is_return=pl.col("amount") < 0)
        .sort("customer_id", "day", "minute", "order_id", "product_id", "amount")
        .with_columns(is_head())
        .select(pl.col(name).cast(dtype) for name, dtype in LINE.items())
    )
    first = lines["day"].min() if lines.height else 0
    last = lines["day"].max() if lines.height else 0
    end = last + 1 if end_day is None else end_day
    return Transactions(lines.lazy(), first, end, "test", Ledger(()), "£")


def world(customers: int = 400, days: int = 728, seed: int = 7) -> Transactions:
    """Return a random shop: BG/NBD buying, gamma spend, some returns."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, int, str, int, float]] = []
    order = 0
    for i in range(customers):
        rate = rng.gamma(0.9) / 45.0 + 1e-4
        drop, level = rng.beta(0.4, 2.5), rng.gamma(4.0) * 12
        day = float(rng.integers(0, days - 30))
        while day < days:
            order += 1
            for line in range(1 + rng.poisson(1.5)):
                price = level * rng.gamma(3.0) / 3
                product = f"p{rng.integers(40):02d}"
                rows.append((f"c{i:05d}", f"o{order}", int(day), product, 1 + line, price))
                if rng.random() < 0.04:
                    back = int(day) + int(rng.integers(1, 30))
                    if back < days:
                        gone = (f"c{i:05d}", f"r{order}", back, product, -1, -price)
                        rows.append(gone)
            if rng.random() < drop:
                break
            day += rng.exponential(1 / rate) + 1e-9
    names = ["customer_id", "order_id", "day", "product_id", "quantity", "amount"]
    return transactions(pl.DataFrame(rows, schema=names, orient="row"), end_day=days)
