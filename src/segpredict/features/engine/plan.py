"""The fast plan: lines to orders once, then every family and span by looking up.

Families declare into it (`FeatureFamily`); none brings a plan of its own.
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
    """What is asked of all customers as of one cutoff.

    Parameters
    ----------
    window
        When. Only customers with an order in its look-back are answered.
    measures
        Of their orders.
    side_columns
        Of their other rows, by the name of those rows (`_rows.ROWS`).
    steps
        Numbers on the way from the measures to the answer.
    derived
        The columns of the answer.
    columns
        Further columns of orders.
    """

    window: Window
    measures: Mapping[str, Measure]
    side_columns: Mapping[str, Mapping[str, pl.Expr]]
    steps: Sequence[Mapping[str, pl.Expr]]
    derived: Mapping[str, pl.Expr]
    columns: RowColumns

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


@lru_cache(maxsize=64)  # who scores one customer after the other asks the same again
def plan_query(window: Window, families: tuple[FeatureFamily, ...]) -> FeatureQuery:
    """Return what these families ask; those that share a measure ask once."""
    names = sorted({name for family in families for name in family.side_columns})
    of_orders = ((f.name, f.measures(window)) for f in families)
    own = _together((f.name, f.columns) for f in families)
    return FeatureQuery(
        window,
        _together(of_orders),
        {
            name: _together(
                (f.name, f.side_columns[name](window)) for f in families if name in f.side_columns
            )
            for name in names
        },
        [
            _together((f.name, f.steps[i]) for f in families if i < len(f.steps))
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
    """What is read and sorted once for all windows.

    Parameters
    ----------
    shop
        The shop with its companions.
    orders
        Its orders.
    side_rows
        Other rows by name (`_rows.ROWS`); ``None`` where the shop has no such table.
    """

    shop: Transactions
    orders: OrderTable
    side_rows: Mapping[str, pl.DataFrame | None]


def run_queries(transactions: Transactions, queries: Sequence[FeatureQuery]) -> list[pl.DataFrame]:
    """Return one frame a question: ``customer_id``, sorted, and what was derived."""
    first = min(asked.window.history_start for asked in queries)
    end = max(asked.window.cutoff for asked in queries)
    found = collapse_lines(transactions, first, end, _union(q.required_columns for q in queries))
    edges = _union(asked.span_edges for asked in queries)
    known = pl.col("day").is_between(first, end, closed="left")
    shop = replace(transactions, lines=transactions.lines.filter(known))
    names = sorted({name for asked in queries for name in asked.side_columns})
    beside = {name: SIDE_ROWS[name].collect(shop, found.customers) for name in names}
    rows = FeatureInputs(shop, found, beside)
    pages = [CustomerChunk(block, queries[0].columns, edges) for block in found.customer_blocks()]
    return [_answer(rows, pages, asked) for asked in queries]


class CustomerChunk:
    """The books of some customers, as each cutoff knows them.

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
        # What is never voided is laid out once.
        self._always = customer_runs(plain, columns, edges)

    def runs_at_cutoff(self, requested: FeatureQuery) -> list[CustomerRuns]:
        """Return the book of those with nothing voided, and that of the others."""
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


def _answer(
    rows: FeatureInputs, pages: Sequence[CustomerChunk], asked: FeatureQuery
) -> pl.DataFrame:
    others = {name: _other(rows, name, asked) for name in asked.side_columns}
    answers = []
    books = [each for page in pages for each in page.runs_at_cutoff(asked)]
    for each in books:
        measured = _measured(each, asked)
        for other in others.values():
            measured = other.join(measured)
        for step in asked.steps:
            measured = measured.with_columns(**step)
        answers.append(measured.select("customer", **asked.derived))
    joined = pl.concat(answers)
    ordered = joined.sort("customer") if len(books) > 1 else joined
    named = rows.orders.customer_ids(ordered["customer"])
    return ordered.select(named, *asked.derived)


def _measured(shop: CustomerRuns, asked: FeatureQuery) -> pl.DataFrame:
    """Return what is measured on the orders of each customer of the look-back."""
    window = asked.window
    placed = shop.runs["orders"]
    is_there = placed.places[window.start] < placed.places[window.cutoff]
    chosen = np.flatnonzero(is_there)
    views = {kind: WindowView(runs, window, chosen) for kind, runs in shop.runs.items()}
    found = {
        name: shop.repeats.count_repeats(measure, window, chosen)
        if measure.rows == "repeats"
        else views[measure.rows].measure_customers(measure)
        for name, measure in asked.measures.items()
    }
    found["one"] = np.ones(chosen.size, dtype=np.int64)
    # By way of Arrow nothing is copied.
    whole = {n: pa.array(v) for n, v in found.items() if isinstance(v, np.ndarray)}
    wide = [v.alias(n) for n, v in found.items() if isinstance(v, pl.Series)]
    frame = pl.from_arrow(pa.table(whole))
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(shop.customer.gather(chosen), *wide)


@dataclass(frozen=True, slots=True)
class _Other:
    """What was measured on other rows than orders, and how it joins those who order.

    Parameters
    ----------
    found
        One row per customer with such rows; ``None`` where the shop has no such table.
    absent
        What the measures give on no rows: 0 for a sum.
    facts
        Alike for all.
    """

    found: pl.DataFrame | None
    absent: Mapping[str, int | None]
    facts: Mapping[str, int | None]

    def join(self, measured: pl.DataFrame) -> pl.DataFrame:
        alike = {name: pl.lit(value, pl.Int64) for name, value in self.facts.items()}
        if self.found is None:
            nothing = dict.fromkeys(self.absent, pl.lit(None, pl.Int64))
            return measured.with_columns(**alike, **nothing)
        joined = measured.join(self.found, on="customer", how="left", maintain_order="left")
        filled = {
            name: pl.col(name).fill_null(value)
            for name, value in self.absent.items()
            if value is not None
        }
        return joined.with_columns(**alike, **filled)


def _other(rows: FeatureInputs, name: str, asked: FeatureQuery) -> _Other:
    """Return what is measured on other rows than orders."""
    measures, kind, given = asked.side_columns[name], SIDE_ROWS[name], rows.side_rows[name]
    facts = kind.facts(rows.shop, asked.window) if kind.facts else {}
    if given is None:
        return _Other(None, dict.fromkeys(measures), facts)
    seen = kind.restrict_to_cutoff(given.lazy(), asked.window).collect(engine="in-memory")
    nobody = (
        kind.restrict_to_cutoff(given.clear().lazy(), asked.window).select(**measures).collect()
    )
    return _Other(customer_totals(seen, measures), nobody.row(0, named=True), facts)


def _together(
    asked: Iterable[tuple[str, Mapping[str, _T]]],
) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for family, measures in asked:
        for name, measure in measures.items():
            known = found.setdefault(name, measure)
            if not _is_same(known, measure):
                raise SegpredictError(
                    f"The family {family} measures {name!r} in another way.",
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
