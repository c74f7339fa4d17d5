"""Which products the customer buys: how many different ones, how often new ones."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family, nothing
from segpredict.features._measures import AGO, SPANS, count, if_seen, within
from segpredict.tables import Feature
from segpredict.window import Window

_QUARTER = SPANS[1]


def _things(window: Window) -> Mapping[str, pl.Expr]:
    recent = pl.col("is_last") & within(_QUARTER)
    return {
        "product_lines": count(within(window.lookback)),
        # The last line with a product tells whether it was bought in a span at all,
        # the first one whether it was new.
        "products_unique": count(pl.col("is_last") & within(window.lookback)),
        "products_recent": count(recent),
        "products_new": count(pl.col("is_first") & AGO.le(_QUARTER)),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    lines, unique = pl.col("product_lines"), pl.col("products_unique")
    recent, new = pl.col("products_recent"), pl.col("products_new")
    repeat = pl.when(lines > 0).then(1 - unique / lines)
    fresh = pl.when(recent > 0).then(new / recent)
    return {
        "products_unique": pl.when(lines > 0).then(unique),
        "product_repeat_rate": repeat,
        "product_new_rate": if_seen(window, 2 * _QUARTER, fresh),
    }


PART = Family(
    name="assortment",
    features=(
        Feature(
            "products_unique",
            "Number of different products bought in the look-back.",
            "products",
            1.0,
        ),
        Feature(
            "product_repeat_rate",
            "Share of order lines that repeat a product: one minus different products "
            "over lines.",
            "share",
            high=1.0,
        ),
        Feature(
            "product_new_rate",
            "Share of the products bought in the last 91 days that the customer had "
            "not bought before.",
            "share",
            high=1.0,
        ),
    ),
    measures=nothing,
    derive=_derive,
    beside={"things": _things},
    needs=("products",),
)
