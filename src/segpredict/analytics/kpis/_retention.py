"""Who comes back, and what they spend when they do."""

import polars as pl

from segpredict.analytics.kpis import _figures
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.segment import ALL_CUSTOMERS


def window_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R1 of every pair of neighbouring windows; the days are the later one's.

    Ann ordered in both windows, Bob in the first alone.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 20), ("ann", 95, 30), ("bob", 10, 10)]
    >>> shop = OrderBook.from_orders(rows, end_day=182)
    >>> compute_kpis(shop, ["window_retention"]).select("part", "whole", "value").row(0)
    (1, 2, 0.5)
    """
    rows = order_book.window_pairs.with_columns(hit=pl.col("next_orders") > 0)
    return _figures.figures_by_window(order_book, _figures.share_figures(rows, ["window"]))


def net_revenue_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return NRR of every pair of neighbouring windows; the days are the later one's.

    Ann and Bob spent 100 in the first window, and Ann 150 in the next.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 60), ("bob", 1, 40), ("ann", 95, 150)]
    >>> shop = OrderBook.from_orders(rows, end_day=182)
    >>> compute_kpis(shop, ["net_revenue_retention"])["value"].to_list()
    [1.5]
    """
    rows = order_book.window_pairs.select("customer", "window", part="next_net", whole="net")
    return _figures.ratios_by_window(order_book, rows)


def gross_revenue_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return GRR of every pair of neighbouring windows; the days are the later one's.

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


REPEAT_SPANS = (28, 91, 182, 364)  # days


def repeat_rate(order_book: OrderBook) -> pl.DataFrame:
    """Return the repeat rate within 28, 91, 182 and 364 days, one row each.

    Customers observed for less than D days are left out.

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


def segment_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R4 of the transitions into the newest window, by segment and over all.

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
    every = known.select(pl.lit(ALL_CUSTOMERS).alias("scope"), *counted)
    start, end = order_book.end_day - order_book.horizon, order_book.end_day
    shares = _figures.wilson_shares(pl.concat([every, segments]))
    return _figures.figure_table(shares.with_columns(n="whole", start=start, end=end))
