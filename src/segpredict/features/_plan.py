"""The fast plan: lines to orders once, then every family and span in one pass a window.

Families declare into it (`Family`); none brings a plan of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from segpredict.errors import SegpredictError
from segpredict.features._family import Family
from segpredict.features._measures import SPANS, since_last
from segpredict.features._orders import is_arranged, walk
from segpredict.features._rows import ROWS
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


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is read and sorted once for all windows.

    Parameters
    ----------
    orders
        The shop with its orders in the place of lines.
    beside
        Other rows by name (`_rows.ROWS`); ``None`` where the shop has no such table.
    """

    orders: Transactions
    beside: Mapping[str, pl.DataFrame | None]


def gather(
    transactions: Transactions, first: int, end: int, families: Sequence[Family]
) -> Gathered:
    """Return all rows that these families ask for, dated in ``[first, end)``."""
    orders = collapse(transactions, first, end)
    known = pl.col("day").is_between(first, end, closed="left")
    shop = replace(transactions, lines=transactions.lines.filter(known))
    codes = orders.lazy().select("customer_id", "customer").unique()
    names = sorted({name for family in families for name in family.beside})
    return Gathered(
        on(transactions, orders),
        {name: ROWS[name].gather(shop, codes) for name in names},
    )


def answer(rows: Gathered, window: Window, families: Sequence[Family]) -> pl.LazyFrame:
    """Return the feature table of one window, sorted by customer, still lazy."""
    own = {
        "customer_id": pl.col("customer_id").first(),
        "eligible_ago": since_last(),
        "one": (pl.len() > 0).cast(pl.Int64),
    }
    of_orders = _measures([(f.name, f.measures(window)) for f in families])
    columns = [
        expression.cast(pl.Float64).alias(name)
        for family in families
        for name, expression in _derived(family, window).items()
    ]
    measured = _ordered(rows.orders, window, {**own, **of_orders})
    for name in rows.beside:
        measured = _joined(measured, rows, name, window, families)
    return measured.sort("customer").select("customer_id", *columns)


def _ordered(
    orders: Transactions, window: Window, measures: Mapping[str, pl.Expr]
) -> pl.LazyFrame:
    """Return what is measured on the orders of each eligible customer."""
    seen = see(orders, window).collect(engine="in-memory")
    return (
        totals(seen, measures).lazy().filter(pl.col("eligible_ago") <= window.lookback)
    )


def _joined(
    measured: pl.LazyFrame,
    rows: Gathered,
    name: str,
    window: Window,
    families: Sequence[Family],
) -> pl.LazyFrame:
    """Join what families measure on other rows than orders."""
    asked = [(f.name, f.beside[name](window)) for f in families if name in f.beside]
    measures, kind, given = _measures(asked), ROWS[name], rows.beside[name]
    facts = kind.facts(rows.orders, window) if kind.facts else {}
    measured = measured.with_columns(
        pl.lit(value, pl.Int64).alias(fact) for fact, value in facts.items()
    )
    if given is None:
        return measured.with_columns(
            pl.lit(None, pl.Int64).alias(measure) for measure in measures
        )
    seen = kind.see(given.lazy(), window).collect(engine="in-memory")
    found = totals(seen, measures).lazy()
    # Who has no such rows gets what the measures give on no rows: 0 for a sum.
    nobody = kind.see(given.clear().lazy(), window).select(**measures).collect()
    absent = nobody.row(0, named=True)
    return measured.join(found, on="customer", how="left").with_columns(
        pl.col(measure).fill_null(value)
        for measure, value in absent.items()
        if value is not None
    )


def _measures(
    asked: Sequence[tuple[str, Mapping[str, pl.Expr]]],
) -> dict[str, pl.Expr]:
    found: dict[str, pl.Expr] = {}
    for family, measures in asked:
        for name, expression in measures.items():
            known = found.setdefault(name, expression)
            if not known.meta.eq(expression):
                raise SegpredictError(
                    f"The family {family} measures {name!r} in another way.",
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
