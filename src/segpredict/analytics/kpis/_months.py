"""Calendar months: numbers, names and monthly figures."""

from datetime import date

import polars as pl

from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.window import as_date, day_number


def month_of(day: pl.Expr) -> pl.Expr:
    """Return the number of a day's month: twelve times the year plus 0 to 11."""
    when = pl.from_epoch(day, time_unit="d")
    return when.dt.year() * 12 + when.dt.month().cast(pl.Int32) - 1


def month_number(day: int) -> int:
    """Return the number of a day's month.

    Examples
    --------
    >>> month_name(month_number(0)), month_name(month_number(31))
    ('1970-01', '1970-02')
    """
    when = as_date(day)
    return when.year * 12 + when.month - 1


def month_name(month: int) -> str:
    """Return a month by its number as ISO text.

    Examples
    --------
    >>> month_name(1970 * 12 + 1)
    '1970-02'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_text(month: pl.Expr) -> pl.Expr:
    """Return months by their numbers as ISO text."""
    year = (month // 12).cast(pl.String).str.zfill(4)
    return pl.concat_str(year, (month % 12 + 1).cast(pl.String).str.zfill(2), separator="-")


def month_start(month: int) -> int:
    """Return the day number of the first of a month.

    Examples
    --------
    >>> month_start(1970 * 12 + 1)
    31
    """
    return day_number(date(month // 12, month % 12 + 1, 1))


def month_calendar(order_book: OrderBook) -> pl.DataFrame:
    """Return all months of the data: ``month``, ``scope``, ``start``, ``end``.

    Days are those of the data, so the first and the last month may be short
    (``is_whole`` is false).
    """
    first, last = month_number(order_book.first_day), month_number(order_book.end_day - 1)
    rows = []
    for month in range(first, last + 1):
        start = max(month_start(month), order_book.first_day)
        end = min(month_start(month + 1), order_book.end_day)
        is_whole = start == month_start(month) and end == month_start(month + 1)
        rows.append((month, month_name(month), start, end, is_whole))
    days = {"start": pl.Int32, "end": pl.Int32}
    schema = {"month": pl.Int32, "scope": pl.String, **days, "is_whole": pl.Boolean}
    return pl.DataFrame(rows, schema, orient="row")


def monthly_figures(order_book: OrderBook) -> pl.DataFrame:
    """Return what the shop did month by month.

    Returns
    -------
    polars.DataFrame
        ``scope`` (the month), ``start`` and ``end`` (days of it that the data cover),
        ``is_whole``, ``revenue`` (less returns), ``gross`` (value of the orders) and
        ``returned`` (below zero) in units of 10⁻⁴, ``orders``, ``customers`` (with an
        order) and ``new_customers`` (with their first).

    Examples
    --------
    >>> shop = OrderBook.from_orders([("ann", 0, 20.0), ("bob", 40, 9.0), ("ann", 41, -5.0)], 45)
    >>> monthly_figures(shop).select("scope", "is_whole", "revenue", "customers").rows()
    [('1970-01', True, 200000, 1), ('1970-02', False, 40000, 1)]
    """
    bought = ~pl.col("is_return")
    stands = order_book.entries.filter(~pl.col("is_void")).with_columns(
        month=month_of(pl.col("day"))
    )
    sold = stands.group_by("month").agg(
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
    return (
        month_calendar(order_book)
        .join(sold, on="month", how="left")
        .join(new, on="month", how="left")
        .sort("month")
        .drop("month")
        .fill_null(0)
    )
