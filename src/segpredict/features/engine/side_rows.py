"""Rows other than orders, collected once for all windows and cut at each window's cutoff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.core.transactions import CONTACT_KINDS, EVENT_KINDS, CustomerLog, SideTables
from segpredict.core.window import Window
from segpredict.errors import LimitError
from segpredict.features.engine.orders import Lines

_DAYS = 2**17  # more than the days to 2199
_ROOM = 2**63 // _DAYS


@dataclass(frozen=True, slots=True)
class SideRows:
    """One kind of rows."""

    # from the shop's side tables, its lines, which are cut to the days that any window may see and
    # have the number of their ``customer``, and these numbers by ``customer_id`` to one frame for
    # all windows, or to ``None`` where the shop has no such table
    collect: Callable[[SideTables, Lines, pl.DataFrame], pl.DataFrame | None]
    # from that frame to what a window may see of it: ``customer`` and the columns to measure
    restrict_to_cutoff: Callable[[pl.DataFrame, Window], pl.DataFrame]
    # numbers that are equal for all customers and that `FeatureFamily.derive` may use
    facts: Callable[[SideTables, Window], Mapping[str, int | None]] | None = None


def _sold(lines: Lines, column: str = "product_id") -> Lines:
    """Return the lines of sales that have a value in a column."""
    return lines.filter(~pl.col("is_return") & pl.col(column).is_not_null())


def _joined(lines: Lines, products: pl.DataFrame) -> Lines:
    if isinstance(lines, pl.LazyFrame):
        return lines.join(products.lazy(), on="product_id")
    return lines.join(products, on="product_id")


def _coded_rows(lines: Lines, column: str) -> pl.DataFrame:
    """Return one row per line: customer, value and day in whole numbers, sorted."""
    # Codes depend on the order of rows; what is measured depends on equality alone.
    given = pl.col(column)
    is_text = lines.collect_schema()[column] == pl.String
    code = given.cast(pl.Categorical).cat.physical() if is_text else given.to_physical()
    values = "day", "void_day", pl.col("customer").cast(pl.Int64)
    coded = lines.select(*values, value=code.cast(pl.Int64)).lazy().collect()
    most, last = (int(coded[n].to_numpy().max(initial=0)) for n in ("customer", "value"))
    n_values = 1 + last
    if n_values * (1 + most) >= _ROOM:
        raise LimitError(
            f"{n_values} values of {column} for so many customers do not fit one number.",
            fix="split the shop, or leave the family out with classifier.families.",
        )
    # One whole number sorts far faster than three columns.
    key = pl.col("customer") * n_values + pl.col("value")
    return (
        coded.select("day", "void_day", "customer", key=key, place=key * _DAYS + pl.col("day"))
        .sort("place")
        .drop("place")
    )


def _cut(rows: pl.DataFrame, window: Window, first: int | None = None) -> pl.DataFrame:
    """Cut rows with ``day`` and ``void_day`` at the cutoff, as `Transactions.known_at`."""
    start = window.history_start if first is None else max(first, window.history_start)
    seen = pl.col("day").is_between(start, window.cutoff, closed="left")
    if rows["void_day"].null_count() < rows.height:
        seen &= (pl.col("void_day") >= window.cutoff).fill_null(value=True)
    return rows.filter(seen).with_columns(ago=(window.cutoff - pl.col("day")).cast(pl.Int64))


def _lookback_at(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    return _cut(rows, window, window.start)


def _groups(tables: SideTables, lines: Lines, _: pl.DataFrame) -> pl.DataFrame | None:
    products = tables.products
    if products is None or "category" not in products.columns:
        return None
    of = products.select("product_id", "category").drop_nulls()
    return _coded_rows(_joined(_sold(lines), of), "category")


def _groups_at(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    """One row per customer and category of the look-back, with its ``lines``."""
    cut = _lookback_at(rows, window)
    return cut.group_by("customer", "key").agg(lines=pl.len().cast(pl.Int64))


def _tiers(tables: SideTables, lines: Lines, _: pl.DataFrame) -> pl.DataFrame | None:
    if tables.prices is None:
        return None
    priced = _joined(_sold(lines), tables.prices)
    return priced.select("day", "void_day", "customer", "percentile").lazy().collect()


def _places(_: SideTables, lines: Lines, __: pl.DataFrame) -> pl.DataFrame:
    time = ("day", "minute", "order_id")
    return (
        _sold(lines, "country")
        .select("customer", *time, "void_day", "country")
        .sort("customer", *time, "country")
        .lazy()
        .collect()
    )


def _reduced(_: SideTables, lines: Lines, __: pl.DataFrame) -> pl.DataFrame | None:
    if "discount" not in lines.collect_schema().names():
        return None
    reduced = _sold(lines, "discount")
    return reduced.select("day", "void_day", "customer", "amount", "discount").lazy().collect()


def _of_log(which: str, kinds: tuple[str, ...]) -> SideRows:
    def collect(tables: SideTables, _: Lines, customers: pl.DataFrame) -> pl.DataFrame | None:
        found: CustomerLog | None = getattr(tables, which)
        if found is None:
            return None
        known = found.frame.join(customers, on="customer_id")
        columns = found.frame.columns
        given = (pl.col(k) if k in columns else pl.lit(0, pl.Int64).alias(k) for k in kinds)
        never = pl.lit(None, pl.Int32).alias("void_day")
        return known.select("customer", "day", never, *given)

    def facts(tables: SideTables, window: Window) -> Mapping[str, int | None]:
        """Return how many days back each kind was recorded; null where it never was."""
        found: CustomerLog | None = getattr(tables, which)
        if found is None or found.first_day is None:
            return {f"{kind}_reach": None for kind in kinds}
        reach, recorded = window.cutoff - found.first_day, found.frame.columns
        return {f"{kind}_reach": reach if kind in recorded else None for kind in kinds}

    return SideRows(collect, _cut, facts)


def _attributes(tables: SideTables, _: Lines, customers: pl.DataFrame) -> pl.DataFrame | None:
    table = tables.customers
    return None if table is None else table.join(customers, on="customer_id")


def _attributes_at(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Return the rows that held on the last known day, the day before the cutoff, newest last."""
    since, until = pl.col("since"), pl.col("until")
    has_begun = (since < window.cutoff).fill_null(value=True)
    has_ended = (until < window.cutoff).fill_null(value=False)
    return rows.filter(has_begun & ~has_ended).sort("customer", "since", nulls_last=False)


SIDE_ROWS: Mapping[str, SideRows] = {
    "groups": SideRows(_groups, _groups_at),
    "tiers": SideRows(_tiers, _lookback_at),
    "reduced": SideRows(_reduced, _lookback_at),
    "places": SideRows(_places, _cut),
    "events": _of_log("events", EVENT_KINDS),
    "contacts": _of_log("contacts", CONTACT_KINDS),
    "people": SideRows(_attributes, _attributes_at),
}

DAYS_AGO = pl.col("ago")


def within_days(days: int) -> pl.Expr:
    """Return whether a row lies in ``[T - days, T)``."""
    return DAYS_AGO.le(days)


def count_rows(where: pl.Expr) -> pl.Expr:
    """Return the number of rows for which it holds."""
    return where.cast(pl.Int64).sum()


def total(column: str, where: pl.Expr) -> pl.Expr:
    """Return the sum of a column over the rows for which it holds."""
    return pl.when(where).then(pl.col(column)).otherwise(0).sum()
