"""Calendar months: numbers, names and monthly figures."""

import polars as pl

from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.window import as_date


def month_of(day: pl.Expr) -> pl.Expr:
    """Return the number of a day's month: twelve times the year plus 0 to 11."""
    when = pl.from_epoch(day, time_unit="d")
    return when.dt.year() * 12 + when.dt.month().cast(pl.Int32) - 1


def month_number(day: int) -> int:
    """Return the number of a day's month.

    >>> month_number(31) - month_number(0)
    1
    """
    when = as_date(day)
    return when.year * 12 + when.month - 1


def month_text(month: pl.Expr) -> pl.Expr:
    """Return months by their numbers as ISO text."""
    return pl.date(month // 12, month % 12 + 1, 1).dt.strftime("%Y-%m")


def month_start(month: pl.Expr) -> pl.Expr:
    """Return the day number of the first of a month.

    >>> pl.select(month_start(pl.lit(1970 * 12 + 1))).item()
    31
    """
    return pl.date(month // 12, month % 12 + 1, 1).to_physical()


def monthly_figures(order_book: OrderBook) -> pl.DataFrame:
    """Return what the shop did month by month.

    Returned are ``scope`` (the month), ``start`` and ``end`` (days of it that the data cover),
    ``is_whole``, ``revenue`` (less returns), ``gross`` (value of the orders) and ``returned``
    (below zero) in units of 10⁻⁴, ``orders``, ``customers`` (with an order) and ``new_customers``
    (with their first).

    >>> shop = OrderBook.from_orders([("ann", 0, 20.0), ("bob", 40, 9.0), ("ann", 41, -5.0)], 45)
    >>> monthly_figures(shop).select("scope", "is_whole", "revenue", "customers").rows()
    [('1970-01', True, 200000, 1), ('1970-02', False, 40000, 1)]
    """
    bought = ~pl.col("is_return")
    stands = order_book.entries.filter(~pl.col("is_void"))
    sold = stands.group_by(month=month_of(pl.col("day"))).agg(
        revenue=pl.col("amount").sum(),
        gross=pl.col("amount").filter(bought).sum(),
        returned=pl.col("amount").filter(~bought).sum(),
        orders=bought.sum().cast(pl.Int64),
        customers=pl.col("customer").filter(bought).n_unique().cast(pl.Int64),
    )
    new = (
        order_book.customers.drop_nulls("first")
        .group_by(month=month_of(pl.col("first")))
        .agg(new_customers=pl.len().cast(pl.Int64))
    )
    first_day, end_day = order_book.first_day, order_book.end_day
    months = pl.int_range(month_number(first_day), month_number(end_day - 1) + 1, dtype=pl.Int32)
    month = pl.col("month")
    start, end = month_start(month), month_start(month + 1)
    return (
        pl.select(month=months)
        .with_columns(
            scope=month_text(month),
            start=start.clip(lower_bound=first_day),
            end=end.clip(upper_bound=end_day),
            is_whole=(start >= first_day) & (end <= end_day),
        )
        .join(sold, on="month", how="left")
        .join(new, on="month", how="left")
        .sort("month")
        .drop("month")
        .fill_null(0)
    )
