"""Find the column of each role and turn its cells into text without loss."""

from collections.abc import Sequence

import polars as pl

from segpredict.contracts import ROLES
from segpredict.errors import ColumnMissingError, ContractError, shown
from segpredict.sources._layout import ALIASES, Layout, normal

IDS = ("customer_id", "order_id", "product_id")
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"  # not white space to Unicode, yet unseen


def match(found: Sequence[str], layout: Layout, file: str) -> dict[str, str]:
    """Return role → column for every role that the input has.

    Raises
    ------
    ColumnMissingError
        When a named column is absent, or a role that every run needs has none.
    ContractError
        When two columns answer to the same name.
    """
    chosen = {}
    for role in ROLES:
        if role in layout.columns:
            column = _named(role, layout.columns[role], found, file)
        else:
            column = _by_alias(role, found, file)
        if column:
            chosen[role] = column
    if "amount" not in layout.columns and {"quantity", "price"} <= chosen.keys():
        # "Amount" may be an order's total, repeated on every line: price is safer.
        chosen.pop("amount", None)
    _require({**dict.fromkeys(layout.later, ""), **chosen}, found, file)
    return chosen


def _named(role: str, name: str, found: Sequence[str], file: str) -> str | None:
    if not name:
        return None
    if name in found:
        return name
    close = _one(role, [c for c in found if normal(c) == normal(name)], file)
    if close is None:
        raise ColumnMissingError(role, found, file)
    return close


def _by_alias(role: str, found: Sequence[str], file: str) -> str | None:
    for alias in ALIASES[role]:
        column = _one(role, [c for c in found if normal(c) == alias], file)
        if column is not None:
            return column
    return None


def _one(role: str, columns: Sequence[str], file: str) -> str | None:
    if len(columns) > 1:
        raise ContractError(
            f"{len(columns)} columns of {shown(file)} may give {role}: "
            f"{', '.join(map(shown, columns))}.",
            fix=f"say which: --map {role}='{columns[0]}'.",
            file=file,
            column=role,
        )
    return columns[0] if columns else None


def _require(chosen: dict[str, str], found: Sequence[str], file: str) -> None:
    money = ("amount",) if "amount" in chosen else ("quantity", "price")
    for role in ("customer_id", "time", *money):
        if role not in chosen:
            raise ColumnMissingError(role, found, file)


def as_text(frame: pl.DataFrame, chosen: dict[str, str], file: str) -> pl.DataFrame:
    """Return one text column a role: trimmed, blank cells null, numbers digit by digit.

    Raises
    ------
    ContractError
        When a column holds lists, structs or other things that are not cells.
    """
    return frame.select(
        _trimmed(_text(role, column, frame.schema[column], file)).alias(role)
        for role, column in chosen.items()
    )


def _text(role: str, column: str, dtype: pl.DataType, file: str) -> pl.Expr:
    cells = pl.col(column)
    if dtype == pl.String:
        return cells
    if dtype == pl.Date:
        return cells.dt.to_string("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        # The wall clock of the shop is what counts; a zone only says where it hangs.
        return cells.dt.replace_time_zone(None).dt.to_string("%Y-%m-%d %H:%M:%S%.f")
    if dtype.is_float() and role in IDS:
        whole = (cells == cells.round()) & (cells.abs() < 2**53)
        return (
            pl.when(whole)
            .then(cells.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(cells.fill_nan(None).cast(pl.String))
        )
    if dtype.is_nested() or dtype in (pl.Duration, pl.Time, pl.Object, pl.Binary):
        raise ContractError(
            f"Column {shown(column)} of {shown(file)} holds {dtype}, which is no cell.",
            fix=f"give {role} as text, numbers or dates.",
            file=file,
            column=role,
        )
    return cells.cast(pl.String)


def _trimmed(cells: pl.Expr) -> pl.Expr:
    bare = cells.str.strip_chars().str.strip_chars(INVISIBLE).str.strip_chars()
    return pl.when(bare != "").then(bare)
