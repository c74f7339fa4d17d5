"""What a feature family is: declared columns, what it measures, what it derives.

The file of a family takes all it needs but measures from here, `Feature` and `Window` too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from segpredict.core.panel import Feature as Feature
from segpredict.core.registry import Registry
from segpredict.core.transactions import SideTables
from segpredict.core.window import Window as Window
from segpredict.features.engine.measures import Measure

Columns = Mapping[str, pl.Expr]
Measures = Mapping[str, Measure]
Derived = Mapping[Feature, pl.Expr]
OTHER_LEVEL = "other"

# Kinds of features that many families declare.
share = partial(Feature, unit="share", high=1.0)
net_money = partial(Feature, unit="currency", low=None)
flag = partial(Feature, unit="yes or no", high=1)


def no_measures(_: Window) -> Measures:
    """Return nothing: the family measures no orders."""
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class FeatureFamily:
    """Columns that belong together, and the two steps that compute them.

    All families look up one shared table of orders, so a family never touches lines,
    never filters by the cutoff and never sorts.

    >>> FEATURE_FAMILIES.get("rfm").features[0].meaning
    'Days since the last purchase.'
    """

    name: str  # that of its file
    # its columns, in order, and the expression of each over the measures. Whole numbers become
    # currency, ratios and logarithms here and nowhere before.
    derive: Callable[[Window], Derived]
    # numbers about one customer's orders, purchase days and credit notes in spans of days
    # (`engine.measures`). Two families may declare the same measure under the same name; it is
    # found once.
    measures: Callable[[Window], Measures] = no_measures
    # intermediate columns between measures and features that are used more than once; each mapping
    # may use those before it. Shared by name like measures.
    steps: tuple[Columns, ...] = ()
    # whole numbers about an order that measures need, from the columns of orders
    # (`engine.orders.OrderTable`)
    columns: Columns = field(default_factory=dict)
    # aggregations over other rows of the customer than orders, by the name of those rows
    # (`SIDE_ROWS`). A customer without such rows gets what the measures give on no rows; where the
    # table itself is missing, all of them are null.
    side_columns: Mapping[str, Callable[[Window], Columns]] = field(default_factory=dict)
    # what the shop must have for the family to be chosen (`COLUMN_MEANINGS`)
    required_columns: tuple[str, ...] = ()
    is_default: bool = True  # whether it is on by default
    # of columns that depend on values frozen from the shop: the family with those columns
    fitted: Callable[[SideTables], "FeatureFamily"] | None = None

    @property
    def features(self) -> tuple[Feature, ...]:
        """The columns, in order."""
        return tuple(self.derive(Window(0)))

    def with_side_tables(self, side_tables: SideTables) -> "FeatureFamily":
        """Return the family with the columns that these side tables give it."""
        return self if self.fitted is None else self.fitted(side_tables)


FEATURE_FAMILIES = Registry("segpredict.features.families", FeatureFamily, "segpredict.families")


def level_columns(prefix: str, levels: Sequence[str]) -> dict[str, str]:
    """Return column → level, each column a plain word and different from the others.

    >>> level_columns("country", ["United Kingdom", "EIRE", "eire"])
    {'country_united_kingdom': 'United Kingdom', 'country_eire': 'EIRE', \
'country_eire_2': 'eire'}
    """
    found: dict[str, str] = {}
    for level in levels:
        word = re.sub(r"\W+", "_", level.casefold()).strip("_") or "blank"
        name = base = f"{prefix}_{word}"
        number = 2
        while name in found or name == f"{prefix}_{OTHER_LEVEL}":
            name, number = f"{base}_{number}", number + 1
        found[name] = level
    return found
