"""Totals of a customer's other rows than orders: visits, contacts, attributes, categories."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Facts = Mapping[str, int | None]
TotalFunction = Callable[[NDArray[Any], NDArray[np.int64]], NDArray[Any]]
_LARGE = np.iinfo(np.int64).max
_REDUCTIONS: Mapping[str, tuple[int, TotalFunction]] = {
    "sum": (0, np.add.reduceat),
    "min": (_LARGE, np.minimum.reduceat),
    "max": (-_LARGE, np.maximum.reduceat),
}
FIRST_KIND = "first"
TOTAL_KINDS = (*_REDUCTIONS, FIRST_KIND)


def customer_totals(rows: pl.DataFrame, measures: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Return the measures of each customer: totals of adjacent rows in one pass over all.

    Polars needs a search and a call for each group; adjacent rows need neither. What is no total
    of whole numbers is left to Polars.
    """
    if not rows["customer"].is_sorted():
        return rows.group_by("customer").agg(**measures).sort("customer")
    code = rows["customer"].to_numpy()
    at = np.flatnonzero(np.diff(code, prepend=code[:1] + 1))
    kinds = {name: _kind(measure) for name, measure in measures.items()}
    inner = {n: measures[n].meta.pop()[0] for n, kind in kinds.items() if kind}
    flat = rows.select(**inner)
    found = {
        name: flat.get_column(name)[at] if kind == FIRST_KIND else _reduce(flat[name], kind, at)
        for name, kind in kinds.items()
        if kind == FIRST_KIND or (kind and flat[name].dtype == pl.Int64)
    }
    rest = {name: measure for name, measure in measures.items() if name not in found}
    if rest:
        others = rows.group_by("customer").agg(**rest).sort("customer")
        found |= {name: others.get_column(name) for name in rest}
    return pl.DataFrame(
        [pl.Series("customer", code[at]), *(found[name].alias(name) for name in measures)]
    )


def _kind(measure: pl.Expr) -> str:
    """Return the kind of total that the measure is, or nothing."""
    inputs = measure.meta.pop()
    if len(inputs) != 1:
        return ""
    same = (n for n in TOTAL_KINDS if getattr(inputs[0], n)().meta.eq(measure))
    return next(same, "")


def _reduce(values: pl.Series, kind: str, at: NDArray[np.int64]) -> pl.Series:
    empty, reduction = _REDUCTIONS[kind]
    known = values.fill_null(empty) if values.null_count() else values
    found = pl.Series(values.name, reduction(known.to_numpy(), at))
    if not empty or not (is_none := found.to_numpy() == empty).any():
        return found
    return found.set(pl.Series(is_none), None)


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Measures of customers with such rows, and what holds for all others."""

    totals: pl.DataFrame  # ``customer``, sorted, and the measures
    absent: Mapping[str, Any]  # what measures give on no rows, where that is a value
    constants: Mapping[str, pl.Expr]  # columns that are equal for all customers

    @classmethod
    def unknown(cls, measures: Mapping[str, pl.Expr], facts: Facts) -> "SideTotals":
        """Return nothing but nulls: the shop has no such table."""
        empty = dict.fromkeys(measures, pl.lit(None, pl.Int64))
        return cls(pl.DataFrame(), {}, _literals(facts) | empty)

    @classmethod
    def of(
        cls, rows: pl.DataFrame, measures: Mapping[str, pl.Expr], nobody: pl.DataFrame, facts: Facts
    ) -> "SideTotals":
        """Return the measures of rows; `nobody` is what they give on none."""
        absent = {n: v for n, v in nobody.row(0, named=True).items() if v is not None}
        none = nobody.clear().insert_column(0, rows["customer"].clear())
        totals = customer_totals(rows, measures) if rows.height else none
        return cls(totals, absent, _literals(facts))

    def columns_of(self, customer: pl.Series) -> list[pl.Series]:
        """Return the measures of customers, given by their numbers."""
        height, others = self.totals.height, self.totals.columns[1:]
        if height == 1 == len(customer) and self.totals["customer"][0] == customer[0]:
            found = self.totals
        elif not height:
            return [
                pl.Series(n, [self.absent.get(n)], kind).new_from_index(0, len(customer))
                for n, kind in list(self.totals.schema.items())[1:]
            ]
        else:
            known, code = self.totals["customer"].to_numpy(), customer.to_numpy()
            at = np.minimum(np.searchsorted(known, code), known.size - 1)
            found = self.totals[at]
            if not (has := known[at] == code).all():
                found = found.select(pl.when(pl.Series(has)).then(pl.all()))
        return [
            each.fill_null(self.absent[each.name])
            if each.name in self.absent and each.null_count()
            else each
            for each in map(found.get_column, others)
        ]


def _literals(facts: Facts) -> dict[str, pl.Expr]:
    return {fact: pl.lit(value, pl.Int64) for fact, value in facts.items()}
