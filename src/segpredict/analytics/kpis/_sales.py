"""What was sold: revenue, orders, customers and what an order is worth."""

import numpy as np
import polars as pl

from segpredict.analytics.kpis._concentration import lookback_start
from segpredict.analytics.kpis._figures import (
    MIN_CUSTOMERS_FOR_SPREAD,
    figure_table,
    figures_by_window,
    ratio_figures,
)
from segpredict.analytics.kpis._metric import BOOTSTRAP_NOTE, COUNT_NOTE, KpiDefinition
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.intervals import Z_95
from segpredict.core.transactions import MONEY_SCALE


def revenue(order_book: OrderBook) -> pl.DataFrame:
    """Return the revenue of every whole window, the newest first.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, -5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["revenue"]).select("n", "part", "value").row(0)
    (2, 250000, 25.0)
    """
    found = order_book.window_activity.group_by("window").agg(
        n=pl.len(), part=pl.col("net").sum(), value=pl.col("net").sum() / MONEY_SCALE
    )
    return figures_by_window(order_book, found)


REVENUE = KpiDefinition(
    name="revenue",
    title="Revenue",
    formula="Σ value of the orders − Σ value of the returns, of the days of the window",
    unit="currency",
    interval=COUNT_NOTE,
    meaning="What customers paid for what they kept.",
    measure=revenue,
    caution="Of customers who are known: sales without a customer are not in it. A "
    "return counts on the day it comes back; an order that was sent back whole does "
    "not count.",
)


def order_count(order_book: OrderBook) -> pl.DataFrame:
    """Return the number of orders in every whole window, the newest first.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["orders"]).select("n", "value").row(0)
    (2, 3.0)
    """
    found = (
        order_book.window_activity.filter(pl.col("orders") > 0)
        .group_by("window")
        .agg(n=pl.len(), part=pl.col("orders").sum())
    )
    return figures_by_window(order_book, found.with_columns(value="part"))


ORDERS = KpiDefinition(
    name="orders",
    title="Orders",
    formula="orders placed in the window; an order is what one customer bought under "
    "one number on one day",
    unit="orders",
    interval=COUNT_NOTE,
    meaning="How often customers bought.",
    measure=order_count,
    caution="Orders that were sent back whole by the end of the data do not count.",
)


def customer_count(order_book: OrderBook) -> pl.DataFrame:
    """Return the number of customers with an order in every whole window.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["customers"])["value"].to_list()
    [2.0]
    """
    found = (
        order_book.window_activity.filter(pl.col("orders") > 0).group_by("window").agg(n=pl.len())
    )
    return figures_by_window(order_book, found.with_columns(part="n", value="n"))


CUSTOMERS = KpiDefinition(
    name="customers",
    title="Customers who ordered",
    formula="different customers with an order in the window",
    unit="customers",
    interval=COUNT_NOTE,
    meaning="How many people bought.",
    measure=customer_count,
    caution="Windows cannot be added up: who orders in two is one customer.",
)


def mean_order_value(order_book: OrderBook) -> pl.DataFrame:
    """Return the mean value of an order, window by window.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("ann", 8, -5), ("bob", 1, 100)]
    >>> found = measure(Books.of(rows, end_day=91), ["order_value"])
    >>> found.select("part", "whole", "value").row(0)
    (1500000, 3, 50.0)
    """
    rows = order_book.window_activity.filter(pl.col("orders") > 0).select(
        "customer", "window", part="gross", whole="orders"
    )
    return figures_by_window(order_book, ratio_figures(order_book, rows, ["window"], MONEY_SCALE))


ORDER_VALUE = KpiDefinition(
    name="order_value",
    title="Average order value (AOV)",
    formula="Σ value of the orders / orders; before returns, orders that were sent "
    "back whole left out",
    unit="currency",
    interval=BOOTSTRAP_NOTE,
    meaning="What an order is worth on average.",
    measure=mean_order_value,
    caution="A few very large orders pull it up; the median tells of the usual order.",
)


def median_order_value(order_book: OrderBook) -> pl.DataFrame:
    """Return the median value of an order, window by window.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> measure(Books.of(rows, end_day=91), ["order_value_median"])["value"].to_list()
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
    return figures_by_window(order_book, pl.DataFrame(rows, {**schema, **floats}))


def _middle(orders: pl.DataFrame) -> dict[str, float | None]:
    """Return the median of orders, with the interval of Woodruff."""
    amount = orders["amount"].to_numpy()
    middle = float(np.median(amount))
    theirs = orders.group_by("customer", maintain_order=True).agg(
        below=(pl.col("amount") <= middle).sum().cast(pl.Int64), size=pl.len()
    )
    n, below = theirs.height, theirs["below"].to_numpy()
    told = {"n": n, "value": middle / MONEY_SCALE, "low": None, "high": None}
    if n < MIN_CUSTOMERS_FOR_SPREAD:
        return told
    share = below.sum() / amount.size
    spread = ((below - share * theirs["size"].to_numpy()) ** 2).sum() * n / (n - 1)
    error = Z_95 * float(np.sqrt(spread)) / amount.size
    ends = np.quantile(amount, [max(0.0, 0.5 - error), min(1.0, 0.5 + error)])
    return told | {"low": float(ends[0]) / MONEY_SCALE, "high": float(ends[1]) / MONEY_SCALE}


ORDER_VALUE_MEDIAN = KpiDefinition(
    name="order_value_median",
    title="Median order value",
    formula="the value that half of the orders do not exceed; before returns, orders "
    "that were sent back whole left out",
    unit="currency",
    interval="Woodruff's for a median: the 95 % interval of the share of orders up to "
    "it, with customers as clusters, turned back into values; none for fewer than 5 "
    "customers.",
    meaning="What a usual order is worth.",
    measure=median_order_value,
    caution="Times the number of orders it is not the revenue; the mean is.",
)


def purchase_frequency(order_book: OrderBook) -> pl.DataFrame:
    """Return orders a customer who ordered, window by window.

    Examples
    --------
    >>> from segpredict.analytics.kpis import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> measure(Books.of(rows, end_day=91), ["purchase_frequency"])["value"].to_list()
    [1.5]
    """
    rows = order_book.window_activity.filter(pl.col("orders") > 0).select(
        "customer", "window", part="orders", whole=pl.lit(1, pl.Int64)
    )
    return figures_by_window(order_book, ratio_figures(order_book, rows, ["window"]))


PURCHASE_FREQUENCY = KpiDefinition(
    name="purchase_frequency",
    title="Purchase frequency",
    formula="orders / customers with an order, in one window",
    unit="orders",
    interval=BOOTSTRAP_NOTE,
    meaning="How often those who order do so in a window.",
    measure=purchase_frequency,
    caution="It is never below 1, since who does not order is not in it.",
)


LIST_PRICE_STEPS = ("list_value", "discounts")  # only where discounts are known
BRIDGE_STEPS = ("gross_sales", "sent_back_whole", "returned", "net_revenue")


def gross_net_bridge(order_book: OrderBook) -> pl.DataFrame:
    """Return the steps over all data and over the look-back, each a row.

    ``list_value`` + ``discounts`` = ``gross_sales`` (the first two only where discounts
    are known); ``gross_sales`` + ``sent_back_whole`` + ``returned`` = ``net_revenue``.

    Examples
    --------
    Ann sent 5 of her 50 back.

    >>> from segpredict.analytics.kpis import Books, measure
    >>> rows = [("ann", 0, 50), ("ann", 7, -5), ("bob", 1, 50)]
    >>> found = measure(Books.of(rows, end_day=91), ["gross_net_bridge"])
    >>> for row in found.select("scope", "part", "value").rows():
    ...     print(*row)
    gross_sales 1000000 1.0
    sent_back_whole 0 0.0
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
            sent_back_whole=-amount.filter(sold & void).sum(),
            returned=amount.filter(~sold & ~void).sum(),
            discounts=-off.filter(sold).sum(),
            known=off.filter(sold).count(),
        )
        .with_columns(
            list_value=pl.col("gross_sales") - pl.col("discounts"),
            net_revenue=pl.sum_horizontal("gross_sales", "sent_back_whole", "returned"),
            whole="gross_sales",
        )
    )
    steps = (*LIST_PRICE_STEPS, *BRIDGE_STEPS) if rows["known"].sum() else BRIDGE_STEPS
    parts = rows.unpivot(
        steps, index=["customer", "whole"], variable_name="scope", value_name="part"
    )
    order = pl.DataFrame({"scope": steps})
    found = order.join(
        ratio_figures(order_book, parts, ["scope"]), on="scope", maintain_order="left"
    )
    return figure_table(found.with_columns(start=first, end=order_book.end_day))


GROSS_NET_BRIDGE = KpiDefinition(
    name="gross_net_bridge",
    title="From gross sales to net revenue",
    formula="net revenue = gross sales − orders sent back whole (on their day of sale) "
    "− other returns (on the day they came back); where known, gross sales = list "
    "value − discounts; each step over gross sales",
    unit="share",
    interval=BOOTSTRAP_NOTE + " The amounts themselves are exact.",
    meaning="How much of what was sold came back, and what was left.",
    measure=gross_net_bridge,
    caution="Returns of sales before the data began are in it; those still to come are not.",
)
