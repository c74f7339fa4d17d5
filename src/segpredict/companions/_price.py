"""Lines without a price of their own get the list price, before any rule sees them."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from segpredict.companions._cells import SUFFIX
from segpredict.companions._options import Asked
from segpredict.contracts import RAW, ROLES, check
from segpredict.sources import Layout
from segpredict.tables import Companions, RawLines


def expecting(layout: Layout, asked: Asked) -> Layout:
    """Return the layout of lines whose price the products table may give.

    Examples
    --------
    >>> expecting(Layout(), Asked()).later
    ()
    """
    later: Sequence[str] = ("price",) if asked.products.gives("price") else ()
    return replace(layout, later=tuple(later))


def priced(raw: RawLines, companions: Companions) -> RawLines:
    """Return the lines with list prices where they have neither price nor amount.

    A line whose product is not in the table stays without a price, and cleaning will
    say so.
    """
    products = companions.products
    has_price = {"price", "amount"} & set(raw.frame.columns)
    if has_price or products is None or "price" not in products.columns:
        return raw
    key = pl.col("product_id").str.replace(SUFFIX, "$1").str.normalize("NFC")
    found = (
        raw.frame.with_columns(key.alias("list_key"))
        .join(
            products.select(pl.col("product_id").alias("list_key"), "price"),
            on="list_key",
            how="left",
            maintain_order="left",
        )
        .drop("list_key")
    )
    roles = [role for role in ROLES if role in found.columns]
    return replace(raw, frame=check(found.select("file", "row", *roles), RAW))
