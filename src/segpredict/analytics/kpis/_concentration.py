"""Concentration of sales among customers: Lorenz curve, Gini index, top shares."""

import math

import numpy as np
import polars as pl

from segpredict.analytics.kpis._figures import MIN_CUSTOMERS_FOR_SPREAD, figure_table, ratio_figures
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.intervals import Z_95
from segpredict.core.segment import ALL_CUSTOMERS

LORENZ_POINTS = 100  # of the saved curve


def customer_spend(order_book: OrderBook) -> IntArray:
    """Return what each customer with an order in the look-back spent in it, rising.

    Money is in units of 10⁻⁴, less what was returned in the look-back, and never below zero.
    """
    is_recent = pl.col("day") >= lookback_start(order_book)
    spent = (
        order_book.entries.filter(~pl.col("is_void") & is_recent)
        .group_by("customer")
        .agg(pl.col("amount").sum(), orders=(~pl.col("is_return")).sum())
    )
    return spent.filter(pl.col("orders") > 0)["amount"].clip(lower_bound=0).sort().to_numpy()


def lookback_start(order_book: OrderBook) -> int:
    """Return the first day of the look-back that the data cover."""
    return max(order_book.first_day, order_book.end_day - order_book.lookback)


def lorenz_curve(order_book: OrderBook) -> pl.DataFrame:
    """Return the Lorenz curve of the look-back.

    ``customers`` (share of them, the smallest spenders first) and ``revenue`` (their share of it),
    from (0, 0) to (1, 1); no rows without sales.

    >>> shop = OrderBook.from_orders([("ann", 0, 10.0), ("bob", 1, 30.0)], end_day=91)
    >>> lorenz_curve(shop).rows()
    [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]
    """
    spent = customer_spend(order_book)
    total = int(spent.sum())
    n = spent.size
    if not total:
        return pl.DataFrame(schema={"customers": pl.Float64, "revenue": pl.Float64})
    taken = np.unique(np.linspace(0, n, LORENZ_POINTS + 1).round().astype(np.int64))
    sums = np.concatenate([[0], spent.cumsum()])[taken]
    return pl.DataFrame({"customers": taken / n, "revenue": sums / total})


def gini_index(spent: IntArray) -> tuple[float, FloatArray]:
    """Return Gini's index of rising amounts, and the influence of each on it (Davidson 2009).

    G = Σ (2i − n − 1) xᵢ / (n Σ xᵢ); with F = (i − ½) / n and C = Σ_{j ≤ i} xⱼ / n the influences
    are (2 (xᵢ F − C) − (G + 1) xᵢ) / μ, less their mean.
    """
    n, mean = spent.size, spent.mean()
    rank = np.arange(1, n + 1)
    index = float(((2 * rank - n - 1) * (spent / mean)).sum() / n**2)
    below = spent.cumsum() / n
    influence = (2 * (spent * (rank - 0.5) / n - below) - (index + 1) * spent) / mean
    return index, influence - influence.mean()


def top_spender_share(spent: IntArray, customer_share: float) -> tuple[int, float, FloatArray]:
    """Return what the largest amounts add up to, its part of all, and the influences.

    With Q the smallest of the largest and S their part, the influence of x is (max(x − Q, 0) +
    share · Q − S x) / μ: that of a Lorenz ordinate (Beach and Davidson 1983).
    """
    largest = spent[-math.ceil(customer_share * spent.size) :]
    edge, mean = int(largest[0]), spent.mean()
    part = int(largest.sum())
    value = part / int(spent.sum())
    over = np.maximum(spent - edge, 0) + customer_share * edge
    influence = (over - value * spent) / mean
    return part, value, influence - influence.mean()


def influence_figure(
    order_book: OrderBook,
    spent: IntArray,
    value: float,
    influence: FloatArray,
    part: int | None = None,
) -> pl.DataFrame:
    """Return one figure of the look-back with the interval that influences give."""
    n = spent.size
    half = Z_95 * float(np.sqrt((influence**2).sum() / max(n - 1, 1) / n))
    row = {"scope": ALL_CUSTOMERS, "start": lookback_start(order_book), "end": order_book.end_day}
    row |= {"n": n, "part": part, "whole": None if part is None else int(spent.sum())}
    row |= {"value": value, "low": None, "high": None}
    if n >= MIN_CUSTOMERS_FOR_SPREAD:
        row |= {"low": max(0.0, value - half), "high": min(1.0, value + half)}
    return figure_table(pl.DataFrame([row]))


def spend_gini(order_book: OrderBook) -> pl.DataFrame:
    """Return Gini's index over the look-back.

    (2 − 3) × 10 + (4 − 3) × 30 = 20, over 2 × 40.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 10), ("bob", 1, 30)], end_day=91)
    >>> compute_kpis(shop, ["gini"])["value"].to_list()
    [0.25]
    """
    spent = customer_spend(order_book)
    if not spent.sum():
        return figure_table(pl.DataFrame())
    return influence_figure(order_book, spent, *gini_index(spent))


def top_decile_share(order_book: OrderBook) -> pl.DataFrame:
    """Return the share of the top decile over the look-back.

    Of ten customers who spent 1, 2 … 10, the best brought 10 of 55.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([(f"c{i}", 0, i) for i in range(1, 11)], end_day=91)
    >>> compute_kpis(shop, ["top_decile_share"]).select("part", "whole").row(0)
    (100000, 550000)
    """
    spent = customer_spend(order_book)
    if not spent.sum():
        return figure_table(pl.DataFrame())
    part, value, influence = top_spender_share(spent, 0.1)
    return influence_figure(order_book, spent, value, influence, part)


def segment_revenue_share(order_book: OrderBook) -> pl.DataFrame:
    """Return each segment's share of the revenue of the newest window.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> rows = [("ann", 0, 60), ("bob", 1, 40), ("cid", 2, 100)]
    >>> named = {"ann": "S1", "bob": "S1", "cid": "S2"}
    >>> shop = OrderBook.from_orders(rows, 91, segments=named)
    >>> found = compute_kpis(shop, ["segment_revenue_share"])
    >>> found.select("scope", "n", "value").rows()
    [('S1', 2, 0.5), ('S2', 1, 0.5)]
    """
    known = order_book.customers.drop_nulls("segment_id").select("customer", "segment_id")
    newest = order_book.window_activity.filter(pl.col("window") == 0).select("customer", "net")
    paid = known.join(newest, on="customer")  # who did nothing adds nothing
    rows = known.select(scope=pl.col("segment_id").unique()).join(paid, how="cross")
    part = pl.when(pl.col("scope") == pl.col("segment_id")).then("net").otherwise(0)
    shared = rows.select("customer", "scope", part=part, whole="net")
    sizes = known.group_by(scope="segment_id").agg(size=pl.len())
    found = ratio_figures(order_book, shared, ["scope"]).join(sizes, on="scope").sort("scope")
    start, end = order_book.end_day - order_book.horizon, order_book.end_day
    return figure_table(found.with_columns(n="size", start=start, end=end))
