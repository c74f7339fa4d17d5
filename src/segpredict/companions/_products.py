"""The products table: the category, price and cost of what is sold."""

import polars as pl

from segpredict.companions._cells import cells, shown_list
from segpredict.companions._options import ProductTable
from segpredict.errors import ContractError, shown
from segpredict.tables import FileFact


def products(
    asked: ProductTable, data: str
) -> tuple[pl.DataFrame, tuple[FileFact, ...], list[str]]:
    """Return ``product_id`` with the vouched columns as text, what was read, notes.

    Raises
    ------
    ContractError
        When a product stands in two different rows.
    """
    roles = {"product_id": asked.columns.get("product_id", "product_id")}
    given = {r: c for r, c in asked.columns.items() if r != "product_id"}
    used = {role: column for role, column in given.items() if asked.gives(role)}
    read = cells(data, {**roles, **used})
    table = (
        read.frame.filter(pl.col("product_id").is_not_null())
        .unique()
        .sort("product_id")
    )
    twice = table.filter(pl.col("product_id").is_duplicated())
    if twice.height:
        product = twice["product_id"][0]
        raise ContractError(
            f"Product {shown(product)} stands in several rows of {shown(data)} that "
            "differ.",
            fix="keep one row per product.",
            file=data,
            column="product_id",
            value=product,
            count=twice["product_id"].n_unique(),
        )
    left = [column for role, column in given.items() if role not in used]
    notes = []
    if used:
        notes.append(
            "Used of the products table although without a time stamp, because the "
            f"configuration vouches for it: {shown_list(list(used.values()))}."
        )
    if left:
        notes.append(
            f"Left out of the products table: {shown_list(left)}. Name a column in "
            "products.vouched if it never changes."
        )
    return table, read.facts, notes
