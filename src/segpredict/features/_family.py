"""What a feature family is: declared columns, what it measures, what it derives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.registry import Registry
from segpredict.tables import Feature
from segpredict.window import Window

Recipe = Callable[[Window], Mapping[str, pl.Expr]]


@dataclass(frozen=True, slots=True)
class Family:
    """Columns that belong together, and the two steps that compute them.

    Parameters
    ----------
    name
        The family's name: that of its file.
    features
        The columns, in order.
    measures
        Aggregations over one customer's orders (`_plan.see` lists the columns). Two
        families may declare the same measure under the same name; it runs once.
    derive
        One expression per feature, over the measures. Whole numbers become currency,
        ratios and logarithms here and nowhere before.

    Notes
    -----
    All families run in one pass over one shared table of orders, so a family never
    touches lines, never filters by the cutoff and never sorts.
    """

    name: str
    features: tuple[Feature, ...]
    measures: Recipe
    derive: Recipe


FAMILIES = Registry("segpredict.features", Family)
