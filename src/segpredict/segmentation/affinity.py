"""What a segment buys more of than others do: an index by category, with an interval."""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from segpredict.core.intervals import Z_95
from segpredict.core.segment import Segment

MIN_BUYERS = 30  # customers of a segment who bought from the category
MAX_CATEGORIES = 5  # categories shown of a segment
_EMPTY: dict[str, type[pl.DataType]] = {
    "segment": pl.Int8,
    **dict.fromkeys(("id", "category"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("share", "index", "low", "high"), pl.Float64),
}


def distinctive_categories(purchases: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return the categories that stand out in each segment.

    The rows of `category_indices` whose interval does not hold 1: the highest index first, at
    most five a segment.

    >>> rows = [(f"c{n}", 1 + n // 60, "tea" if n < 50 else "cup", 1) for n in range(120)]
    >>> names = ["customer_id", "segment", "category", "lines"]
    >>> bought = pl.DataFrame(rows, names, orient="row")
    >>> segments = [Segment(1, "S1", "Light"), Segment(2, "S2", "Core")]
    >>> distinctive_categories(bought, segments).select("id", "category").rows()
    [('S1', 'tea'), ('S2', 'cup')]
    """
    found = category_indices(purchases, segments)
    return (
        found.filter((pl.col("low") > 1) | (pl.col("high") < 1))
        .group_by("segment", maintain_order=True)
        .head(MAX_CATEGORIES)
        .select(list(_EMPTY))
    )


def category_indices(purchases: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return how much more each segment buys of each category than all do.

    `purchases` has ``customer_id``, ``segment`` (code), ``category`` and ``lines``, the order lines
    of a customer in a category; one row a customer and category. The result has ``segment``,
    ``id``, ``category``, ``n`` (customers of the segment who bought from it), ``share`` of the
    segment's lines, ``index`` (that share over the share of all lines) with its 95 % interval
    ``low`` and ``high``; the highest index of each segment first. Only categories from which 30
    customers of the segment bought.

    A customer's lines are not independent of each other, so the interval is that of a ratio of
    totals over customers. With x the lines of a customer in the category, t all their lines, p and
    P the shares and T and U the lines of the segment and of all, the log of the index varies by Σ
    u², where u = (x − pt)/(Tp) − (x − Pt)/(UP), the first term for the segment's customers only.
    All sums are of whole numbers, so the order of rows changes nothing.

    After Cochran, Sampling Techniques (1977), ch. 6 (linearised ratios).

    >>> rows = [(f"c{n}", 1 + n // 30, ("tea", "cups")[n // 30], 1) for n in range(60)]
    >>> names = ["customer_id", "segment", "category", "lines"]
    >>> purchases = pl.DataFrame(rows, names, orient="row")
    >>> segments = [Segment(1, "S1", "Light"), Segment(2, "S2", "Core")]
    >>> category_indices(purchases, segments).select("id", "category", "index").rows()
    [('S1', 'tea', 2.0), ('S2', 'cups', 2.0)]
    """
    if purchases.height == 0:
        return pl.DataFrame(schema=_EMPTY)
    whole = purchases.group_by("customer_id", "segment").agg(t=pl.col("lines").sum())
    t = pl.col("t")
    of_segment = whole.group_by("segment").agg(T=t.sum(), Q=(t * t).sum())
    x = pl.col("lines").cast(pl.Int64)
    cells = (
        purchases.join(whole, on=["customer_id", "segment"], how="left")
        .group_by("segment", "category")
        .agg(n=pl.len().cast(pl.Int64), X=x.sum(), XX=(x * x).sum(), XT=(x * t).sum())
        .join(of_segment, on="segment", how="left")
    )
    everyone = cells.group_by("category").agg(pl.col("X", "XX", "XT").sum().name.suffix("_all"))
    totals = of_segment.select(U=pl.col("T").sum(), Q_all=pl.col("Q").sum())
    rows = cells.join(everyone, on="category").join(totals, how="cross").to_dicts()
    ids = {s.code: s.id for s in segments}
    found = [_index_row(row, ids) for row in rows if row["n"] >= MIN_BUYERS]
    return pl.DataFrame(found, schema=_EMPTY).sort("segment", -pl.col("index"), "category")


def _index_row(row: dict[str, int], ids: dict[int, str]) -> dict[str, Any]:
    own, base = row["X"] / row["T"], row["X_all"] / row["U"]
    index, standard_error = own / base, math.sqrt(_variance(row, own, base))
    return {
        **{name: row[name] for name in ("segment", "category", "n")},
        "id": ids[row["segment"]],
        "share": own,
        "index": index,
        "low": index * math.exp(-Z_95 * standard_error),
        "high": index * math.exp(Z_95 * standard_error),
    }


def _variance(row: dict[str, int], own: float, base: float) -> float:
    """Return Σ u² of the segment's customers and of the others."""
    a, b = 1 / (row["T"] * own), 1 / (row["U"] * base)
    inside = _squares(row["XX"], row["XT"], row["Q"], a - b, b * base - a * own)
    xx, xt, tt = (row[f"{total}_all"] - row[total] for total in ("XX", "XT", "Q"))
    return max(inside + _squares(xx, xt, tt, -b, b * base), 0.0)


def _squares(xx: int, xt: int, tt: int, of_x: float, of_t: float) -> float:
    return of_x * of_x * xx + 2 * of_x * of_t * xt + of_t * of_t * tt
