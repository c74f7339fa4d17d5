"""The table of products, list prices for lines, and returns without customers."""

from dataclasses import replace

import polars as pl

from segpredict.config.load import Config
from segpredict.config.side_tables import ProductTableOptions, ReturnTableOptions
from segpredict.config.source import SourceOptions
from segpredict.core.schemas import COLUMN_ROLES, RAW_LINES_SCHEMA, validate_schema
from segpredict.core.transactions import InputFile, RawLines, SideTables
from segpredict.core.window import as_date
from segpredict.data.side_tables.cells import (
    DECIMAL_SUFFIX,
    parse_days,
    parse_number_column,
    quoted_list,
    read_cells,
)
from segpredict.errors import ContractError, quote_value


def read_product_table(
    options: ProductTableOptions, data: str
) -> tuple[pl.DataFrame, tuple[InputFile, ...], list[str]]:
    """Return ``product_id`` with the time-invariant columns as text, what was read, notes."""
    roles = {"product_id": options.columns.get("product_id", "product_id")}
    given = {r: c for r, c in options.columns.items() if r != "product_id"}
    used = {role: column for role, column in given.items() if options.provides(role)}
    read = read_cells(data, {**roles, **used})
    table = read.frame.filter(pl.col("product_id").is_not_null()).unique().sort("product_id")
    twice = table.filter(pl.col("product_id").is_duplicated())
    if twice.height:
        product = twice["product_id"][0]
        raise ContractError(
            f"Product {quote_value(product)} has several rows in {quote_value(data)} that differ.",
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
            f"configuration names it as time-invariant: {quoted_list(list(used.values()))}."
        )
    if left:
        notes.append(
            f"Left out of the products table: {quoted_list(left)}. Name a column in "
            "products.time_invariant if it never changes."
        )
    return table, read.facts, notes


def lines_layout(config: Config) -> SourceOptions:
    """Return the layout of lines, with the roles that need no column of their own.

    A products table may give the price, and where visits are counted there is no money.

    Examples
    --------
    >>> lines_layout(Config()).deferred_roles
    ()
    """
    later = ("price",) if config.products.provides("price") else ()
    if config.cleaning.revenue == "visits":
        later = ("amount",)
    return replace(config.source, deferred_roles=later)


def fill_list_prices(raw: RawLines, side_tables: SideTables) -> RawLines:
    """Return the lines with list prices where they have neither price nor amount.

    A line whose product is not in the table stays without a price, and cleaning will say so.
    """
    products = side_tables.products
    has_price = {"price", "amount"} & set(raw.frame.columns)
    if has_price or products is None or "price" not in products.columns:
        return raw
    key = pl.col("product_id").str.replace(DECIMAL_SUFFIX, "$1").str.normalize("NFC")
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
    roles = [role for role in COLUMN_ROLES if role in found.columns]
    return replace(
        raw, frame=validate_schema(found.select("file", "row", *roles), RAW_LINES_SCHEMA)
    )


def read_return_table(
    options: ReturnTableOptions, data: str, products: pl.DataFrame | None
) -> tuple[tuple[InputFile, ...], str]:
    """Return what was read, and a note on the returns."""
    roles = {"product_id": "product_id", "time": "time", "quantity": "quantity"}
    given = read_cells(data, {**roles, **options.columns})
    day = parse_days(given.frame["time"], options.time_format, data, "returns")
    pieces = parse_number_column(given.frame["quantity"])
    if pieces is None:
        raise ContractError(
            "The quantity of the returns table holds something that is no number.",
            fix="map returns.columns.quantity to the number of pieces.",
            file=data,
            column="quantity",
        )
    first, end = pl.select(pl.lit(day).min(), pl.lit(day).max().alias("end")).row(0)
    span = "" if first is None else f" from {as_date(first)} to {as_date(end)}"
    value = _list_value(given.frame["product_id"], pieces, products)
    return given.facts, (
        f"The returns table names no customer: its {given.frame.height:,} returns of "
        f"{int(pieces.sum()):,} units{value}{span} are not assigned to customers, and spend "
        "does not subtract them."
    )


def _list_value(ids: pl.Series, pieces: pl.Series, products: pl.DataFrame | None) -> str:
    if products is None or "price" not in products.columns:
        return ""
    listed = pl.DataFrame({"product_id": ids, "pieces": pieces}).join(
        products.select("product_id", pl.col("price").cast(pl.Float64, strict=False)),
        on="product_id",
        how="left",
        maintain_order="left",
    )
    value = listed.select((pl.col("pieces") * pl.col("price")).sum()).item()
    return f", worth {value:,.2f} at list price,"
