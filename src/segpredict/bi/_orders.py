"""The tables of orders and of their lines."""

import polars as pl

from segpredict.bi._star import Share, kept
from segpredict.bi._table import Column, Table

ORDERS_COLUMNS = (
    Column("order_key", "whole", "A number of this export, from 1.", "primary"),
    Column("customer_id", "text", "Who.", "customers.customer_id"),
    Column(
        "order_id", "text", "The shop's own number; hashed where customers' ids are."
    ),
    Column("date", "date", "The day.", "dates.date"),
    Column("minute", "whole", "Minute of the day of its first line; null if unknown."),
    Column("is_return", "flag", "Whether goods came back; amounts are below zero."),
    Column(
        "is_void",
        "flag",
        "Whether it was sent back whole by the end of the data, or is what sent it "
        "back. Such an order counts nowhere.",
    ),
    Column("void_date", "date", "The day on which that happened."),
    Column("is_order", "flag", "Whether it counts as an order: no return, not void."),
    Column("is_first", "flag", "Whether it is the customer's first order that counts."),
    Column("lines", "whole", "Lines."),
    Column("quantity", "quantity", "Pieces, below zero of a return."),
    Column("amount", "money", "Worth of its lines, also if it is void."),
    Column(
        "revenue",
        "money",
        "What of the amount counts: nothing if it is void. Its sum over any days is "
        "the revenue of the page.",
    ),
    Column("discount", "money", "Money off the list price; null where unknown."),
    Column("country", "text", "Country of its first line, if lines name one."),
)


def orders(share: Share) -> pl.DataFrame:
    """Return the orders and credit notes of a share."""
    counts = ~pl.col("is_return") & ~pl.col("is_void")
    nth = pl.col("is_order").cast(pl.Int64).cum_sum().over("customer_id")
    return share.orders.with_columns(
        date="day", void_date="void_day", is_order=counts, revenue=kept()
    ).with_columns(is_first=pl.col("is_order") & (nth == 1))


ORDERS = Table(
    "orders",
    "fact",
    "one order or credit note",
    "An order is what one customer bought under one number on one day. Count is_order, "
    "sum revenue.",
    ORDERS_COLUMNS,
    orders,
    is_by_share=True,
)


LINES_COLUMNS = (
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


LINES = Table(
    "lines",
    "fact",
    "one line of an order",
    "The largest table. In Power BI let it join orders only through order_key, or "
    "customers and dates directly, not both at once.",
    LINES_COLUMNS,
    lines,
    is_by_share=True,
)
