"""Build feature tables, the clustering inputs and the feature glossary."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.core.panel import Feature, FeatureTable
from segpredict.core.table_schema import TableSchema
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.window import Window
from segpredict.errors import SchemaError
from segpredict.features.engine import batches
from segpredict.features.engine import measures as m
from segpredict.features.engine.plan import FeatureQuery, plan_query, run_queries
from segpredict.features.family import FEATURE_FAMILIES, FeatureFamily

DEFAULT_FAMILIES = "default"  # stands for all families that are on by default
_INPUT_SCHEMA = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
# What may be measured in addition, and its type.
_EXTRA_INPUTS = {
    "recency": (m.days_since_last(), pl.Int32),
    "products": (m.sum_orders("products"), pl.Int64),
    "units": (m.sum_orders("units"), pl.Int64),
    "refunds": (m.sum_returns(), pl.Int64),
    # days from the first purchase in the interval to its end
    "age": (m.days_since_first(), pl.Int32),
}


def build_features(
    transactions: Transactions, windows: Sequence[Window], families: Sequence[str] | None = None
) -> list[FeatureTable]:
    """Compute the features of every eligible customer, as of each window's cutoff.

    One table for each window, in the order given; rows are the customers with an order in the
    look-back, sorted by customer. The windows share the work from lines to orders, so pass them
    together. Families that are named are computed, and null where the shop lacks the data they
    need; when none is named, `choose_families` decides.

    Nothing on or after a cutoff is seen, nor anything older than the window's history.
    Set `Window.first_day`: features that compare with a time before it are null then,
    instead of counting unobserved time as time without purchases.

    Raises `UnknownNameError` when there is no family of that name.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["ann", "ann"], "date": ["2011-01-01", "2011-01-31"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame({**rows, "amount": ["5", "7"]})))
    >>> (table,) = build_features(shop, [Window(shop.end_day)], ["btyd"])
    >>> table.frame.select("customer_id", "x_days", "t_x_days").row(0)
    ('ann', 1.0, 30.0)
    """
    if not windows:
        return []
    if families is None:
        until = max(window.cutoff for window in windows)
        families = choose_families(transactions, until=until).names
    tables, _ = _measured(
        transactions, windows, fitted_families(families, transactions.side_tables), ()
    )
    return tables


def _measured(
    transactions: Transactions,
    windows: Sequence[Window],
    chosen: tuple[FeatureFamily, ...],
    intervals: Sequence[FeatureQuery],
) -> tuple[list[FeatureTable], list[pl.DataFrame]]:
    """Return the features of windows and the results of further queries, in one pass."""
    declared, schema = _declared(chosen), _schema(chosen)
    queries = [*(plan_query(window, chosen) for window in windows), *intervals]
    frames = batches.compute_in_batches(transactions, lambda batch: run_queries(batch, queries))
    tables = [
        FeatureTable(schemas.validate_schema(frame, schema), window, declared)
        for frame, window in zip(frames, windows, strict=False)
    ]
    return tables, frames[len(windows) :]


def measure_window(
    transactions: Transactions,
    window: Window,
    families: tuple[FeatureFamily, ...],
    intervals: Sequence[tuple[int, int]],
    extra_inputs: Sequence[str] = (),
) -> tuple[FeatureTable, list[pl.DataFrame]]:
    """Compute the features of a window and the purchases of intervals in one pass over the lines.

    All that a score looks at, so that lines become orders once. `families` are `fitted_families`:
    the plan of the same families is made once, however often they are measured. `intervals` and
    `extra_inputs` are those of `clustering_inputs`; several intervals may end on one day, and each
    has a table of its own. ``age`` among the extra inputs is the days since the first purchase of
    the interval.
    """
    extra = tuple(name for name in _EXTRA_INPUTS if name in extra_inputs)
    queries = [_interval_query(*interval, extra) for interval in intervals]
    (table,), found = _measured(transactions, [window], families, queries)
    for each, (_, end) in zip(found, intervals, strict=True):
        each.insert_column(1, pl.Series("end", np.full(each.height, end, dtype=np.int32)))
    return table, found


def compute_features(
    transactions: Transactions, window: Window, families: Sequence[str] | None = None
) -> FeatureTable:
    """Compute the features of one window; see `build_features`.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["ann", "ann"], "date": ["2011-01-01", "2011-01-31"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame({**rows, "amount": ["5", "7"]})))
    >>> compute_features(shop, Window(shop.end_day + 9), ["rfm"]).frame["recency_days"].to_list()
    [10.0]
    """
    return build_features(transactions, [window], families)[0]


def clustering_inputs(
    transactions: Transactions, windows: Sequence[tuple[int, int]], extra_inputs: Sequence[str] = ()
) -> pl.DataFrame:
    """Measure each customer's purchases in intervals of time: how often, how much.

    `windows` are half-open intervals of days, ``(start, end)``, each with an end of its own. Extra
    inputs are ``recency`` (days from the last purchase to the end), ``products`` (different
    products of each order, summed), ``units`` and ``refunds`` (money given back; units and money in
    10⁻⁴). The result is `schemas.CLUSTERING_INPUTS_SCHEMA`, sorted by end and customer: per
    interval one row for each customer with an order in it. ``days`` counts purchase days; ``spend``
    is sales plus returns dated in the interval, so it may be zero or below.

    Each interval is measured as it was known at its end: an order wholly refunded by
    then is no purchase, one refunded later still is.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["ann", "ann"], "date": ["2011-01-01", "2011-01-31"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame({**rows, "amount": ["5", "7"]})))
    >>> found = clustering_inputs(shop, [(shop.first_day, shop.end_day)], ["recency"])
    >>> found.select("customer_id", "days", "spend", "recency").row(0)
    ('ann', 2, 120000, 1)
    """
    intervals = {(start, end) for start, end in windows if start < end}
    requested = sorted(intervals, key=lambda interval: interval[::-1])
    if len({end for _, end in requested}) < len(requested):
        raise SchemaError("clustering inputs", ["two intervals end on one day"])
    schema = _INPUT_SCHEMA | {n: t for n, (_, t) in _EXTRA_INPUTS.items() if n in extra_inputs}
    if not requested:
        return pl.DataFrame(schema=schema)
    queries = [_interval_query(*interval, tuple(extra_inputs)) for interval in requested]
    frames = batches.compute_in_batches(transactions, lambda batch: run_queries(batch, queries))
    labelled = (
        frame.with_columns(end=pl.lit(end, pl.Int32)).select(*schema)
        for (_, end), frame in zip(requested, frames, strict=True)
    )
    return pl.concat(labelled)


@lru_cache(maxsize=64)
def _interval_query(start: int, end: int, extra: tuple[str, ...]) -> FeatureQuery:
    """Return the query for one interval, with the interval as look-back."""
    measures = {"days": m.count_purchase_days(), **m.spend_measures("all", m.WHOLE_HISTORY)}
    derived = {"days": pl.col("days").cast(pl.Int32), "spend": m.net_spend("all")}
    for name in extra:
        measures[f"{name}_all"], dtype = _EXTRA_INPUTS[name]
        amount = pl.col(f"{name}_all").cast(dtype)
        derived[name] = -amount if name == "refunds" else amount
    window = Window(end, lookback=end - start, max_history=end - start)
    return FeatureQuery(window, measures, {}, (), derived, m.MEASURE_COLUMNS)


@dataclass(frozen=True, slots=True)
class FamilySelection:
    """Families that a shop has the data for.

    >>> FamilySelection(("btyd", "rfm"), notes=()).names
    ('btyd', 'rfm')
    """

    names: tuple[str, ...]
    notes: tuple[str, ...]


def choose_families(
    transactions: Transactions, wanted: Sequence[str] | None = None, until: int | None = None
) -> FamilySelection:
    """Return the requested families that the shop has the data for.

    ``default`` stands for all families that are on by default, which is also what ``None`` means.
    Only lines before the day `until` count.

    This looks at the whole shop, once. What a family then computes depends on one
    customer's rows only, so a run stores the names and passes them to `build_features`.

    Raises `UnknownNameError` when there is no family of that name.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["ann"], "date": ["2011-01-31"], "amount": ["7"]}
    >>> choose_families(clean_lines(from_frame(pl.DataFrame(rows))), ["rfm", "discount"])
    FamilySelection(names=('rfm',), notes=('The features of the family discount were left out: \
the data have no discounts.',))
    """
    default = {family.name for family in FEATURE_FAMILIES.all_parts() if family.is_default}
    named = {DEFAULT_FAMILIES} if wanted is None else set(wanted)
    names = (named - {DEFAULT_FAMILIES}) | (default if DEFAULT_FAMILIES in named else set())
    families = fitted_families(sorted(names))
    present = batches.available_columns(transactions, until)
    missing = {f.name: [n for n in f.required_columns if n not in present] for f in families}
    notes = tuple(
        f"The features of the family {name} were left out: the data have no "
        f"{' and no '.join(batches.COLUMN_MEANINGS[need] for need in needs)}."
        for name, needs in missing.items()
        if needs
    )
    return FamilySelection(tuple(name for name in missing if not missing[name]), notes)


def needed_columns(families: Sequence[str]) -> frozenset[str]:
    """Return the columns of lines without which features of these families are missing.

    >>> needed_columns(["rfm", "assortment"])
    frozenset({'product_id'})
    """
    needs = {need for family in fitted_families(families) for need in family.required_columns}
    return frozenset(batches.NEEDED_COLUMNS[need] for need in needs & set(batches.NEEDED_COLUMNS))


def feature_glossary(
    families: Sequence[str] | None = None, side_tables: SideTables | None = None
) -> tuple[Feature, ...]:
    """Return the declaration of every feature of these families, or of all, in column order.

    >>> feature_glossary(["rfm"])[0].name
    'recency_days'
    """
    names = FEATURE_FAMILIES.names() if families is None else families
    return _declared(fitted_families(names, side_tables))


def fitted_families(
    names: Sequence[str], side_tables: SideTables | None = None
) -> tuple[FeatureFamily, ...]:
    """Return families with the columns that a shop's side tables give them.

    >>> [family.name for family in fitted_families(["rfm", "btyd"])]
    ['btyd', 'rfm']
    """
    # Sorted by name, so that the columns do not depend on the order of the request.
    families = (FEATURE_FAMILIES.get(name) for name in sorted(set(names)))
    return tuple(family.with_side_tables(side_tables or SideTables()) for family in families)


@lru_cache(maxsize=16)
def _schema(families: tuple[FeatureFamily, ...]) -> TableSchema:
    return schemas.feature_schema(_declared(families))


@lru_cache(maxsize=16)
def _declared(families: tuple[FeatureFamily, ...]) -> tuple[Feature, ...]:
    return tuple(
        replace(feature, family=family.name) for family in families for feature in family.features
    )
