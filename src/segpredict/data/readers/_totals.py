"""Rows of totals among the rows of a table: they are no orders, and are carried as rejects."""

import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from segpredict.data.readers._reader import RejectedRecord, SourceTable

# The first cell of a row that adds up those above it.
TOTAL_WORDS = (
    *("total", "totals", "grand total", "subtotal", "sub total", "sum"),
    *("summe", "gesamt", "gesamtsumme", "zwischensumme", "totaal", "totale"),
    *("total général", "sous-total", "suma", "razem", "итого", "всего"),
)
TOTAL_WORD = "|".join(TOTAL_WORDS)
# One pattern, since it is put to every cell of some columns.
TOTAL_PATTERN = rf"(?i)^[\s*_-]*(?:{TOTAL_WORD})[\s:*_-]*$"
FOOTER_COLUMNS = ("customer_id", "order_id", "time")  # a total row differs from a product in these


def without_totals(table: SourceTable, chosen: Mapping[str, str]) -> SourceTable:
    """Return the table without footers; they are carried as rejects."""
    schema = table.frame.schema
    keys = [chosen[role] for role in FOOTER_COLUMNS if role in chosen]
    names = dict.fromkeys([table.frame.columns[0], *keys])
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table
    # In a row without customer and day, a word in any cell says that it is a total.
    others = [n for n, kind in schema.items() if kind == pl.String and n not in texts]
    blank = [pl.col(c).cast(pl.String).str.strip_chars().fill_null("") == "" for c in keys]
    is_bare = pl.all_horizontal(blank) if blank else pl.lit(value=False)
    is_total = table.frame.select(
        pl.any_horizontal(_is_total(name) for name in texts)
        | (is_bare & pl.any_horizontal(pl.lit(value=False), *(_is_total(n) for n in others)))
        | pl.any_horizontal(_is_subtotal(table.frame[name]) for name in texts)
    ).to_series()
    if not is_total.any():
        return table
    footers = table.frame.filter(is_total).select(*texts, *others)
    rows = table.rows.filter(is_total)
    rejects = [_footer(row, cells) for row, cells in zip(rows, footers.to_dicts(), strict=True)]
    every = sorted([*table.rejects, *rejects], key=lambda reject: reject.row)
    return replace(
        table,
        frame=table.frame.filter(~is_total),
        rows=table.rows.filter(~is_total),
        rejects=tuple(every),
    )


def _is_subtotal(column: pl.Series) -> pl.Expr:
    """Mark cells such as "Total 20110", where 20110 stands in the column as well."""
    marked = column.str.contains(rf"(?i)\b(?:{TOTAL_WORD})\b").fill_null(value=False)
    if not marked.any():
        return pl.lit(value=False)
    bare = column.str.replace(rf"(?i)^(?:{TOTAL_WORD})\W+", "")
    bare = bare.str.replace(rf"(?i)\W+(?:{TOTAL_WORD})$", "")
    is_sum = marked & bare.is_in(column.drop_nulls().unique().implode()) & (bare != column)
    return pl.lit(is_sum.fill_null(value=False))


def _is_total(name: str) -> pl.Expr:
    return pl.col(name).str.contains(TOTAL_PATTERN).fill_null(value=False)


def _footer(row: int, cells: Mapping[str, str | None]) -> RejectedRecord:
    column, value = next(
        (name, cell)
        for name, cell in cells.items()
        if cell and re.search(rf"(?i)\b(?:{TOTAL_WORD})\b", cell)
    )
    fix = "delete the rows with totals, or rerun with --on-bad-rows quarantine."
    return RejectedRecord(row, column, value, "is in a row of totals (footer_like)", fix)
