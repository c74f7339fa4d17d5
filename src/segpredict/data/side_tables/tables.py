"""Customers, products, returns, and logs of events and contacts, as known at a cutoff."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from segpredict.config.load import Config
from segpredict.config.side_tables import CUSTOMER_ROLES as ROLES
from segpredict.config.side_tables import (
    AttributeKind,
    CustomerTableOptions,
    EventLogOptions,
    ProductTableOptions,
    ReturnTableOptions,
)
from segpredict.config.source import DECIMAL_SUFFIX, SourceOptions
from segpredict.core.schemas import COLUMN_ROLES, RAW_LINES_SCHEMA, validate_schema
from segpredict.core.transactions import (
    CONTACT_KINDS,
    EVENT_KINDS,
    CustomerAttribute,
    CustomerLog,
    RawLines,
    SideTables,
)
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.data.side_tables.cells import (
    missing_to_null,
    parse_dates,
    parse_days,
    parse_number_column,
    quoted_list,
    read_cells,
)
from segpredict.errors import ColumnMissingError, ConfigError, ContractError, quote_value

_TIMES = ("since", "until")
DATE_SHAPE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$"
NOT_AT_EVENT_TIME = ("opened",)  # happens after the row's own time, so it needs a row of its own


def read_customer_table(options: CustomerTableOptions, data: str, found: SideTables) -> SideTables:
    """Add the table of customers and its attributes."""
    names = _names([*options.time_varying, *options.time_invariant])
    roles = {"customer_id": options.columns.get("customer_id", "customer_id")}
    roles |= {role: options.columns[role] for role in _TIMES if role in options.columns}
    given = read_cells(data, {**roles, **names})
    text = given.frame.filter(pl.col("customer_id").is_not_null())
    days = {role: pl.Series([None] * text.height, dtype=pl.Int32) for role in _TIMES}
    for role in [role for role in _TIMES if role in roles]:
        days[role] = parse_days(text[role], options.time_format, data, "customers").cast(pl.Int32)
    table = text.select("customer_id").with_columns(**days)
    _require_one_row(table, data)
    attributes = []
    for name, column in names.items():
        values, kind = _encoded(text[name], options.kinds.get(column), options)
        table = table.with_columns(values.alias(name))
        attributes.append(CustomerAttribute(name, kind, column))
    notes = []
    if options.time_invariant:
        notes.append(
            "Used of the customers table although without a time stamp, because the "
            f"configuration names it as time-invariant: {quoted_list(options.time_invariant)}."
        )
    if given.unused_columns and "since" not in roles:
        notes.append(
            f"Left out of the customers table: {quoted_list(given.unused_columns)}. Without a "
            "time stamp a column describes today, not a cutoff."
        )
    return given.added_to(found, notes, customers=table, attributes=tuple(attributes))


def _require_one_row(table: pl.DataFrame, data: str) -> None:
    twice = table.filter(pl.struct("customer_id", "since").is_duplicated())
    if twice.height:
        customer = twice["customer_id"][0]
        raise ContractError(
            f"Customer {quote_value(customer)} has several rows in {quote_value(data)}, and "
            "nothing says which was valid when.",
            fix="name the column that does: customers.columns.since.",
            file=data,
            column="customer_id",
            value=customer,
            count=twice["customer_id"].n_unique(),
        )


def _names(given: list[str]) -> dict[str, str]:
    """Return a word for each column, which can be part of the name of a feature."""
    words: dict[str, str] = {}
    for column in dict.fromkeys(given):
        word = re.sub(r"\W+", "_", column.casefold()).strip("_")
        if word in (*words, *ROLES):
            message = f"The column {quote_value(column)} would be called {word}, as another is."
            raise ConfigError(message, fix="rename it in the customers table.")
        words[word] = column
    return words


def _encoded(
    text: pl.Series, kind: AttributeKind | None, options: CustomerTableOptions
) -> tuple[pl.Series, AttributeKind]:
    """Return a column in the requested kind, or the one that all its cells prove."""
    plain = missing_to_null(text)
    number = parse_number_column(plain) if kind in (None, "number") else None
    if number is not None:
        return number, "number"
    if kind == "number":
        message = f"The column {quote_value(text.name)} was said to hold numbers and does not."
        fix = "set its kind to level in customers.kinds."
        raise ContractError(message, fix=fix, column=text.name)
    filled = plain.drop_nulls()
    is_date = len(filled) > 0 and bool(filled.str.contains(DATE_SHAPE).all())
    if kind == "date" or (kind is None and is_date):
        return parse_dates(plain, options.time_format), "date"
    return plain, "level"


def read_product_table(options: ProductTableOptions, data: str, found: SideTables) -> SideTables:
    """Add ``product_id`` with the time-invariant columns as text."""
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
    return read.added_to(found, notes, products=table)


def lines_layout(config: Config) -> SourceOptions:
    """Return the layout of lines, with the roles that need no column of their own.

    A products table may give the price, and where visits are counted there is no money.

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
    prices = products.select("price", list_key="product_id")

    def priced(rows: pl.LazyFrame) -> pl.LazyFrame:
        keyed = rows.with_columns(list_key=key)
        found = keyed.join(prices.lazy(), on="list_key", how="left", maintain_order="left")
        known = found.collect_schema().names()
        return found.select("file", "row", *(role for role in COLUMN_ROLES if role in known))

    frame = validate_schema(priced(raw.frame.lazy()).collect(), RAW_LINES_SCHEMA)
    return replace(raw, frame=frame, on_disk=None if raw.on_disk is None else priced(raw.on_disk))


def read_return_table(options: ReturnTableOptions, data: str, found: SideTables) -> SideTables:
    """Add a note on returns that name no customer."""
    roles = {"product_id": "product_id", "time": "time", "quantity": "quantity"}
    given = read_cells(data, {**roles, **options.columns})
    day = parse_days(given.frame["time"], options.time_format, data, "returns")
    pieces = parse_number_column(given.frame["quantity"])
    if pieces is None:
        message = "The quantity of the returns table holds something that is no number."
        fix = "map returns.columns.quantity to the number of pieces."
        raise ContractError(message, fix=fix, file=data, column="quantity")
    first, end = pl.select(pl.lit(day).min(), pl.lit(day).max().alias("end")).row(0)
    span = "" if first is None else f" from {as_date(first)} to {as_date(end)}"
    value = ""
    if found.products is not None and "price" in found.products.columns:
        prices = found.products.select("product_id", pl.col("price").cast(pl.Float64, strict=False))
        returned = given.frame.select("product_id", pieces=pieces)
        listed = returned.join(prices, on="product_id", how="left", maintain_order="left")
        value = f", worth {(listed['pieces'] * listed['price']).sum():,.2f} at list price,"
    note = (
        f"The returns table names no customer: its {given.frame.height:,} returns of "
        f"{int(pieces.sum()):,} units{value}{span} are not assigned to customers, and spend "
        "does not subtract them."
    )
    return given.added_to(found, [note])


def read_log(
    options: EventLogOptions, data: str, found: SideTables, section: Literal["events", "contacts"]
) -> SideTables:
    """Add the log of web events, or of marketing contacts.

    Rows without a customer, of visitors who never signed in, are left out. A kind without a value
    or a column in the log is absent, not zero. A visit that goes on past midnight counts on both
    days.
    """
    roles = {"customer_id": "customer_id", "time": "time", **options.columns}
    given = read_cells(data, roles)
    kinds = EVENT_KINDS if section == "events" else CONTACT_KINDS
    known = given.frame.filter(pl.col("customer_id").is_not_null())
    day = parse_days(known["time"], options.time_format, data, section).cast(pl.Int32)
    dated = known.with_columns(day.alias("day")).drop_nulls("day")
    counted = (
        _from_words(dated, options.kinds, kinds)
        if "kind" in roles
        else _from_counts(dated, kinds, data)
    )
    keys = ["customer_id", "day"]
    frame = counted.group_by(keys).agg(pl.exclude(keys).sum()).sort(keys)
    if "session" in roles and "sessions" in kinds:
        visits = dated.group_by(keys).agg(
            sessions=pl.col("session").drop_nulls().n_unique().cast(pl.Int64)
        )
        frame = frame.drop("sessions", strict=False).join(
            visits, on=keys, how="left", maintain_order="left"
        )
    log: JSON = {section: CustomerLog(frame, frame.select(pl.col("day").min()).item())}
    return given.added_to(found, **log)


def _from_words(
    rows: pl.DataFrame, words: Mapping[str, Sequence[str]], kinds: Sequence[str]
) -> pl.DataFrame:
    named = {kind: list(words.get(kind, (kind,))) for kind in kinds}
    present = set(rows["kind"].drop_nulls().unique())
    marks = {
        kind: pl.col("kind").is_in(values).fill_null(value=False).cast(pl.Int64)
        for kind, values in named.items()
        if present & set(values)
    }
    return rows.select("customer_id", "day", **marks)


def _from_counts(rows: pl.DataFrame, kinds: Sequence[str], data: str) -> pl.DataFrame:
    there = [kind for kind in kinds if kind in rows.columns and kind not in NOT_AT_EVENT_TIME]
    if not there and "session" not in rows.columns:
        raise ColumnMissingError(f"kind, or any of {', '.join(kinds)}", rows.columns, data)
    columns = []
    for kind in there:
        number = parse_number_column(rows[kind])
        if number is None:
            message = f"The column of {kind} holds something that is no number."
            fix = "map a column of counts, or the column kind."
            raise ContractError(message, fix=fix, file=data, column=kind)
        columns.append(number.fill_null(0).round().cast(pl.Int64).alias(kind))
    return rows.select("customer_id", "day").with_columns(columns)
