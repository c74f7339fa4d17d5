"""Segments in words: a shallow tree on original units, and how well it separates them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation.inputs import COLUMN_UNITS

MAX_DEPTH, MAX_LEAVES = 3, 8
MIN_BRANCH_SHARE = 0.10  # of a segment's customers; a branch that holds fewer is not described
MIN_LEAF_CUSTOMERS = 5  # customers; no leaf holds fewer
MONEY_COLUMNS = ("spend", "refunds")


if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier


@dataclass(frozen=True, slots=True)
class RuleBranch:
    """The path to a leaf: from which value on (low) and below which (high), by column."""

    # column → lower end, which belongs to it, and upper end, which does not; in currency, days,
    # products and pieces
    bounds: Mapping[str, tuple[float | None, float | None]]

    def narrowed(self, column: str, value: float, *, is_above: bool) -> "RuleBranch":
        """Return the branch narrowed at a value."""
        low, high = self.bounds.get(column, (None, None))
        ends = (value, high) if is_above else (low, value)
        return replace(self, bounds={**self.bounds, column: ends})

    @property
    def contains(self) -> pl.Expr:
        """Whether a row of the clustering inputs lies on it."""
        tests = []
        for column, (low, high) in self.bounds.items():
            value = pl.col(column) / COLUMN_UNITS[column]
            tests += [value >= low] if low is not None else []
            tests += [value < high] if high is not None else []
        return reduce(and_, tests, pl.lit(value=True))

    def to_text(self, horizon: int, currency: str) -> str:
        """Return it in words."""
        order = [column for column in COLUMN_UNITS if column in self.bounds]
        clauses = [_clause(c, *self.bounds[c], currency) for c in order]
        if order and order[0] != "recency":
            clauses[0] += f" in {horizon} days"
        return " and ".join(clauses) or f"bought in {horizon} days"


@dataclass(frozen=True, slots=True)
class SegmentDescription:
    """The rule of one segment.

    >>> SegmentDescription(1, "bought on 1 day in 91 days", 0.9, 0.8).recall
    0.8
    """

    code: int  # the segment
    rule: str | None = None  # in words; ``None`` where the tree has no leaf for it
    # share of the customers that the rule holds for who are in the segment
    precision: float | None = None
    recall: float | None = None  # share of the segment's customers that it holds for
    # the rule as bounds of columns
    branches: tuple[RuleBranch, ...] = field(default=(), repr=False)


def describe_segments(
    rows: pl.DataFrame, codes: pl.Series, k: int, horizon: int = 91, currency: str = ""
) -> tuple[SegmentDescription, ...]:
    """Return a rule in words for each segment.

    A tree of depth 3 with at most 8 leaves is grown on the original units, segments weighted
    equally. Its cuts are then rounded (money to three digits, counts to whole numbers), and
    precision and recall are those of the rounded rule, as it is shown.

    >>> shop = pl.DataFrame({"spend": [100_000] * 9 + [9_000_000] * 9})
    >>> [d.rule for d in describe_segments(shop, pl.Series([1] * 9 + [2] * 9), 2, 91, "£")]
    ['spent less than £455 in 91 days', 'spent at least £455 in 91 days']
    """
    columns = [column for column in COLUMN_UNITS if column in rows.columns]
    known = rows.select(columns).with_columns(code=codes.cast(pl.Int64)).sort(pl.all())
    if known["code"].n_unique() < 2:
        return tuple(SegmentDescription(code) for code in range(1, k + 1))
    matrix = known.select(pl.col(c) / COLUMN_UNITS[c] for c in columns).to_numpy()
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(
        max_depth=MAX_DEPTH,
        max_leaf_nodes=MAX_LEAVES,
        min_samples_leaf=MIN_LEAF_CUSTOMERS,
        class_weight="balanced",
        random_state=0,
    ).fit(matrix, known["code"].to_numpy())
    leaves = _leaves(tree, columns, 0, RuleBranch({}))
    return tuple(
        _described(code, [b for b, c in leaves if c == code], known, horizon, currency)
        for code in range(1, k + 1)
    )


def threshold_text(column: str, min_value: int, horizon: int, currency: str = "") -> str:
    """Return in words that a column is at least a value, given in its own units.

    >>> threshold_text("spend", 54_000_000, 91, "£")
    'spent at least £5,400 in 91 days'
    """
    return RuleBranch({column: (min_value / COLUMN_UNITS[column], None)}).to_text(horizon, currency)


def _described(
    code: int, branches: Sequence[RuleBranch], rows: pl.DataFrame, horizon: int, currency: str
) -> SegmentDescription:
    is_own = pl.col("code") == code
    size = rows.select(is_own.sum()).item()
    if not size or not any(branch.bounds for branch in branches):
        return SegmentDescription(code)
    held = rows.select((b.contains & is_own).sum().alias(str(i)) for i, b in enumerate(branches))
    ranked = sorted(zip(branches, held.row(0), strict=True), key=lambda pair: -pair[1])
    large = [branch for branch, count in ranked if count >= MIN_BRANCH_SHARE * size]
    described = large or [ranked[0][0]]
    holds = reduce(or_, (b.contains for b in described))
    hits, covered = rows.select((holds & is_own).sum(), holds.sum().alias("n")).row(0)
    return SegmentDescription(
        code,
        "; or ".join(b.to_text(horizon, currency) for b in described),
        hits / covered if covered else None,
        hits / size,
        tuple(described),
    )


def _leaves(
    grown: "DecisionTreeClassifier", columns: Sequence[str], node: int, branch: RuleBranch
) -> list[tuple[RuleBranch, int]]:
    """Return the branches below a node; sibling leaves of one segment become one."""
    tree = grown.tree_
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0:
        return [(branch, int(grown.classes_[int(np.argmax(tree.value[node][0]))]))]
    column = columns[tree.feature[node]]
    at = _rounded(column, float(tree.threshold[node]))
    below = _leaves(grown, columns, left, branch.narrowed(column, at, is_above=False))
    above = _leaves(grown, columns, right, branch.narrowed(column, at, is_above=True))
    found = {code for _, code in (*below, *above)}
    return [(branch, found.pop())] if len(found) == 1 else below + above


def _rounded(column: str, value: float) -> float:
    """Return the cut rounded for reading: what lies at or above it is above."""
    if COLUMN_UNITS[column] != MONEY_SCALE or column == "units":
        return float(np.floor(value) + 1)
    digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 0
    return round(value, min(digits, 2))


def _clause(column: str, low: float | None, high: float | None, currency: str) -> str:
    if column in MONEY_COLUMNS:
        return _money_clause(column, low, high, currency)
    least = None if low is None else int(low)
    most = None if high is None else int(high) - 1
    if column == "recency":
        return _recency_clause(least, most)
    verb, one, many = {
        "days": ("bought on", "day", "days"),
        "products": ("chose", "product", "products"),
        "units": ("bought", "piece", "pieces"),
    }[column]
    if most is None:
        return f"{verb} {least:,} or more {many}"
    few = 1 if column == "days" else 0
    if (least or few) == most:
        return f"{verb} {most:,} {one if most == 1 else many}"
    if least is None:
        return f"{verb} at most {most:,} {many}"
    return f"{verb} {least:,} to {most:,} {many}"


def _recency_clause(least: int | None, most: int | None) -> str:
    if least is None:
        return f"last bought in the past {most:,} days"
    until = " or more" if most is None else f" to {most:,}"
    return f"last bought {least:,}{until} days ago"


def _money_clause(column: str, low: float | None, high: float | None, currency: str) -> str:
    verb = {"spend": "spent", "refunds": "sent back"}[column]
    if high is None:
        return f"{verb} at least {_money(low or 0.0, currency)}"
    if low is None:
        return f"{verb} less than {_money(high, currency)}"
    return f"{verb} from {_money(low, currency)} to under {_money(high, currency)}"


def _money(value: float, currency: str) -> str:
    text = f"{abs(value):,.0f}" if value == round(value) else f"{abs(value):,.2f}"
    sign = "−" if value < 0 else ""
    gap = " " if currency[-1:].isalpha() else ""
    return f"{sign}{currency}{gap}{text}"
