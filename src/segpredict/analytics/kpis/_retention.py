"""Who comes back, and what they spend when they do."""

import polars as pl

from segpredict.analytics.kpis import _figures
from segpredict.analytics.kpis._metric import BOOTSTRAP_NOTE, WILSON_NOTE, KpiDefinition
from segpredict.analytics.kpis._order_book import OrderBook


def window_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R1 of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Ann ordered in both windows, Bob in the first alone.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 95, 30), ("bob", 10, 10)]
    >>> shop = OrderBook.from_orders(rows, end_day=182)
    >>> compute_kpis(shop, ["window_retention"]).select("part", "whole", "value").row(0)
    (1, 2, 0.5)
    """
    rows = order_book.window_pairs.with_columns(hit=pl.col("next_orders") > 0)
    return _figures.figures_by_window(order_book, _figures.share_figures(rows, ["window"]))


WINDOW_RETENTION = KpiDefinition(
    name="window_retention",
    title="Retention from window to window (R1)",
    formula="customers with an order in window w + 1 and in w / customers with an order in w",
    unit="share",
    interval=WILSON_NOTE,
    meaning="Of a hundred customers who ordered in one window, so many ordered again in the next.",
    measure=window_retention,
    caution="It depends on the length of the window and on the season of both.",
)


def net_revenue_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return NRR of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Ann and Bob spent 100 in the first window, and Ann 150 in the next.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 60), ("bob", 1, 40), ("ann", 95, 150)]
    >>> shop = OrderBook.from_orders(rows, end_day=182)
    >>> compute_kpis(shop, ["net_revenue_retention"])["value"].to_list()
    [1.5]
    """
    rows = order_book.window_pairs.select("customer", "window", part="next_net", whole="net")
    return _figures.ratios_by_window(order_book, rows)


NET_REVENUE_RETENTION = KpiDefinition(
    name="net_revenue_retention",
    title="Net revenue retention (R5, NRR)",
    formula="revenue in window w + 1 of the customers with an order in w / their revenue in w",
    unit="share",
    interval=BOOTSTRAP_NOTE,
    meaning="Of every 100 that customers spent in one window, the same customers spent so many in "
    "the next. Above 100 % those who stayed and grew made up for those who left.",
    measure=net_revenue_retention,
    caution="A season moves it; a few large customers can carry it. New customers do not count.",
)


def gross_revenue_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return GRR of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Of Ann's 150 in the next window no more than her 60 before count, and Bob left.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 60), ("bob", 1, 40), ("ann", 95, 150)]
    >>> shop = OrderBook.from_orders(rows, end_day=182)
    >>> compute_kpis(shop, ["gross_revenue_retention"])["value"].to_list()
    [0.6]
    """
    kept = pl.min_horizontal("next_net", "net")
    rows = order_book.window_pairs.select("customer", "window", part=kept, whole="net")
    return _figures.ratios_by_window(order_book, rows)


GROSS_REVENUE_RETENTION = KpiDefinition(
    name="gross_revenue_retention",
    title="Gross revenue retention (R5, GRR)",
    formula="Σ over the customers with an order in window w of the lesser of their "
    "revenue in w + 1 and in w / their revenue in w",
    unit="share",
    interval=BOOTSTRAP_NOTE,
    meaning="As NRR, but nobody counts for more than before, so growth cannot hide who left.",
    measure=gross_revenue_retention,
    caution="A season moves it. It is never above NRR.",
)


REPEAT_SPANS = (28, 91, 182, 364)  # days


def repeat_rate(order_book: OrderBook) -> pl.DataFrame:
    """Return the repeat rate within 28, 91, 182 and 364 days, one row each.

    Customers observed for less than D days are left out.

    Examples
    --------
    Ann came back after a week; Bob did not; Cid's first order is too recent.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 10), ("cid", 80, 10)]
    >>> found = compute_kpis(OrderBook.from_orders(rows, end_day=91), ["repeat_rate"])
    >>> found.select("scope", "part", "whole", "value").row(0)
    ('28 days', 1, 2, 0.5)
    """
    known = order_book.valid_orders.join(order_book.customers, on="customer")
    since, parts = pl.col("day") - pl.col("first"), []
    for days in REPEAT_SPANS:
        followed = known.filter(pl.col("first") + days <= order_book.end_day)
        rows = followed.group_by("customer").agg(hit=(since < days).sum() > 1)
        parts.append(_figures.share_figures(rows).with_columns(scope=pl.lit(f"{days} days")))
    start, end = order_book.first_day, order_book.end_day
    return _figures.figure_table(pl.concat(parts).with_columns(start=start, end=end))


REPEAT_RATE = KpiDefinition(
    name="repeat_rate",
    title="Repeat rate",
    formula="customers with a second order less than D days after the first / "
    "customers whose first order was at least D days before the end of the data",
    unit="share",
    interval=WILSON_NOTE,
    meaning="Percent of new customers who order a second time within D days.",
    measure=repeat_rate,
    caution="Customers who bought before the data began count as new at their "
    "first order in the data, which raises it. Two orders on one day are two orders.",
)


def segment_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R4 of the transitions into the newest window, by segment and over all.

    Examples
    --------
    >>> import polars as pl
    >>> from dataclasses import replace
    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> counts = pl.DataFrame({
    ...     "from_id": ["S0", "S0", "S1", "S1", "NEW"],
    ...     "to_id": ["S0", "S1", "S0", "S1", "S1"],
    ...     "n": [6, 2, 1, 3, 5],
    ... })
    >>> shop = replace(OrderBook.from_orders([("ann", 0, 20)], end_day=182), transitions=counts)
    >>> found = compute_kpis(shop, ["segment_retention"])
    >>> found.select("scope", "part", "whole", "value").rows()
    [('all', 9, 12, 0.75), ('S0', 6, 8, 0.75), ('S1', 3, 4, 0.75)]
    """
    if order_book.transitions is None:
        return _figures.figure_table(pl.DataFrame())
    stays = pl.col("from_id") == pl.col("to_id")
    known = order_book.transitions.filter(pl.col("from_id") != "NEW").select(
        "n", scope="from_id", part=pl.when(stays).then("n").otherwise(0)
    )
    counted = [pl.col("part").sum(), pl.col("n").sum().alias("whole")]
    segments = known.group_by("scope").agg(counted).sort("scope")
    every = known.select(pl.lit(_figures.ALL_CUSTOMERS).alias("scope"), *counted)
    start, end = order_book.end_day - order_book.horizon, order_book.end_day
    shares = _figures.wilson_shares(pl.concat([every, segments]))
    return _figures.figure_table(shares.with_columns(n="whole", start=start, end=end))


SEGMENT_RETENTION = KpiDefinition(
    name="segment_retention",
    title="Segment retention (R4)",
    formula="customers whose segment is the same in the next window / customers of the segment",
    unit="share",
    interval=WILSON_NOTE,
    meaning="Percent of customers of a segment who are in the same one a window later.",
    measure=segment_retention,
    caution="A customer who rises does not stay, either.",
)
