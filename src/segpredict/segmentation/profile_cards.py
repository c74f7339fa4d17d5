"""A profile card for each segment: all that is known about it, as plain values.

With what it buys more of than others do: an index by category, with an interval.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from segpredict import features
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES, Z_95, share_of
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window
from segpredict.segmentation import description
from segpredict.segmentation.model import Segmentation

MIN_BUYERS = 30  # customers of a segment who bought from the category
MAX_CATEGORIES = 5  # categories shown of a segment
_EMPTY: dict[str, type[pl.DataType]] = {
    "segment": pl.Int8,
    **dict.fromkeys(("id", "category"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("share", "index", "low", "high"), pl.Float64),
}

SPEND_THIRDS = ("smaller", "middling", "larger")
MAX_FLOWS = 2  # the largest flows in and out that a card shows


def segment_profiles(
    transactions: Transactions,
    segmentation: Segmentation,
    window: Window,
    tables: Mapping[str, pl.DataFrame],
    affinity_level: str = "category",
) -> list[dict[str, Any]]:
    """Return the cards of all segments, measured on the shop at the end of its data.

    The window is that at the end of the data. `tables` hold ``profile`` and, if known,
    ``migration`` (`segment_tables`). Purchases are compared by ``category``, where the products
    table has one, by ``product`` or by ``none``. The cards are those of `profile_cards`, with
    ``stability``.
    """
    span = (window.cutoff - window.horizon, window.cutoff)
    rows = features.clustering_inputs(transactions, [span], segmentation.extra_inputs)
    rows = rows.sort("customer_id")
    assigned = rows.select("customer_id").join(
        segmentation.assign(rows).select("customer_id", "segment"), on="customer_id"
    )
    assigned = assigned.sort("customer_id")
    codes = assigned["segment"]
    points = rows.select(axis.standardized for axis in segmentation.axes)
    purchases = _purchases(transactions, span, assigned, affinity_level)
    cards = profile_cards(
        segmentation.segments,
        tables["profile"],
        _descriptions(segmentation, rows, codes, window, transactions.currency),
        examples=typical_customers(rows, points, codes),
        affinity=distinctive_categories(purchases, segmentation.segments),
        transitions=tables.get("migration"),
    )
    stability = {value.code: value.stability for value in segmentation.values}
    return [{**card, "stability": stability[card["code"]]} for card in cards]


def _descriptions(
    segmentation: Segmentation, rows: pl.DataFrame, codes: pl.Series, window: Window, currency: str
) -> list[description.SegmentDescription]:
    """Return a rule per segment: its definition where a rule made it, else the tree's."""
    inactive = f"bought in the last {window.lookback} days, but not in the last {window.horizon}"
    exact = {INACTIVE_CODE: inactive}
    code_of = {segment.id: segment.code for segment in segmentation.segments}
    for rule in segmentation.segment_rules:
        text = description.threshold_text(rule.column, rule.min_value, window.horizon, currency)
        exact[code_of[rule.id]] = text
    grown = description.describe_segments(rows, codes, segmentation.k, window.horizon, currency)
    by_tree = {each.code: each for each in grown}
    return [
        description.SegmentDescription(code, exact[code], 1.0, 1.0)
        if code in exact
        else by_tree[code]
        for code in sorted(code_of.values())
    ]


def _purchases(
    transactions: Transactions, span: tuple[int, int], assigned: pl.DataFrame, affinity_level: str
) -> pl.DataFrame:
    """Return the order lines of each customer in each category of the window."""
    start, end = span
    bought = transactions.known_at(end).filter((pl.col("day") >= start) & ~pl.col("is_return"))
    lines, products = bought.select("customer_id", "product_id"), transactions.side_tables.products
    if affinity_level == "product":
        named = lines.with_columns(category="product_id")
    elif affinity_level == "category" and products is not None and "category" in products.columns:
        named = lines.join(products.lazy().select("product_id", "category"), on="product_id")
    else:
        named = lines.with_columns(category=pl.lit(None, pl.String))
    return (
        named.filter(pl.col("category").is_not_null())
        .group_by("customer_id", "category")
        .agg(lines=pl.len().cast(pl.Int64))
        .collect()
        .join(assigned, on="customer_id", how="inner")
    )


def typical_customers(rows: pl.DataFrame, points: pl.DataFrame, codes: pl.Series) -> pl.DataFrame:
    """Return three typical customers of each segment, one for each third by spend.

    `rows`: `schemas.CLUSTERING_INPUTS_SCHEMA` of one window.

    ``segment``, ``kind`` (``smaller``, ``middling``, ``larger``), ``customer_id``, ``spend``
    (currency), ``days`` and ``recency`` if it was measured. Segments with fewer than five customers
    have none.

    The customers of a segment are divided into thirds by spend; each third is represented by the
    customer nearest to its medians. Of equally near customers it is the one with the lower spend,
    then the first id.

    >>> rows = pl.DataFrame({"customer_id": list("abcdef"), "days": [1] * 6,
    ...                      "spend": [n * 10_000 for n in range(6)]})
    >>> typical_customers(rows, rows.select("spend"), pl.Series([1] * 6))["customer_id"].to_list()
    ['a', 'c', 'e']
    """
    shown = [c for c in ("spend", "days", "recency") if c in rows.columns]
    parts = [rows.select("customer_id", *shown), points.select(pl.all().name.prefix("at_"))]
    known = pl.concat(parts, how="horizontal").with_columns(segment=codes.cast(pl.Int8))
    ordered = known.sort("segment", "spend", "customer_id")
    groups = ordered.partition_by("segment", maintain_order=True)
    large = (group for group in groups if group.height >= MIN_CUSTOMERS_FOR_FIGURES)
    found = [example for group in large for example in _nearest_to_medians(group)]
    schema = {"segment": pl.Int8, "kind": pl.String, "customer_id": pl.String}
    if not found:
        return pl.DataFrame(schema={**schema, **{c: rows.schema[c] for c in shown}})
    return pl.concat(found).select(
        *schema, pl.col("spend") / MONEY_SCALE, *(c for c in shown if c != "spend")
    )


def _nearest_to_medians(group: pl.DataFrame) -> list[pl.DataFrame]:
    cuts = [group.height * i // 3 for i in range(4)]
    examples = []
    for kind, start, end in zip(SPEND_THIRDS, cuts[:-1], cuts[1:], strict=True):
        third = group[start:end]
        at = third.select("^at_.*$").to_numpy()
        distances = ((at - np.median(at, axis=0)) ** 2).sum(axis=1)
        # Rounded, so that equally near customers are equal on every machine.
        nearest = int(np.argmin(np.round(distances, 9)))
        examples.append(third[nearest : nearest + 1].with_columns(kind=pl.lit(kind)))
    return examples


def profile_cards(
    segments: Sequence[Segment],
    profile: pl.DataFrame,
    descriptions: Sequence[description.SegmentDescription] = (),
    *,
    examples: pl.DataFrame | None = None,
    affinity: pl.DataFrame | None = None,
    transitions: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return a card for each segment, INACTIVE first.

    From the metrics of `segment_profile_table`, the rules in words of `describe_segments`, the
    `typical_customers`, the `distinctive_categories`, and the observed migration matrix as rows. A
    card has ``id``, ``name``, ``code``, the metrics under their names, ``rule``, ``precision``,
    ``recall``, ``examples``, ``affinity``, ``came_from`` and ``went_to`` (each a list). A segment
    with fewer than five customers has its size and nothing else.
    """
    metrics = {row["segment"]: row for row in profile.to_dicts()}
    described = {each.code: each for each in descriptions}
    cards = []
    for segment in segments:
        own = metrics.get(segment.code, {})
        rule = described.get(segment.code, description.SegmentDescription(segment.code))
        lists = {
            "examples": _rows_of(examples, segment.code),
            "affinity": _rows_of(affinity, segment.code),
            **_flows(transitions, segment.id),
        }
        is_shown = (own.get("n") or 0) >= MIN_CUSTOMERS_FOR_FIGURES
        words = {n: getattr(rule, n) if is_shown else None for n in ("rule", "precision", "recall")}
        numbers = {k: v for k, v in own.items() if k not in ("segment", "id", "name")}
        shown = {name: rows if is_shown else [] for name, rows in lists.items()}
        named = {"id": segment.id, "name": segment.name, "code": segment.code}
        cards.append({**named, **numbers, **words, **shown})
    return cards


def _rows_of(frame: pl.DataFrame | None, code: int) -> list[dict[str, Any]]:
    own = None if frame is None else frame.filter(segment=code)
    return [] if own is None else own.drop("segment", "id", strict=False).to_dicts()


def _flows(transitions: pl.DataFrame | None, id_: str) -> dict[str, list[Any]]:
    if transitions is None:
        return {"came_from": [], "went_to": []}
    is_known = pl.col("n") >= MIN_CUSTOMERS_FOR_FIGURES
    moved = transitions.filter((pl.col("from_id") != pl.col("to_id")) & is_known)
    into, out = moved.filter(to_id=id_), moved.filter(from_id=id_)
    share = share_of(pl.col("n"), pl.lit(transitions.filter(to_id=id_)["n"].sum()))
    entered = into.select(id="from_id", name="from_name", n="n", share=share)
    left = out.select(id="to_id", name="to_name", n="n", share="share")
    return {"came_from": _largest(entered), "went_to": _largest(left)}


def _largest(flows: pl.DataFrame) -> list[dict[str, Any]]:
    return flows.sort("n", "id", descending=[True, False]).head(MAX_FLOWS).to_dicts()


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
