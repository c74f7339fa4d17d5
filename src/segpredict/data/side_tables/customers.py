"""The customers table: attributes of customers, as known at a cutoff."""

import re
from collections.abc import Sequence

import polars as pl

from segpredict.config.side_tables import CUSTOMER_ROLES as ROLES
from segpredict.config.side_tables import AttributeKind, CustomerTableOptions
from segpredict.core.transactions import CustomerAttribute, InputFile
from segpredict.data.side_tables.cells import (
    missing_to_null,
    parse_dates,
    parse_days,
    parse_number_column,
    quoted_list,
    read_cells,
)
from segpredict.errors import ConfigError, ContractError, quote_value

_TIMES = ("since", "until")


def read_customer_table(
    options: CustomerTableOptions, data: str
) -> tuple[pl.DataFrame, tuple[CustomerAttribute, ...], tuple[InputFile, ...], list[str]]:
    """Return the table, its attributes, what was read, and notes."""
    names = _names([*options.time_varying, *options.time_invariant])
    roles = {"customer_id": options.columns.get("customer_id", "customer_id")}
    roles |= {role: options.columns[role] for role in _TIMES if role in options.columns}
    given = read_cells(data, {**roles, **names})
    text = given.frame.filter(pl.col("customer_id").is_not_null())
    table = text.select(
        "customer_id",
        *(_day(text, role, options, data) for role in _TIMES),
    )
    _require_one_row(table, data)
    attributes = []
    for name, column in names.items():
        values, kind = _encoded(text[name], options.kinds.get(column), options)
        table = table.with_columns(values.alias(name))
        attributes.append(CustomerAttribute(name, kind, column))
    notes = [_used_note(options)] if options.time_invariant else []
    if given.unused_columns and "since" not in roles:
        notes.append(_left_out_note(given.unused_columns))
    return table, tuple(attributes), given.facts, notes


def _day(text: pl.DataFrame, role: str, options: CustomerTableOptions, data: str) -> pl.Series:
    if role not in text.columns:
        return pl.Series(role, [None] * text.height, dtype=pl.Int32)
    return parse_days(text[role], options.time_format, data, "customers").cast(pl.Int32).alias(role)


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
            raise ConfigError(
                f"The column {quote_value(column)} would be called {word}, as another is.",
                fix="rename it in the customers table.",
            )
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
        raise ContractError(
            f"The column {quote_value(text.name)} was said to hold numbers and does not.",
            fix="set its kind to level in customers.kinds.",
            column=text.name,
        )
    if kind == "date" or (kind is None and _looks_like_days(plain)):
        return parse_dates(plain, options.time_format), "date"
    return plain, "level"


def _looks_like_days(text: pl.Series) -> bool:
    filled = text.drop_nulls()
    shape = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$"
    return bool(len(filled) and filled.str.contains(shape).all())


def _used_note(options: CustomerTableOptions) -> str:
    return (
        "Used of the customers table although without a time stamp, because the "
        f"configuration names it as time-invariant: {quoted_list(options.time_invariant)}."
    )


def _left_out_note(names: Sequence[str]) -> str:
    return (
        f"Left out of the customers table: {quoted_list(names)}. Without a time stamp a "
        "column describes today, not a cutoff."
    )
