"""Cohorts: customers by the month of their first order, followed month by month.

The first cohort holds all who bought before the data began, so it is left out of totals.
With retention: who comes back, and what they spend when they do.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from segpredict.analytics.kpis import _figures
from segpredict.analytics.kpis._months import month_number, month_of, month_start, month_text
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core.arrays import IntArray
from segpredict.core.segment import ALL_CUSTOMERS
from segpredict.core.transactions import MONEY_SCALE

COHORT_KEY = ["cohort", "age"]


def cohort_grid(order_book: OrderBook) -> pl.DataFrame:
    """Return every cohort at every age that the data touch."""
    last, month = month_number(order_book.end_day - 1), pl.col("cohort") + pl.col("age")
    return (
        _customers(order_book)
        .group_by("cohort")
        .agg(n=pl.len().cast(pl.Int64))
        .sort("cohort")
        .with_columns(age=pl.int_ranges(last - pl.col("cohort") + 1, dtype=pl.Int32))
        .explode("age")
        .with_columns(start=month_start(month), end=month_start(month + 1))
        .with_columns(is_whole=pl.col("end") <= order_book.end_day)
    )


def active_in_month(order_book: OrderBook) -> pl.DataFrame:
    """Return how many of each cohort ordered in the month of each age."""
    return _ordered(order_book).group_by(COHORT_KEY).len("part")


def active_from_month(order_book: OrderBook) -> pl.DataFrame:
    """Return how many of each cohort ordered in the month of each age or later."""
    newest = _ordered(order_book).group_by("customer", "cohort").agg(pl.col("age").max())
    last = newest.group_by(COHORT_KEY).len("part")
    return (
        cohort_grid(order_book)
        .join(last, on=COHORT_KEY, how="left")
        .sort(COHORT_KEY)
        .select(*COHORT_KEY, pl.col("part").fill_null(0).cum_sum(reverse=True).over("cohort"))
    )


def retention_shares(order_book: OrderBook, counts: pl.DataFrame) -> pl.DataFrame:
    """Return shares of cohorts by age, cohort by cohort and over all of them."""
    known = (
        cohort_grid(order_book)
        .join(counts, on=COHORT_KEY, how="left")
        .with_columns(
            part=pl.when("is_whole").then(pl.col("part").fill_null(0)).cast(pl.Int64),
            whole=pl.when("is_whole").then("n"),
        )
    )
    every = (
        known.filter("is_whole", pl.col("cohort") > month_number(order_book.first_day))
        .group_by("age")
        .agg(pl.col("n", "part", "whole").sum())
    )
    return _cohort_table(_figures.wilson_shares(known), _figures.wilson_shares(every))


def cohort_revenue_figures(order_book: OrderBook, *, cumulative: bool) -> pl.DataFrame:
    """Return revenue per customer of cohorts, cohort by cohort and over all of them."""
    known = cohort_grid(order_book)
    if known.is_empty():
        return _figures.figure_table(known)
    shape = (_figures.resampling_unit_count(order_book), int(known["age"].to_numpy().max()) + 1)
    parts, wholes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    figures = []
    for cohort, part, whole in _strips(order_book, known, cumulative=cumulative):
        ages = part.shape[1]
        if cohort > month_number(order_book.first_day):
            parts[:, :ages] += part
            wholes[:, :ages] += whole
        figures.append(_paid(order_book, part, whole).with_columns(cohort=cohort))
    cohorts = known.join(pl.concat(figures).drop("n"), on=COHORT_KEY, how="left")
    every = _paid(order_book, parts, wholes).filter(pl.col("n") > 0)
    return _cohort_table(cohorts, every)


def _strips(
    order_book: OrderBook, known: pl.DataFrame, *, cumulative: bool
) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Yield each cohort's revenue, resampling units × ages, and its customers."""
    customers = _customers(order_book)
    units = _figures.resampling_units(order_book).gather(customers["customer"])
    customers = customers.with_columns(unit=units)
    heads = customers.group_by("cohort", "unit").len("whole")
    paid = (
        order_book.entries.filter(~pl.col("is_void"))
        .join(customers, on="customer")
        .with_columns(age=month_of(pl.col("day")) - pl.col("cohort"))
        .group_by("cohort", "unit", "age")
        .agg(part=pl.col("amount").sum())
    )
    covered_ages = known.group_by("cohort").agg(ages=pl.col("is_whole").sum()).sort("cohort")
    for cohort, ages in covered_ages.iter_rows():
        own = heads.filter(cohort=cohort)
        sold = paid.filter(pl.col("age").is_between(0, ages, closed="left"), cohort=cohort)
        size = _figures.resampling_unit_count(order_book)
        part, whole = np.zeros((size, ages), np.int64), np.zeros((size, 1), np.int64)
        part[sold["unit"].to_numpy(), sold["age"].to_numpy()] = sold["part"].to_numpy()
        whole[own["unit"].to_numpy(), 0] = own["whole"].to_numpy()
        yield cohort, part.cumsum(axis=1) if cumulative else part, whole


def _paid(order_book: OrderBook, part: IntArray, whole: IntArray) -> pl.DataFrame:
    """Return revenue per customer by age, from sums by resampling unit."""
    low, high = _figures.bootstrap_bounds(order_book, part, whole)
    customers = np.broadcast_to(whole.sum(axis=0), low.shape)
    columns = {"age": np.arange(low.size), "n": customers, "part": part.sum(axis=0)}
    kinds = {"age": pl.Int32, "n": pl.Int64, "part": pl.Int64}
    found = pl.DataFrame(columns, kinds).with_columns(whole="n")
    return _figures.ratio_values(found, low, high, MONEY_SCALE)


def _cohort_table(cohorts: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """Return the figures of cohorts, and after them those of all cohorts together."""
    named = cohorts.sort(COHORT_KEY).with_columns(scope=month_text(pl.col("cohort")))
    whole = every.sort("age").with_columns(scope=pl.lit(ALL_CUSTOMERS))
    return pl.concat([_figures.figure_table(named), _figures.figure_table(whole)])


def _customers(order_book: OrderBook) -> pl.DataFrame:
    known = order_book.customers.drop_nulls("first")
    return known.select("customer", cohort=month_of(pl.col("first")))


def _ordered(order_book: OrderBook) -> pl.DataFrame:
    """Return the months in which each customer ordered, as ages."""
    return (
        order_book.valid_orders.join(_customers(order_book), on="customer")
        .select("customer", "cohort", age=month_of(pl.col("day")) - pl.col("cohort"))
        .unique()
    )


def cohort_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R2 of every cohort and age, and over all cohorts but the first.

    Ann and Bob were acquired in January; of the two, Ann ordered in February.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = compute_kpis(shop, ["cohort_retention"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 1.0), ('1970-01', 1, 0.5)]
    """
    return retention_shares(order_book, active_in_month(order_book))


def rolling_retention(order_book: OrderBook) -> pl.DataFrame:
    """Return R3 of every cohort and age, and over all cohorts but the first.

    Ann skips February and comes back in March, so in February she is not yet lost.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 70, 30), ("bob", 10, 10)], end_day=90)
    >>> found = compute_kpis(shop, ["rolling_retention"])
    >>> found.select("scope", "age", "value").rows()[1]
    ('1970-01', 1, 0.5)
    """
    return retention_shares(order_book, active_from_month(order_book))


def cohort_revenue(order_book: OrderBook) -> pl.DataFrame:
    """Return revenue per customer by cohort and age, and over all cohorts but the first.

    Of January's two customers one spent 30 in February: 15 each.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = compute_kpis(shop, ["cohort_revenue"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 15.0), ('1970-01', 1, 15.0)]
    """
    return cohort_revenue_figures(order_book, cumulative=False)


def cohort_revenue_cumulative(order_book: OrderBook) -> pl.DataFrame:
    """Return revenue per customer up to each age, and over all cohorts but the first.

    January's two customers spent 30 in January and 30 more by the end of February.

    >>> from segpredict.analytics.kpis import OrderBook, compute_kpis
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = compute_kpis(shop, ["cohort_revenue_cumulative"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 15.0), ('1970-01', 1, 30.0)]
    """
    return cohort_revenue_figures(order_book, cumulative=True)


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
