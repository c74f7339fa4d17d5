"""The tables of orders and of their lines."""

import polars as pl

from segpredict.report.bi._star_schema import CustomerBatch, net_revenue
from segpredict.report.bi._table import BiColumn, BiTable

ORDER_COLUMNS = (
    BiColumn("order_key", "whole", "A number within this export, from 1.", "primary"),
    BiColumn("customer_id", "text", "The customer.", "customers.customer_id"),
    BiColumn("order_id", "text", "The shop's own number; hashed where customers' ids are."),
    BiColumn("date", "date", "The day.", "dates.date"),
    BiColumn("minute", "whole", "Minute of the day of its first line; null if unknown."),
    BiColumn("is_return", "flag", "Whether it is a return; amounts are negative."),
    BiColumn(
        "is_void",
        "flag",
        "Whether it was fully refunded by the end of the data, or is that refund. "
        "Such an order does not count.",
    ),
    BiColumn("void_date", "date", "The day of the full refund."),
    BiColumn("is_order", "flag", "Whether it counts as an order: no return, not void."),
    BiColumn("is_first", "flag", "Whether it is the customer's first order that counts."),
    BiColumn("lines", "whole", "Number of lines."),
    BiColumn("quantity", "quantity", "Units, negative for a return."),
    BiColumn("amount", "money", "Value of its lines, also if it is void."),
    BiColumn(
        "revenue",
        "money",
        "The amount that counts: zero if it is void. Its sum over any days is the "
        "revenue of the page.",
    ),
    BiColumn("discount", "money", "Discount from the list price; null where unknown."),
    BiColumn("country", "text", "Country of its first line, if lines name one."),
)


def order_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the orders and credit notes of a batch."""
    counts = ~pl.col("is_return") & ~pl.col("is_void")
    nth = pl.col("is_order").cast(pl.Int64).cum_sum().over("customer_id")
    return batch.orders.with_columns(
        date="day", void_date="void_day", is_order=counts, revenue=net_revenue()
    ).with_columns(is_first=pl.col("is_order") & (nth == 1))


ORDERS = BiTable(
    "orders",
    "fact",
    "one order or credit note",
    "An order is what one customer bought under one number on one day. Count is_order, "
    "sum revenue.",
    ORDER_COLUMNS,
    order_rows,
    is_batched=True,
)


LINE_COLUMNS = (
    BiColumn("line_key", "whole", "A number within this export, from 1.", "primary"),
    BiColumn("order_key", "whole", "The order.", "orders.order_key"),
    BiColumn("customer_id", "text", "The customer.", "customers.customer_id"),
    BiColumn("date", "date", "The day.", "dates.date"),
    BiColumn("minute", "whole", "Minute of the day; null if unknown."),
    BiColumn("product_id", "text", "The product; null if unknown.", "products.product_id"),
    BiColumn("quantity", "quantity", "Units, negative for a return."),
    BiColumn("amount", "money", "Quantity × price, also if the order is void."),
    BiColumn("revenue", "money", "The amount that counts: zero if it is void."),
    BiColumn("discount", "money", "Discount from the list price; null where unknown."),
    BiColumn("is_return", "flag", "Whether it is a return."),
    BiColumn("is_void", "flag", "Whether its order was fully refunded."),
    BiColumn("country", "text", "Country, if lines name one."),
)


def line_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the lines of a batch."""
    return batch.lines.with_columns(date=pl.col("day"), revenue=net_revenue())


LINES = BiTable(
    "lines",
    "fact",
    "one line of an order",
    "The largest table. In Power BI let it join orders only through order_key, or "
    "customers and dates directly, not both at once.",
    LINE_COLUMNS,
    line_rows,
    is_batched=True,
)
