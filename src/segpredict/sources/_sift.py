"""Take out of a table what is no data: totals at its end, columns without a name."""

import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from segpredict.errors import UnreadableFileError, shown
from segpredict.sources._header import is_unnamed
from segpredict.sources._source import Reject, Table

# What stands in the first cell of a row that adds up those above it.
TOTALS = (
    *("total", "totals", "grand total", "subtotal", "sub total", "sum"),
    *("summe", "gesamt", "gesamtsumme", "zwischensumme", "totaal", "totale"),
    *("total général", "sous-total", "suma", "razem", "итого", "всего"),
)
IS_TOTAL = (  # one pattern, since it is put to every cell of some columns
    r"(?i)^[\s*_-]*(?:" + "|".join(TOTALS) + r")[\s:*_-]*$"
)
PLACES = ("customer_id", "order_id", "time")  # where a total is told from a product


def without_totals(table: Table, chosen: Mapping[str, str]) -> Table:
    """Return the table without footers; they are carried as rejects.

    Parameters
    ----------
    table
        A file as a table.
    chosen
        Role → column.
    """
    schema = table.frame.schema
    names = dict.fromkeys(
        [table.frame.columns[0], *(chosen[role] for role in PLACES if role in chosen)]
    )
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table
    is_total = table.frame.select(
        pl.any_horizontal(_is_total(name) for name in texts)
    ).to_series()
    if not is_total.any():
        return table
    footers = table.frame.filter(is_total).select(texts)
    rows = table.rows.filter(is_total)
    rejects = [
        _footer(row, cells) for row, cells in zip(rows, footers.to_dicts(), strict=True)
    ]
    every = sorted([*table.rejects, *rejects], key=lambda reject: reject.row)
    return replace(
        table,
        frame=table.frame.filter(~is_total),
        rows=table.rows.filter(~is_total),
        rejects=tuple(every),
    )


def _is_total(name: str) -> pl.Expr:
    return pl.col(name).str.contains(IS_TOTAL).fill_null(value=False)


def _footer(row: int, cells: Mapping[str, str | None]) -> Reject:
    column, value = next(
        (name, cell)
        for name, cell in cells.items()
        if cell and re.search(IS_TOTAL, cell)
    )
    fix = "delete the rows with totals, or rerun with --on-bad-rows quarantine."
    return Reject(row, column, value, "stands in a row of totals (footer_like)", fix)


def without_unnamed(table: Table, file: str) -> tuple[Table, dict[str, str]]:
    """Return the table without columns that have no name, if nothing is lost with them.

    Parameters
    ----------
    table
        A file as a table.
    file
        For messages.

    Returns
    -------
    tuple
        The table, and what was left out.

    Raises
    ------
    UnreadableFileError
        When a column without a name holds something.
    """
    unnamed = [name for name in table.frame.columns if is_unnamed(name)]
    if not unnamed:
        return table, {}
    for name in unnamed:
        column = table.frame[name]
        if column.null_count() < len(column) and not _is_running(column):
            value = column.drop_nulls()[0]
            row = table.rows.filter(column.is_not_null())[0]
            raise UnreadableFileError(
                file,
                f"{name} has no name and holds {shown(value)}",
                "give it a name, or delete the column.",
                row=row,
                column=name,
                value=str(value),
            )
    kept = replace(table, frame=table.frame.drop(unnamed))
    return kept, {"columns_without_name": f"{len(unnamed)} left out, nothing in them"}


def _is_running(column: pl.Series) -> bool:
    """Return whether a column merely counts the rows, as an exported index does."""
    numbers = column.cast(pl.Int64, strict=False)
    return numbers.null_count() == 0 and bool(
        (numbers == pl.int_range(len(column), eager=True) + numbers[0]).all()
    )
