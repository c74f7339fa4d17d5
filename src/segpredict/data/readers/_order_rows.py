"""Rows and columns of a table that are no lines of orders, and order fields left blank.

Blank rows and columns without a name are left out, and totals are carried as rejects. Order
fields that stand on the first line of an order only are carried to its other lines.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from segpredict.data.readers._content import NAME_WORDS
from segpredict.data.readers._reader import RejectedRecord, SourceTable
from segpredict.data.readers._rows import is_unnamed
from segpredict.errors import UnreadableFileError, quote_value

TOTAL_WORD = "|".join(NAME_WORDS["total"]).replace(" ", r"[\W_]*")
# One pattern, since it is put to every cell of some columns.
TOTAL_PATTERN = rf"(?i)^[\s*_-]*(?:{TOTAL_WORD})[\s:*_-]*$"
WORD_IN_CELL = rf"(?i)(?:^|[\W_])(?:{TOTAL_WORD})(?:[\W_]|$)"
WORD_AT_AN_END = rf"(?i)^(?:{TOTAL_WORD})[\W_]+|[\W_]+(?:{TOTAL_WORD})$"
TOTALS_REASON = "is in a row of totals (footer_like)"
TOTALS_FIX = "delete the rows with totals, or rerun with --on-bad-rows quarantine."
ORDER_FIELDS = ("customer_id", "order_id", "time")  # a total row differs from a product in these
LINE_FIELDS = ("product_id", "description", "quantity", "price", "amount")
CARRIED_WITH_THEM = ("status", "cancelled", "country", "currency")
MAX_FOOTER_ROWS = 5  # rows at the end alone that may be sums of the table
FIRST_ROW_SHARE = 0.9  # share of orders of several rows that must hold a field on the first only
MIN_ORDERS_OF_BOTH, MIN_ORDERS_OF_ONE = 2, 5  # orders that must do so


def without_blank_rows(table: SourceTable) -> SourceTable:
    """Return the table without rows of which every cell is blank."""
    frame = table.frame
    if frame.schema.dtypes() != [pl.String] * frame.width or not frame.width:
        return table
    # A pass over all cells is expensive, and only rows that begin blank can be blank.
    is_blank = _is_blank(pl.all())
    starts = frame.select(_is_blank(pl.col(frame.columns[0]))).to_series().arg_true()
    gone = starts.filter(frame[starts].select(pl.all_horizontal(is_blank)).to_series())
    if not len(gone):
        return table
    kept = pl.repeat(value=True, n=frame.height, dtype=pl.Boolean, eager=True)
    kept = kept.scatter(gone, values=False)
    found = {**table.detected, "blank_rows": str(len(gone))}
    return replace(table, frame=frame.filter(kept), rows=table.rows.filter(kept), detected=found)


def _is_blank(cells: pl.Expr) -> pl.Expr:
    return (cells.str.strip_chars() == "").fill_null(value=True)


def without_unnamed(table: SourceTable, file: str) -> tuple[SourceTable, dict[str, str]]:
    """Return the table without columns that have no name, if nothing is lost with them."""
    unnamed = [name for name in table.frame.columns if is_unnamed(name)]
    for name in unnamed:
        column = table.frame[name]
        numbers = column.cast(pl.Int64, strict=False)
        # An exported index merely counts the rows.
        is_index = numbers.null_count() == 0 and (numbers.diff().drop_nulls() == 1).all()
        if column.null_count() < len(column) and not is_index:
            value = column.drop_nulls()[0]
            row = table.rows.filter(column.is_not_null())[0]
            reason = f"{name} has no name and holds {quote_value(value)}"
            fix = "give it a name, or delete the column."
            raise UnreadableFileError(file, reason, fix, row=row, column=name, value=str(value))
    if not unnamed:
        return table, {}
    kept = replace(table, frame=table.frame.drop(unnamed))
    return kept, {"columns_without_name": f"{len(unnamed)} left out, nothing in them"}


def without_totals(table: SourceTable, chosen: Mapping[str, str]) -> SourceTable:
    """Return the table without footers; they are carried as rejects."""
    frame, schema = table.frame, table.frame.schema
    keys = [chosen[role] for role in ORDER_FIELDS if role in chosen]
    names = dict.fromkeys([frame.columns[0], *keys])
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table
    others = [n for n, kind in schema.items() if kind == pl.String and n not in texts]
    is_total = _total_rows(frame, texts)
    # A row without order, customer and day is a total if any other cell is the word of one.
    blank = [pl.col(c).cast(pl.String).str.strip_chars().fill_null("") == "" for c in keys]
    if blank and others:
        places = frame.select(pl.all_horizontal(blank)).to_series().arg_true()
        is_word = pl.col(others).str.contains(TOTAL_PATTERN).fill_null(value=False)
        words = frame.select(others)[places].select(pl.any_horizontal(is_word)).to_series()
        is_total = is_total.scatter(places.filter(words), values=True)
    if not is_total.any():
        return table
    footers = frame.filter(is_total).select(*texts, *others)
    rows = table.rows.filter(is_total)
    rejects = list(table.rejects)
    for row, cells in zip(rows, footers.to_dicts(), strict=True):
        found = (pair for pair in cells.items() if pair[1] and re.search(WORD_IN_CELL, pair[1]))
        rejects.append(RejectedRecord(row, *next(found), TOTALS_REASON, TOTALS_FIX))
    every = sorted(rejects, key=lambda reject: reject.row)
    return replace(
        table,
        frame=frame.filter(~is_total),
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
        bare = cells.str.replace_all(WORD_AT_AN_END, "")
        is_sum = (bare != cells) & bare.is_in(column.drop_nulls().unique().implode())
        is_total = is_sum | cells.str.contains(TOTAL_PATTERN)
        found = found.scatter(places.filter(is_total), values=True)
    return found


def carry_order_fields(lines: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return lines, each with order, customer and time, and how many took them from above.

    Either the further lines of an order leave all three blank, or they repeat its number and
    leave customer or time blank; the number then says whose they are.
    """
    if "order_id" not in lines.columns:
        return lines, {}
    below, rows = _blank_rows(lines)
    # Judged by the rows as they stood: what was carried says nothing about the others.
    carried, by_number = _by_number(below, _fields_on_one_row(lines))
    rows += by_number
    noted = {"carried_down": f"{rows:,} rows took order fields from the first row of their order"}
    return carried, noted if rows else {}


def _blank_rows(lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Fill all order fields from the row above where a line leaves all of them blank."""
    there = [name for name in LINE_FIELDS if name in lines.columns]
    # A row that names no product where others do is a sum of the table, not a line.
    items = [name for name in ("product_id", "description") if name in there]
    is_line = pl.any_horizontal(pl.col(items or there).is_not_null())
    is_blank = pl.all_horizontal(pl.col(ORDER_FIELDS).is_null())
    is_below = lines.select(is_blank & is_line).to_series()
    n = int(is_below.sum())
    is_footer = n <= MAX_FOOTER_ROWS and len(is_below) > 4 * n and is_below.tail(n).all()
    if not n or is_below[0] or is_footer:
        return lines, 0
    fields = [*ORDER_FIELDS, *(name for name in CARRIED_WITH_THEM if name in lines.columns)]
    at = pl.when(~is_below).then(pl.int_range(pl.len())).forward_fill()
    above = pl.col(fields).gather(at)
    return lines.with_columns(pl.when(is_below).then(above).otherwise(pl.col(fields))), n


def _by_number(lines: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """Fill customer and time by the order's number where only its first row holds them."""
    rows = 0
    for name in names:
        first = pl.col(name).drop_nulls().first().over("order_id")
        is_open = pl.col(name).is_null() & pl.col("order_id").is_not_null()
        rows = max(rows, lines.filter(is_open).height)
        lines = lines.with_columns(pl.when(is_open).then(first).otherwise(name).alias(name))
    return lines, rows


def _fields_on_one_row(lines: pl.DataFrame) -> tuple[str, ...]:
    """Return the fields that orders of several rows hold on one row and leave blank on others.

    Customer and time that are blank together need less evidence than one of them alone: one
    empty cell may be a guest, or an accident.
    """
    fields = tuple(n for n in ("customer_id", "time") if lines[n].null_count())
    if not fields:
        return ()
    several = (
        lines.filter(pl.col("order_id").is_not_null())
        .group_by("order_id")
        .agg(
            n=pl.len(),
            filled=pl.all_horizontal(pl.col(fields).is_not_null()).sum(),
            blank=pl.all_horizontal(pl.col(fields).is_null()).sum(),
        )
        .filter((pl.col("n") > 1) & (pl.col("filled") > 0))  # not the orders of guests
    )
    only = several.filter((pl.col("filled") == 1) & (pl.col("blank") == pl.col("n") - 1)).height
    least = MIN_ORDERS_OF_BOTH if len(fields) > 1 else MIN_ORDERS_OF_ONE
    return fields if only >= least and only >= FIRST_ROW_SHARE * several.height else ()
