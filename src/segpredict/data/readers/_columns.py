"""Which column plays which role: as named, by the names of common exports, or by content."""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from segpredict.config.column_aliases import NORMALIZED_ALIASES, normalize_name
from segpredict.config.source import SourceOptions
from segpredict.core.schemas import COLUMN_ROLES
from segpredict.data.readers._candidates import missing_roles_error
from segpredict.data.readers._content import is_cancellation, is_clock_column
from segpredict.data.readers._related_money import related_money
from segpredict.data.readers._status import find_flags, find_status_columns, is_flag
from segpredict.errors import ColumnMissingError, ContractError, quote_value

CURRENCY_REMARK = r"\s*[(\[]\s*([A-Z]{3}|[€$£¥]|in [A-Z]{3})\s*[)\]]\s*$"
MIN_ROWS = 50  # in fewer rows a column may be empty by chance
REQUIRED_ROLES = ("customer_id", "time")


def match_columns(table: pl.DataFrame, layout: SourceOptions, file: str) -> dict[str, str]:
    """Return role → column for every role that the input has."""
    found = table.columns
    named = {role: _named(role, layout, found, file) for role in layout.columns}
    free = [column for column in found if column not in named.values()]
    # A clock alone is no time of an order: its day stands in another column.
    days = [column for column in free if not is_clock_column(table[column])]
    by_role = {
        role: named[role]
        if role in named
        else _by_alias(role, days if role == "time" else free, file)
        for role in COLUMN_ROLES
    }
    chosen = {role: column for role, column in by_role.items() if column}
    if "amount" not in layout.columns and {"quantity", "price", "amount"} <= chosen.keys():
        # It may be the order's total, or after a discount: cleaning compares all rows.
        chosen["stated_amount"] = chosen.pop("amount")
    chosen |= related_money(table, chosen, layout.columns)
    if "refund" in chosen and "refund" not in layout.columns and is_flag(table[chosen["refund"]]):
        del chosen["refund"]
    if "cancelled" not in chosen and "cancelled" not in layout.columns:
        marks = [c for c in free if c not in chosen.values() and is_cancellation(table[c])]
        chosen |= dict(zip(("cancelled",), marks, strict=False))
    _require(chosen, table, layout, file)
    return {role: chosen[role] for role in COLUMN_ROLES if role in chosen}


def status_columns(
    table: pl.DataFrame, chosen: Mapping[str, str], layout: SourceOptions
) -> tuple[list[str], list[str]]:
    """Return the columns that say whether a row is a sale: statuses, and flags of yes and no.

    A status that a person has named stands alone.
    """
    if "status" in layout.columns:
        return [chosen["status"]] if "status" in chosen else [], []
    free = table.select(c for c in table.columns if c not in chosen.values())
    flags = find_flags(free)
    return find_status_columns(free.drop(flags)), flags


def refuse_empty_roles(lines: pl.DataFrame) -> None:
    """Refuse lines of which a required column is empty in all of enough rows."""
    for role in (*REQUIRED_ROLES, "quantity", "price", "amount"):
        if role in lines and lines.height > MIN_ROWS and lines.height == lines[role].null_count():
            raise ContractError(
                f"The column that gives {role} is empty in all {lines.height} rows.",
                fix=f"name the column that holds it: --map {role}=YOUR_COLUMN.",
                column=role,
            )


def count_recognised(found: Sequence[str], layout: SourceOptions) -> int:
    """Return how many roles have a column under these names."""
    names = {normalize_name(name) for name in found}
    given = {role: normalize_name(name) for role, name in layout.columns.items()}
    return sum(
        given[role] in names if role in given else not names.isdisjoint(NORMALIZED_ALIASES[role])
        for role in COLUMN_ROLES
    )


def _named(role: str, layout: SourceOptions, found: Sequence[str], file: str) -> str | None:
    name = layout.columns[role]
    if not name:
        return None
    if name in found:
        return name
    close = _one(role, [c for c in found if normalize_name(c) == normalize_name(name)], file)
    if close is None and role not in layout.optional_roles:
        raise ColumnMissingError(f"{role} ({name})", found, file)
    return close


def _by_alias(role: str, found: Sequence[str], file: str) -> str | None:
    for alias in NORMALIZED_ALIASES[role]:
        column = _one(role, [c for c in found if alias in _names(c)], file)
        if column is not None:
            return column
    return None


def _names(name: str) -> tuple[str, str]:
    """Return a normalised name, and the same without a currency in brackets: Refund (EUR)."""
    return normalize_name(name), normalize_name(re.sub(CURRENCY_REMARK, "", name))


def _one(role: str, columns: Sequence[str], file: str) -> str | None:
    if len(columns) > 1:
        raise ContractError(
            f"{len(columns)} columns of {quote_value(file)} may give {role}: "
            f"{', '.join(map(quote_value, columns))}.",
            fix=f"say which: --map {role}='{columns[0]}'.",
            file=file,
            column=role,
        )
    return columns[0] if columns else None


def _require(chosen: dict[str, str], table: pl.DataFrame, layout: SourceOptions, file: str) -> None:
    there = {*chosen, *layout.deferred_roles}
    missing = [role for role in REQUIRED_ROLES if role not in there]
    if "amount" not in there and not {"quantity", "price"} <= there:
        missing.append("amount")
    if missing:
        raise missing_roles_error(missing, chosen, table, file)
