"""What the catalogue of bad input asks of: a small shop with one odd column."""

import polars as pl
import pytest
from raw_shop import cleaned, sale

from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame


def row(name: str, *values: object) -> object:
    return pytest.param(*values, id=name)


def prices(*texts: str | None, **options) -> list[float]:
    """Return what prices mean, in the order of their rows."""
    rows = [sale(str(i), price=text) for i, text in enumerate(texts)]
    made = cleaned(rows, excluded_rules=("negative_price", "zero_price"), **options)
    return [v / MONEY_SCALE for v in made.lines.collect().sort("order_id")["amount"]]


def quantities(*texts: str, **options) -> Transactions:
    rows = [sale(str(i), quantity=text) for i, text in enumerate(texts)]
    return cleaned(rows, **options)


def moments(*texts: str, **options) -> list[str]:
    """Return how times were read, in the order of their rows."""
    rows = [sale(f"{i:03d}", day=text) for i, text in enumerate(texts)]
    got = cleaned(rows, **options).lines.collect().sort("order_id")
    day = pl.col("day").cast(pl.Date).dt.to_string("%Y-%m-%d")
    clock = pl.col("minute")
    return [
        d if m is None else f"{d} {m // 60:02d}:{m % 60:02d}"
        for d, m in got.select(day, clock).rows()
    ]


def who(*ids: str | None, **options) -> tuple[list[str], str]:
    """Return the customers that these ids name, and the notes."""
    rows = [sale(str(i), who=id_) for i, id_ in enumerate(ids)]
    columns = ("order_id", "product_id", "quantity", "time", "price", "customer_id")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    made = cleaned(rows, **options) if options else clean_lines(from_frame(frame))
    got = made.lines.collect().sort("order_id")["customer_id"].to_list()
    return got, " ".join(made.notes)
