"""Which column plays which role: as named, by the names of common exports, or by content."""

from collections.abc import Sequence

import polars as pl

from segpredict.config.column_aliases import NORMALIZED_ALIASES, normalize_name
from segpredict.config.source import SourceOptions
from segpredict.core.schemas import COLUMN_ROLES
from segpredict.data.readers._candidates import missing_roles_error
from segpredict.data.readers._content import is_clock_column
from segpredict.data.readers._status import find_status_column
from segpredict.errors import ColumnMissingError, ContractError, quote_value

MIN_ROWS = 50  # in fewer rows a column may be empty by chance
REQUIRED_ROLES = ("customer_id", "time")


def match_columns(table: pl.DataFrame, layout: SourceOptions, file: str) -> dict[str, str]:
    """Return role → column for every role that the input has.

    Raises
    ------
    ColumnMissingError
        When a named column is absent, or a role that every run needs has none.
    ContractError
        When two columns have the same name.
    """
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
    if "status" not in layout.columns:
        status = find_status_column(table.select(c for c in free if c not in chosen.values()))
        chosen |= {"status": status} if status else {}
    _require(chosen, table, layout, file)
    return {role: chosen[role] for role in COLUMN_ROLES if role in chosen}


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
        column = _one(role, [c for c in found if normalize_name(c) == alias], file)
        if column is not None:
            return column
    return None


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
