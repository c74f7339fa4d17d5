"""Order books of orders that are written by hand."""

from collections.abc import Iterable

import polars as pl

from segpredict.analytics.kpis import OrderBook
from segpredict.analytics.kpis._order_book import MEMBER_SCHEMA, number_customers
from segpredict.core.transactions import MONEY_SCALE


def order_book(
    rows: Iterable[tuple[str, int, float]],
    end_day: int,
    horizon: int = 91,
    segments: dict[str, str] | None = None,
) -> OrderBook:
    """Return the order book of orders in data that begin on day 0.

    `rows`: customer, day and amount in currency, each an order; a return if negative.
    `segments`: segment ids by customer.
    """
    columns = {"customer_id": pl.String, "day": pl.Int32, "amount": pl.Float64}
    table = pl.DataFrame(list(rows), columns, orient="row").with_columns(
        pl.col("amount").mul(MONEY_SCALE).round().cast(pl.Int64),
        discount=pl.lit(None, pl.Int64),
        is_return=pl.col("amount") < 0,
        is_void=pl.lit(value=False),
    )
    known = pl.DataFrame(list((segments or {}).items()), MEMBER_SCHEMA, orient="row")
    numbered = number_customers(table.sort("customer_id", "day"), known)
    return OrderBook(*numbered, 0, end_day, horizon)
