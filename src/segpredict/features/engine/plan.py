"""The query plan: lines to orders once, then every family and span by lookup.

Families declare their measures (`FeatureFamily`); none has a plan of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.errors import SegpredictError
from segpredict.features.engine.measures import MEASURE_COLUMNS, Measure, RowKind
from segpredict.features.engine.orders import (
    CustomerRuns,
    OrderTable,
    RowColumns,
    collapse_lines,
    customer_runs,
)
from segpredict.features.engine.side_rows import SIDE_ROWS
from segpredict.features.engine.totals import customer_totals
from segpredict.features.engine.views import WindowView, span_edges
from segpredict.features.family import FeatureFamily

_S = TypeVar("_S")
_T = TypeVar("_T", Measure, pl.Expr)


@dataclass(frozen=True)
class FeatureQuery:
    """What is computed for all customers as of one cutoff."""

    window: Window  # The window. Only customers with an order in its look-back have a row.
    measures: Mapping[str, Measure]  # measures of their orders
    # measures of their other rows, by the name of those rows (`SIDE_ROWS`)
    side_columns: Mapping[str, Mapping[str, pl.Expr]]
    steps: Sequence[Mapping[str, pl.Expr]]  # intermediate columns between measures and features
    derived: Mapping[str, pl.Expr]  # the columns of the result
    columns: RowColumns  # further columns of orders

    @cached_property
    def span_edges(self) -> dict[RowKind, set[int]]:
        """The days on which spans begin and end, by kind of rows."""
        return span_edges(self.measures.values(), self.window)

    @cached_property
    def required_columns(self) -> dict[RowKind, set[str]]:
        """The columns that the measures are made of, by kind of rows."""
        found: dict[RowKind, set[str]] = {}
        for measure in self.measures.values():
            own = self.columns[measure.rows].get(measure.column)
            names = {measure.column} if own is None else set(own.meta.root_names())
            known = found.setdefault(measure.rows, set())
            known |= {"before", "since"} if measure.rows == "repeats" else names
        return {kind: names - {"", "ago"} for kind, names in found.items()}


@lru_cache(maxsize=64)  # scoring customers one by one plans the same query again
def plan_query(window: Window, families: tuple[FeatureFamily, ...]) -> FeatureQuery:
    """Return the query of these families; a shared measure is computed once."""
    names = sorted({name for family in families for name in family.side_columns})
    of_orders = ((f.name, f.measures(window)) for f in families)
    own = _merged((f.name, f.columns) for f in families)
    return FeatureQuery(
        window,
        _merged(of_orders),
        {
            name: _merged(
                (f.name, f.side_columns[name](window)) for f in families if name in f.side_columns
            )
            for name in names
        },
        [
            _merged((f.name, f.steps[i]) for f in families if i < len(f.steps))
            for i in range(max((len(f.steps) for f in families), default=0))
        ],
        {
            name: expression.cast(pl.Float64)
            for family in families
            for name, expression in _derived(family, window).items()
        },
        {**MEASURE_COLUMNS, "orders": {**MEASURE_COLUMNS["orders"], **own}},
    )


@dataclass(frozen=True, slots=True)
class FeatureInputs:
    """What is read and sorted once for all windows."""

    shop: Transactions  # the shop with its side tables
    orders: OrderTable  # its orders
    # other rows by name (`SIDE_ROWS`); ``None`` where the shop has no such table
    side_rows: Mapping[str, pl.DataFrame | None]


def run_queries(transactions: Transactions, queries: Sequence[FeatureQuery]) -> list[pl.DataFrame]:
    """Return one frame per query: ``customer_id``, sorted, and the derived columns."""
    first = min(query.window.history_start for query in queries)
    end = max(query.window.cutoff for query in queries)
    found = collapse_lines(transactions, first, end, _union(q.required_columns for q in queries))
    edges = _union(query.span_edges for query in queries)
    known = pl.col("day").is_between(first, end, closed="left")
    shop = replace(transactions, lines=transactions.lines.filter(known))
    names = sorted({name for query in queries for name in query.side_columns})
    side_rows = {name: SIDE_ROWS[name].collect(shop, found.customers) for name in names}
    rows = FeatureInputs(shop, found, side_rows)
    chunks = [CustomerChunk(block, queries[0].columns, edges) for block in found.customer_blocks()]
    return [_result(rows, chunks, query) for query in queries]


class CustomerChunk:
    """The orders of some customers, as known at each cutoff.

    Parameters
    ----------
    block
        Their orders.
    columns, edges
        As in `customer_runs`, for all cutoffs.
    """

    def __init__(
        self, block: OrderTable, columns: RowColumns, edges: Mapping[RowKind, set[int]]
    ) -> None:
        plain, self._voided = block.split_voided()
        # Rows that are never voided are laid out once for all cutoffs.
        self._always = customer_runs(plain, columns, edges)

    def runs_at_cutoff(self, requested: FeatureQuery) -> list[CustomerRuns]:
        """Return the rows of customers without voided orders, and those of the others."""
        if self._voided is None:
            return [self._always]
        known = self._voided.known_at(requested.window.cutoff)
        return [self._always, customer_runs(known, requested.columns, requested.span_edges)]


def _union(sets: Iterable[Mapping[RowKind, set[_S]]]) -> dict[RowKind, set[_S]]:
    found: dict[RowKind, set[_S]] = {}
    for each in sets:
        for kind, more in each.items():
            found[kind] = found.get(kind, set()) | more
    return found


def _result(
    rows: FeatureInputs, chunks: Sequence[CustomerChunk], query: FeatureQuery
) -> pl.DataFrame:
    others = {name: _side_measures(rows, name, query) for name in query.side_columns}
    results = []
    all_runs = [each for chunk in chunks for each in chunk.runs_at_cutoff(query)]
    for each in all_runs:
        measured = _measured(each, query)
        for other in others.values():
            measured = other.join(measured)
        for step in query.steps:
            measured = measured.with_columns(**step)
        results.append(measured.select("customer", **query.derived))
    joined = pl.concat(results)
    ordered = joined.sort("customer") if len(all_runs) > 1 else joined
    named = rows.orders.customer_ids(ordered["customer"])
    return ordered.select(named, *query.derived)


def _measured(shop: CustomerRuns, query: FeatureQuery) -> pl.DataFrame:
    """Return the measures of each customer with an order in the look-back."""
    window = query.window
    order_rows = shop.runs["orders"]
    has_order = order_rows.places[window.start] < order_rows.places[window.cutoff]
    chosen = np.flatnonzero(has_order)
    views = {kind: WindowView(runs, window, chosen) for kind, runs in shop.runs.items()}
    found = {
        name: shop.repeats.count_repeats(measure, window, chosen)
        if measure.rows == "repeats"
        else views[measure.rows].measure_customers(measure)
        for name, measure in query.measures.items()
    }
    found["one"] = np.ones(chosen.size, dtype=np.int64)
    # Arrow takes the arrays without copying.
    whole = {n: pa.array(v) for n, v in found.items() if isinstance(v, np.ndarray)}
    wide = [v.alias(n) for n, v in found.items() if isinstance(v, pl.Series)]
    frame = pl.from_arrow(pa.table(whole))
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(shop.customer.gather(chosen), *wide)


@dataclass(frozen=True, slots=True)
class _SideMeasures:
    """Measures of rows other than orders, and how they join the customers who order."""

    # one row per customer with such rows; ``None`` where the shop has no such table
    found: pl.DataFrame | None
    absent: Mapping[str, int | None]  # values of the measures on no rows: 0 for a sum
    facts: Mapping[str, int | None]  # equal for all customers

    def join(self, measured: pl.DataFrame) -> pl.DataFrame:
        facts = {name: pl.lit(value, pl.Int64) for name, value in self.facts.items()}
        if self.found is None:
            nothing = dict.fromkeys(self.absent, pl.lit(None, pl.Int64))
            return measured.with_columns(**facts, **nothing)
        joined = measured.join(self.found, on="customer", how="left", maintain_order="left")
        filled = {
            name: pl.col(name).fill_null(value)
            for name, value in self.absent.items()
            if value is not None
        }
        return joined.with_columns(**facts, **filled)


def _side_measures(rows: FeatureInputs, name: str, query: FeatureQuery) -> _SideMeasures:
    """Return the measures of rows other than orders."""
    measures, kind, given = query.side_columns[name], SIDE_ROWS[name], rows.side_rows[name]
    facts = kind.facts(rows.shop, query.window) if kind.facts else {}
    if given is None:
        return _SideMeasures(None, dict.fromkeys(measures), facts)
    seen = kind.restrict_to_cutoff(given.lazy(), query.window).collect(engine="in-memory")
    nobody = (
        kind.restrict_to_cutoff(given.clear().lazy(), query.window).select(**measures).collect()
    )
    return _SideMeasures(customer_totals(seen, measures), nobody.row(0, named=True), facts)


def _merged(query: Iterable[tuple[str, Mapping[str, _T]]]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for family, measures in query:
        for name, measure in measures.items():
            known = found.setdefault(name, measure)
            if not _is_same(known, measure):
                raise SegpredictError(
                    f"The family {family} defines {name!r} differently from another family.",
                    fix="give the measure a name of its own.",
                    measure=name,
                )
    return found


def _is_same(one: Measure | pl.Expr, other: Measure | pl.Expr) -> bool:
    if isinstance(one, pl.Expr) and isinstance(other, pl.Expr):
        return bool(one.meta.eq(other))
    return type(one) is type(other) and bool(one == other)


def _derived(family: FeatureFamily, window: Window) -> Mapping[str, pl.Expr]:
    given = family.derive(window)
    return {feature.name: given[feature.name] for feature in family.features}
