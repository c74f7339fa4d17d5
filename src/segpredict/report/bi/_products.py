"""The table of products."""

import polars as pl

from segpredict.report.bi._star_schema import StarSchema, net_revenue
from segpredict.report.bi._table import BiColumn, BiTable

PRODUCT_COLUMNS = (
    BiColumn("product_id", "text", "The shop's own id.", "primary"),
    BiColumn("product", "text", "Its commonest description; null where none was read."),
    BiColumn("descriptions", "whole", "How many different descriptions it had."),
    BiColumn("category", "text", "Its category, from a table of products; null if unknown."),
    BiColumn("lines", "whole", "Order lines with it, returns included."),
    BiColumn("quantity", "quantity", "Units, net of returns, as in `lines`."),
    BiColumn("revenue", "money", "The revenue of its lines that count."),
)


def product_rows(star: StarSchema) -> pl.DataFrame:
    """Return the products of all lines."""
    void = (pl.col("void_day") < star.shop.end_day).fill_null(value=False)
    sold = (
        star.shop.lines.filter(pl.col("product_id").is_not_null())
        .with_columns(is_void=void)
        .group_by("product_id")
        .agg(
            pl.len().alias("lines"),
            pl.col("quantity").sum(),
            net_revenue().sum().alias("revenue"),
        )
        .collect(engine="streaming")
        .sort("product_id")
    )
    names = star.shop.product_names
    if names is None:
        named = sold.with_columns(name=pl.lit(None, pl.String), descriptions=pl.lit(None, pl.Int64))
    else:
        known = names.select("product_id", "name", "descriptions")
        named = sold.join(known, on="product_id", how="left", maintain_order="left")
    table = star.shop.side_tables.products
    if table is None or "category" not in table.columns:
        found = named.with_columns(category=pl.lit(None, pl.String))
    else:
        categories = table.select("product_id", "category").unique("product_id")
        found = named.join(categories, on="product_id", how="left", maintain_order="left")
    return found.rename({"name": "product"})


PRODUCTS = BiTable(
    "products",
    "dimension",
    "one product",
    "The codes of `lines` with a name that people know.",
    PRODUCT_COLUMNS,
    product_rows,
)
