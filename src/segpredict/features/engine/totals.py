"""Measures of customers whose rows are adjacent: totals in one pass over all rows.

Nearly all measures are totals of whole numbers. Polars needs a search and a call for
each group; adjacent rows need neither. Other measures are left to Polars.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

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
    """Return the measures of each customer."""
    if rows.is_empty() or not rows["customer"].is_sorted():
        return rows.group_by("customer").agg(**measures)
    kinds = {name: _kind(measure) for name, measure in measures.items()}
    inner = {n: measures[n].meta.pop()[0] for n, kind in kinds.items() if kind}
    flat = rows.select(**inner)
    code = rows["customer"].to_numpy()
    at = np.flatnonzero(np.diff(code, prepend=code[:1] + 1))
    found = [
        flat[name].gather(at) if kinds[name] == FIRST_KIND else _reduce(flat[name], kinds[name], at)
        for name in inner
        if kinds[name] == FIRST_KIND or flat[name].dtype == pl.Int64
    ]
    computed = {values.name for values in found}
    rest = {name: measure for name, measure in measures.items() if name not in computed}
    customers = rows.select("customer")[at]
    if rest:
        customers = rows.group_by("customer").agg(**rest).sort("customer")
    return customers.with_columns(found).select("customer", *measures)


def _kind(measure: pl.Expr) -> str:
    """Return the kind of total that the measure is, or nothing."""
    inputs = measure.meta.pop()
    if len(inputs) != 1:
        return ""
    same = (n for n in TOTAL_KINDS if getattr(inputs[0], n)().meta.eq(measure))
    return next(same, "")


def _reduce(values: pl.Series, kind: str, at: NDArray[np.int64]) -> pl.Series:
    empty, reduction = _REDUCTIONS[kind]
    found = pl.Series(values.name, reduction(values.fill_null(empty).to_numpy(), at))
    return found.set(found == empty, None) if empty else found
