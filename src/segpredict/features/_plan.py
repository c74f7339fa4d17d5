"""The fast plan: lines to orders once, then every family and span in one pass a window.

Families declare into it (`Family`); none brings a plan of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from segpredict.errors import SegpredictError
from segpredict.features._family import Family
from segpredict.features._measures import SPANS, since_last
from segpredict.features._orders import is_arranged, walk
from segpredict.features._totals import totals
from segpredict.tables import Transactions
from segpredict.window import Window

_KEY = ["customer_id", "is_return", "day", "minute", "order_id", "void_day"]


def collapse(transactions: Transactions, first: int, end: int) -> pl.DataFrame:
    """Return one row per order and one per credit note, dated in ``[first, end)``.

    Notes
    -----
    An order is what a customer bought under one order number on one day. As ``day`` and
    ``void_day`` are part of the key, cutting orders in time equals cutting their lines,
    and one table serves all cutoffs.
    """
    if is_arranged(transactions.lines):
        return walk(transactions.lines, first, end)
    whole = [name for name in _KEY if name != "minute"]
    products = pl.col("product_id")
    rows = (
        transactions.lines.filter(pl.col("day").is_between(first, end, closed="left"))
        .group_by(whole)
        .agg(
            pl.col("minute").min(),
            net=pl.col("amount").sum(),
            units=pl.col("quantity").sum(),
            lines=pl.len().cast(pl.Int64),
            # n_unique counts null as a value of its own.
            products=products.n_unique().cast(pl.Int64) - products.is_null().any(),
        )
        .sort(_KEY)
        .collect()
    )
    return rows.with_columns(customer=pl.col("customer_id").rle_id())


def see(orders: Transactions, window: Window) -> pl.LazyFrame:
    """Return the orders that a window may see, with their place in time.

    Notes
    -----
    The columns families may use:

    ``ago``
        days to the cutoff, 1 and up;
    ``is_order``, ``is_day``, ``is_period``
        whether the row is an order (else a credit note), the first order of its day,
        and the first of its 28-day period counted back from the cutoff;
    ``gap``
        days since the purchase day before, on the first order of a day;
    ``net``, ``gross``
        money in; gross is null on credit notes;
    ``lines``, ``units``, ``products``
        of the row, ``products`` being distinct ones.
    """
    day, customer = pl.col("day"), pl.col("customer")
    # Orders come before credit notes (`_KEY`), so an order's neighbour is an order.
    follows = (customer == customer.shift()).fill_null(value=False)
    step = pl.when(follows).then(day - day.shift())
    period = (pl.col("ago") - 1) // SPANS[0]
    same_period = (follows & (period == period.shift())).fill_null(value=False)
    is_order = ~pl.col("is_return")
    return (
        orders.known(window.cutoff)
        .filter(day >= window.history_start)
        .with_columns(
            ago=(window.cutoff - day).cast(pl.Int64),
            is_order=is_order,
            gross=pl.when(is_order).then("net"),
            is_day=is_order & (step != 0).fill_null(value=True),
            gap=pl.when(is_order & (step > 0)).then(step).cast(pl.Int64),
        )
        .with_columns(is_period=is_order & ~same_period)
    )


def answer(
    orders: Transactions, window: Window, families: Sequence[Family]
) -> pl.LazyFrame:
    """Return the feature table of one window, sorted by customer, still lazy."""
    own = {
        "customer_id": pl.col("customer_id").first(),
        "eligible_ago": since_last(),
        "one": (pl.len() > 0).cast(pl.Int64),
    }
    measures = {**own, **_measures(families, window)}
    columns = [
        expression.cast(pl.Float64).alias(name)
        for family in families
        for name, expression in _derived(family, window).items()
    ]
    seen = see(orders, window).collect(engine="in-memory")
    return (
        totals(seen, measures)
        .lazy()
        .filter(pl.col("eligible_ago") <= window.lookback)
        .sort("customer")
        .select("customer_id", *columns)
    )


def _measures(families: Sequence[Family], window: Window) -> dict[str, pl.Expr]:
    found: dict[str, pl.Expr] = {}
    for family in families:
        for name, expression in family.measures(window).items():
            known = found.setdefault(name, expression)
            if not known.meta.eq(expression):
                raise SegpredictError(
                    f"The family {family.name} measures {name!r} in another way.",
                    fix="give the measure a name of its own.",
                    measure=name,
                )
    return found


def _derived(family: Family, window: Window) -> Mapping[str, pl.Expr]:
    given = family.derive(window)
    return {feature.name: given[feature.name] for feature in family.features}


def on(transactions: Transactions, orders: pl.DataFrame) -> Transactions:
    """Return the orders in the place of their lines: the cut in time is the same."""
    return replace(transactions, lines=orders.lazy())
