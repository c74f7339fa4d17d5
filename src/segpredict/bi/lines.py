"""Lines: what was in each order."""

import polars as pl

from segpredict.bi._star import Share, kept
from segpredict.bi._table import Column, Table

COLUMNS = (
    Column("line_key", "whole", "A number of this export, from 1.", "primary"),
    Column("order_key", "whole", "The order.", "orders.order_key"),
    Column("customer_id", "text", "Who.", "customers.customer_id"),
    Column("date", "date", "The day.", "dates.date"),
    Column("minute", "whole", "Minute of the day; null if unknown."),
    Column("product_id", "text", "The shop's own id; null if unknown."),
    Column("quantity", "quantity", "Pieces, below zero of a return."),
    Column("amount", "money", "Quantity × price, also if the order is void."),
    Column("revenue", "money", "What of the amount counts: nothing if it is void."),
    Column("discount", "money", "Money off the list price; null where unknown."),
    Column("is_return", "flag", "Whether goods came back."),
    Column("is_void", "flag", "Whether its order was sent back whole."),
    Column("country", "text", "Country, if lines name one."),
)


def lines(share: Share) -> pl.DataFrame:
    """Return the lines of a share."""
    return share.lines.with_columns(date=pl.col("day"), revenue=kept())


PART = Table(
    40,
    "fact",
    "one line of an order",
    "The largest table. In Power BI let it join orders only through order_key, or "
    "customers and dates directly, not both at once.",
    COLUMNS,
    lines,
    is_by_share=True,
)
