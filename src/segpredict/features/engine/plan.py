"""The query plan of all families: lines to orders once, then every span by lookup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from segpredict.core.arrays import IndexArray
from segpredict.core.frames import FEW_ROWS, frame_of
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.window import Window
from segpredict.data.store import StoreBatch
from segpredict.errors import SegpredictError
from segpredict.features.engine import orders
from segpredict.features.engine.batches import few_lines
from segpredict.features.engine.measures import MEASURE_COLUMNS, Measure, RowKind
from segpredict.features.engine.runs import WindowView, span_edges
from segpredict.features.engine.side_rows import SIDE_ROWS
from segpredict.features.engine.side_totals import SideTotals
from segpredict.features.family import FeatureFamily

_S = TypeVar("_S")
_T = TypeVar("_T", Measure, pl.Expr)


@dataclass(frozen=True)
class FeatureQuery:
    """What is computed for all customers as of one cutoff."""

    window: Window  # only customers with an order in its look-back have a row.
    measures: Mapping[str, Measure]  # measures of their orders
    # measures of their other rows, by the name of those rows (`SIDE_ROWS`)
    side_columns: Mapping[str, Mapping[str, pl.Expr]]
    steps: Sequence[Mapping[str, pl.Expr]]  # intermediate columns between measures and features
    derived: Mapping[str, pl.Expr]  # the columns of the result
    columns: orders.RowColumns  # further columns of orders

    def side_totals(self, tables: SideTables, name: str, rows: pl.DataFrame | None) -> SideTotals:
        """Return the measures of other rows than orders, as known at the cutoff."""
        kind, measures = SIDE_ROWS[name], self.side_columns[name]
        facts = kind.facts(tables, self.window) if kind.facts else {}
        if rows is None:
            return SideTotals.unknown(measures, facts)
        if name not in self.nobody:
            none = kind.restrict_to_cutoff(rows.clear(), self.window).select(**measures)
            self.nobody[name] = none
        seen = kind.restrict_to_cutoff(rows, self.window)
        return SideTotals.of(seen, measures, self.nobody[name], facts)

    @cached_property
    def nobody(self) -> dict[str, pl.DataFrame]:
        """What measures give on no rows, by the name of the rows: 0 for a sum."""
        return {}

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
    kinds = sorted({kind for family in families for kind in family.side_columns})
    columns = (pair for family in families for pair in family.derive(window).items())
    derived = {feature.name: value.cast(pl.Float64) for feature, value in columns}
    own = _merged((f.name, f.columns) for f in families)
    return FeatureQuery(
        window,
        _merged((f.name, f.measures(window)) for f in families),
        {
            kind: _merged(
                (f.name, f.side_columns[kind](window)) for f in families if kind in f.side_columns
            )
            for kind in kinds
        },
        [
            _merged((f.name, f.steps[i]) for f in families if i < len(f.steps))
            for i in range(max((len(f.steps) for f in families), default=0))
        ],
        derived,
        {**MEASURE_COLUMNS, "orders": {**MEASURE_COLUMNS["orders"], **own}},
    )


def run_queries(transactions: Transactions, queries: Sequence[FeatureQuery]) -> list[pl.DataFrame]:
    """Return one frame per query: ``customer_id``, sorted, and the derived columns."""
    first = min(query.window.history_start for query in queries)
    end = max(query.window.cutoff for query in queries)
    is_stored, tables = isinstance(transactions, StoreBatch), transactions.side_tables
    known = pl.col("day").is_between(first, end, closed="left")
    lines = (transactions.lines if is_stored else few_lines(transactions.lines)).filter(known)
    found = orders.collapse_lines(
        transactions, lines, known, _union(q.required_columns for q in queries)
    )
    edges = _union(query.span_edges for query in queries)
    number = pl.col("customer_id") if found.ids is None else orders.number_of(found.ids)
    numbered = lines.with_columns(customer=number)
    names = sorted({name for query in queries for name in query.side_columns})
    side_rows = {name: SIDE_ROWS[name].collect(tables, numbered, found.customers) for name in names}
    blocks = [block.split_voided() for block in found.customer_blocks()]
    # Rows that are never voided are laid out once for all cutoffs.
    always = [orders.customer_runs(plain, queries[0].columns, edges) for plain, _ in blocks]
    voided = [rows for _, rows in blocks if rows is not None]
    results = []
    for query in queries:
        at_cutoff = (rows.known_at(query.window.cutoff) for rows in voided)
        others = [orders.customer_runs(rows, query.columns, query.span_edges) for rows in at_cutoff]
        sides = [query.side_totals(tables, name, side_rows[name]) for name in query.side_columns]
        rows = [_derived_columns(runs, sides, query) for runs in (*always, *others)]
        joined = pl.concat(rows).sort("customer") if len(rows) > 1 else rows[0]
        results.append(joined.replace_column(0, found.customer_ids(joined["customer"])))
    return results


def _union(sets: Iterable[Mapping[RowKind, set[_S]]]) -> dict[RowKind, set[_S]]:
    found: dict[RowKind, set[_S]] = {}
    for each in sets:
        for kind, more in each.items():
            found[kind] = found.get(kind, set()) | more
    return found


def _derived_columns(
    runs: orders.CustomerRuns, sides: Sequence[SideTotals], query: FeatureQuery
) -> pl.DataFrame:
    window, places = query.window, runs.runs["orders"].places
    chosen = np.flatnonzero(places[window.start] < places[window.cutoff])
    customer = runs.customer if chosen.size == len(runs.customer) else runs.customer[chosen]
    measured = _measured(runs, query, chosen).hstack(
        [customer, *(column for side in sides for column in side.columns_of(customer))]
    )
    constants = {name: value for side in sides for name, value in side.constants.items()}
    if constants:
        measured = measured.with_columns(**constants)
    for step in query.steps:
        measured = measured.with_columns(**step)
    return measured.select("customer", **query.derived)


def _measured(shop: orders.CustomerRuns, query: FeatureQuery, chosen: IndexArray) -> pl.DataFrame:
    """Return the measures of customers, given by their positions."""
    window = query.window
    views = {kind: WindowView(runs, window, chosen) for kind, runs in shop.runs.items()}
    found = {
        name: shop.repeats.count_repeats(measure, window, chosen)
        if measure.rows == "repeats"
        else views[measure.rows].measure_customers(measure)
        for name, measure in query.measures.items()
    }
    found["one"] = np.ones(chosen.size, dtype=np.int64)
    wide = [v.alias(n) for n, v in found.items() if isinstance(v, pl.Series)]
    whole = {n: v for n, v in found.items() if isinstance(v, np.ndarray)}
    if chosen.size <= FEW_ROWS:
        return frame_of(whole, dict.fromkeys(whole)).hstack(wide)
    # Arrow takes the arrays without copying.
    return pl.DataFrame(pa.table({n: pa.array(v) for n, v in whole.items()})).hstack(wide)


def _merged(query: Iterable[tuple[str, Mapping[str, _T]]]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for family, measures in query:
        for name, measure in measures.items():
            if not _is_same(found.setdefault(name, measure), measure):
                raise SegpredictError(
                    f"The family {family} defines {name!r} differently from another family.",
                    fix="give the measure a name of its own.",
                    measure=name,
                )
    return found


def _is_same(one: Measure | pl.Expr, other: Measure | pl.Expr) -> bool:
    if isinstance(one, pl.Expr) and isinstance(other, pl.Expr):
        return one.meta.eq(other)
    return type(one) is type(other) and bool(one == other)
