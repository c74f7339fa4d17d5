"""The twelve-line shop, worked out by hand, and the features it should give."""

from dataclasses import replace

import polars as pl

import shop
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.window import Window
from segpredict.features import compute_features

T = 400
# customer, order, day, minute, product, quantity, amount, void_day
LINES = [
    ("ann", "A1", 100, 600, "cup", 2, 10.00, None),
    ("ann", "A1", 100, 600, "jug", 1, 5.00, None),
    ("ann", "A2", 200, 600, "cup", 1, 10.00, None),
    ("ann", "A2", 200, 600, "cup", 1, 15.00, None),
    ("ann", "A3", 300, 600, "pan", 4, 20.00, None),
    ("ann", "A4", 300, 700, "cup", 1, 16.00, None),
    ("ann", "A5", 390, 600, "jug", 1, 30.00, None),
    ("ann", "R1", 395, 600, "jug", -1, -6.00, None),
    ("bob", "B1", 399, 600, None, 1, 7.00, None),
    ("cat", "C1", 10, 600, "cup", 1, 50.00, None),  # before the look-back
    ("dan", "D1", 350, 600, "cup", 1, 50.00, 380),  # wholly refunded on day 380
    ("dan", "R2", 380, 600, "cup", -1, -50.00, 380),
]
NAMES = {
    "customer_id": pl.String,
    "order_id": pl.String,
    "day": pl.Int32,
    "minute": pl.Int16,
    "product_id": pl.String,
    "quantity": pl.Int64,
    "amount": pl.Float64,
    "void_day": pl.Int32,
}


def twelve_lines() -> Transactions:
    assert len(LINES) == 12
    lines = pl.DataFrame(LINES, schema=NAMES, orient="row")
    return replace(shop.transactions(lines, end_day=500), first_day=0)


def answer(
    family: str, customer: str, side_tables: SideTables | None = None, **window: int
) -> dict[str, float | None]:
    """Return one customer's features of a family, to six digits."""
    question = Window(T, **{"first_day": 0, **window})
    given = replace(twelve_lines(), side_tables=side_tables or SideTables())
    rows = compute_features(given, question, [family]).frame
    found = rows.filter(pl.col("customer_id") == customer).drop("customer_id")
    values = found.to_dicts()[0]
    return {n: None if v is None else round(v, 6) for n, v in values.items()}
