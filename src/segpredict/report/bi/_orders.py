"""The tables of orders, of their lines, and of products."""

import polars as pl

from segpredict.report.bi._star_schema import CustomerBatch, StarSchema, is_void, net_revenue

NAME_SCHEMA = {"product_id": pl.String, "name": pl.String, "descriptions": pl.Int64}
CATEGORY_SCHEMA = {"product_id": pl.String, "category": pl.String}


def order_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the orders and credit notes of a batch."""
    counts = ~pl.col("is_return") & ~pl.col("is_void")
    nth = pl.col("is_order").cast(pl.Int64).cum_sum().over("customer_id")
    return batch.orders.with_columns(
        date="day", void_date="void_day", is_order=counts, revenue=net_revenue()
    ).with_columns(is_first=pl.col("is_order") & (nth == 1))


def line_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the lines of a batch."""
    return batch.lines.with_columns(date="day", void_date="void_day", revenue=net_revenue())


def product_rows(star: StarSchema) -> pl.DataFrame:
    """Return the products of all lines."""
    found = (
        star.shop.lines.filter(pl.col("product_id").is_not_null())
        .with_columns(is_void=is_void(star.shop))
        .group_by("product_id")
        .agg(
            pl.len().alias("lines"),
            pl.col("quantity").sum(),
            net_revenue().sum().alias("revenue"),
        )
        .collect(engine="streaming")
        .sort("product_id")
    )
    products = star.shop.side_tables.products
    has_categories = products is not None and "category" in products.columns
    for table, schema in (
        (star.shop.product_names, NAME_SCHEMA),
        (products if has_categories else None, CATEGORY_SCHEMA),
    ):
        known = pl.DataFrame(schema=schema) if table is None else table.select(*schema)
        known = known.unique("product_id", keep="first")
        found = found.join(known, on="product_id", how="left", maintain_order="left")
    return found.rename({"name": "product"})
