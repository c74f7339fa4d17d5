"""Sales KPIs: revenue, orders, customers and order value."""

import numpy as np
import polars as pl

from segpredict.analytics.kpis import _figures
from segpredict.analytics.kpis._concentration import lookback_start
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.intervals import Z_95
from segpredict.core.transactions import MONEY_SCALE


def revenue(order_book: OrderBook) -> pl.DataFrame:
    """Return the revenue of every whole window, the newest first.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 7, -5), ("bob", 1, 10)], end_day=91)
    >>> compute_kpis(shop, ["revenue"]).select("n", "part", "value").row(0)
    (2, 250000, 25.0)
    """
    found = order_book.window_activity.group_by("window").agg(
        n=pl.len(), part=pl.col("net").sum(), value=pl.col("net").sum() / MONEY_SCALE
    )
    return _figures.figures_by_window(order_book, found)


def order_count(order_book: OrderBook) -> pl.DataFrame:
    """Return the number of orders in every whole window, the newest first.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> compute_kpis(shop, ["orders"]).select("n", "value").row(0)
    (2, 3.0)
    """
    bought = order_book.window_activity.filter(pl.col("orders") > 0)
    found = bought.group_by("window").agg(n=pl.len(), part=pl.col("orders").sum())
    return _figures.figures_by_window(order_book, found.with_columns(value="part"))


def customer_count(order_book: OrderBook) -> pl.DataFrame:
    """Return the number of customers with an order in every whole window.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> compute_kpis(shop, ["customers"])["value"].to_list()
    [2.0]
    """
    bought = order_book.window_activity.filter(pl.col("orders") > 0)
    found = bought.group_by("window").agg(n=pl.len())
    return _figures.figures_by_window(order_book, found.with_columns(part="n", value="n"))


def mean_order_value(order_book: OrderBook) -> pl.DataFrame:
    """Return the mean value of an order, window by window.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("ann", 8, -5), ("bob", 1, 100)]
    >>> found = compute_kpis(OrderBook.from_orders(rows, end_day=91), ["order_value"])
    >>> found.select("part", "whole", "value").row(0)
    (1500000, 3, 50.0)
    """
    bought = order_book.window_activity.filter(pl.col("orders") > 0)
    rows = bought.select("customer", "window", part="gross", whole="orders")
    return _figures.ratios_by_window(order_book, rows, MONEY_SCALE)


def median_order_value(order_book: OrderBook) -> pl.DataFrame:
    """Return the median value of an order, window by window.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> shop = OrderBook.from_orders(rows, end_day=91)
    >>> compute_kpis(shop, ["order_value_median"])["value"].to_list()
    [30.0]
    """
    windows = (order_book.end_day - 1 - pl.col("day")).floordiv(order_book.horizon)
    orders = (
        order_book.valid_orders.with_columns(window=windows.cast(pl.Int32))
        .filter(pl.col("window") < order_book.n_windows)
        .sort("window", "customer", "amount")
    )
    rows = [
        {"window": window, **_middle(theirs)}
        for (window,), theirs in orders.group_by("window", maintain_order=True)
    ]
    schema = {"window": pl.Int32, "n": pl.Int64}
    floats = dict.fromkeys(("value", "low", "high"), pl.Float64)
    return _figures.figures_by_window(order_book, pl.DataFrame(rows, {**schema, **floats}))


def _middle(orders: pl.DataFrame) -> dict[str, float | None]:
    """Return the median of orders, with the interval of Woodruff."""
    amount = orders["amount"].to_numpy()
    middle = float(np.median(amount))
    theirs = orders.group_by("customer", maintain_order=True).agg(
        below=(pl.col("amount") <= middle).sum().cast(pl.Int64), size=pl.len()
    )
    n, below = theirs.height, theirs["below"].to_numpy()
    row = {"n": n, "value": middle / MONEY_SCALE, "low": None, "high": None}
    if n < _figures.MIN_CUSTOMERS_FOR_SPREAD:
        return row
    share = below.sum() / amount.size
    spread = ((below - share * theirs["size"].to_numpy()) ** 2).sum() * n / (n - 1)
    error = Z_95 * float(np.sqrt(spread)) / amount.size
    ends = np.quantile(amount, [max(0.0, 0.5 - error), min(1.0, 0.5 + error)])
    return row | {"low": float(ends[0]) / MONEY_SCALE, "high": float(ends[1]) / MONEY_SCALE}


def purchase_frequency(order_book: OrderBook) -> pl.DataFrame:
    """Return orders a customer who ordered, window by window.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> shop = OrderBook.from_orders(rows, end_day=91)
    >>> compute_kpis(shop, ["purchase_frequency"])["value"].to_list()
    [1.5]
    """
    bought = order_book.window_activity.filter(pl.col("orders") > 0)
    rows = bought.select("customer", "window", part="orders", whole=pl.lit(1, pl.Int64))
    return _figures.ratios_by_window(order_book, rows)


LIST_PRICE_STEPS = ("list_value", "discounts")  # only where discounts are known
BRIDGE_STEPS = ("gross_sales", "refunded_orders", "returned", "net_revenue")


def gross_net_bridge(order_book: OrderBook) -> pl.DataFrame:
    """Return the steps over all data and over the look-back, each a row.

    ``list_value`` + ``discounts`` = ``gross_sales`` (the first two only where discounts
    are known); ``gross_sales`` + ``refunded_orders`` + ``returned`` = ``net_revenue``.

    Ann sent 5 of her 50 back.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 50), ("ann", 7, -5), ("bob", 1, 50)]
    >>> found = compute_kpis(OrderBook.from_orders(rows, end_day=91), ["gross_net_bridge"])
    >>> for row in found.select("scope", "part", "value").rows():
    ...     print(*row)
    gross_sales 1000000 1.0
    refunded_orders 0 0.0
    returned -50000 -0.05
    net_revenue 950000 0.95
    """
    spans = sorted({order_book.first_day, lookback_start(order_book)})
    return pl.concat([_bridge(order_book, first) for first in spans])


def _bridge(order_book: OrderBook, first: int) -> pl.DataFrame:
    sold, void = ~pl.col("is_return"), pl.col("is_void")
    amount, off = pl.col("amount"), pl.col("discount")
    rows = (
        order_book.entries.filter(pl.col("day") >= first)
        .group_by("customer")
        .agg(
            gross_sales=amount.filter(sold).sum(),
            refunded_orders=-amount.filter(sold & void).sum(),
            returned=amount.filter(~sold & ~void).sum(),
            discounts=-off.filter(sold).sum(),
            known=off.filter(sold).count(),
        )
        .with_columns(
            list_value=pl.col("gross_sales") - pl.col("discounts"),
            net_revenue=pl.sum_horizontal("gross_sales", "refunded_orders", "returned"),
            whole="gross_sales",
        )
    )
    steps = (*LIST_PRICE_STEPS, *BRIDGE_STEPS) if rows["known"].sum() else BRIDGE_STEPS
    keys = ["customer", "whole"]
    parts = rows.unpivot(steps, index=keys, variable_name="scope", value_name="part")
    ratios = _figures.ratio_figures(order_book, parts, ["scope"])
    found = pl.DataFrame({"scope": steps}).join(ratios, on="scope", maintain_order="left")
    return _figures.figure_table(found.with_columns(start=first, end=order_book.end_day))
