"""Rows of totals among the rows of a table: they are no orders, and are carried as rejects."""

import re
from collections.abc import Mapping, Sequence
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
WORD_IN_CELL = rf"(?i)\b(?:{TOTAL_WORD})\b"
FOOTER_COLUMNS = ("customer_id", "order_id", "time")  # a total row differs from a product in these


def without_totals(table: SourceTable, chosen: Mapping[str, str]) -> SourceTable:
    """Return the table without footers; they are carried as rejects."""
    schema = table.frame.schema
    keys = [chosen[role] for role in FOOTER_COLUMNS if role in chosen]
    names = dict.fromkeys([table.frame.columns[0], *keys])
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table
    others = [n for n, kind in schema.items() if kind == pl.String and n not in texts]
    is_total = _total_rows(table.frame, texts) | _totals_elsewhere(table.frame, keys, others)
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


def _total_rows(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Mark rows with a total, or a subtotal of an id, in one of these columns."""
    found = pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    for name in names:
        column = frame[name]
        hits = column.str.contains(WORD_IN_CELL).fill_null(value=False)  # the one pass over all
        places = hits.arg_true()
        if not len(places):
            continue
        cells = column.gather(places)
        # "Total 20110" is a subtotal where 20110 stands in the column as well.
        bare = cells.str.replace(rf"(?i)^(?:{TOTAL_WORD})\W+", "")
        bare = bare.str.replace(rf"(?i)\W+(?:{TOTAL_WORD})$", "")
        is_sum = (bare != cells) & bare.is_in(column.drop_nulls().unique().implode())
        found = found.scatter(
            places.filter(is_sum | cells.str.contains(TOTAL_PATTERN)), values=True
        )
    return found


def _totals_elsewhere(frame: pl.DataFrame, keys: Sequence[str], others: Sequence[str]) -> pl.Series:
    """Mark rows without order, customer and day in which any cell is the word of a total."""
    blank = [pl.col(c).cast(pl.String).str.strip_chars().fill_null("") == "" for c in keys]
    is_bare = frame.select(pl.all_horizontal(blank or [pl.lit(value=False)])).to_series()
    if len(is_bare) != frame.height or not is_bare.any() or not others:
        return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    words = pl.any_horizontal(_is_total(name) for name in others)
    return is_bare & frame.select(words).to_series()


def _is_total(name: str) -> pl.Expr:
    return pl.col(name).str.contains(TOTAL_PATTERN).fill_null(value=False)


def _footer(row: int, cells: Mapping[str, str | None]) -> RejectedRecord:
    column, value = next(
        (name, cell) for name, cell in cells.items() if cell and re.search(WORD_IN_CELL, cell)
    )
    fix = "delete the rows with totals, or rerun with --on-bad-rows quarantine."
    return RejectedRecord(row, column, value, "is in a row of totals (footer_like)", fix)
