"""Rows and columns of a table that are no lines of orders, and order fields left blank.

Blank rows and columns without a name are left out, and totals are carried as rejects. Order
fields that stand on the first line of an order only are carried to its other lines.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from segpredict.data.readers._content import NAME_WORDS
from segpredict.data.readers._reader import ROW, RejectedRecord
from segpredict.data.readers._rows import is_unnamed
from segpredict.data.readers._table import KEY, TableCells
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


def without_blank_rows(table: TableCells) -> tuple[TableCells, dict[str, str]]:
    """Return the table without rows of which every cell is blank."""
    if table.schema.dtypes() != [pl.String] * len(table.columns) or not table.columns:
        return table, {}
    # A pass over all cells is expensive, and only rows that begin blank can be blank.
    starts = table.rows.filter(_is_blank(pl.col(table.columns[0])))
    is_blank = pl.all_horizontal(_is_blank(pl.col(table.columns)))
    gone = [batch.filter(is_blank)[KEY] for batch in table.batches(starts)]
    keys = pl.concat(gone) if gone else pl.Series(dtype=pl.Int64)
    return (table.without(keys), {"blank_rows": str(len(keys))}) if len(keys) else (table, {})


def _is_blank(cells: pl.Expr) -> pl.Expr:
    return (cells.str.strip_chars() == "").fill_null(value=True)


def without_unnamed(table: TableCells, file: str) -> tuple[TableCells, dict[str, str]]:
    """Return the table without columns that have no name, if nothing is lost with them."""
    unnamed = [name for name in table.columns if is_unnamed(name)]
    for name in unnamed:
        column = table.column(name)
        numbers = column.cast(pl.Int64, strict=False)
        # An exported index merely counts the rows.
        is_index = numbers.null_count() == 0 and (numbers.diff().drop_nulls() == 1).all()
        if column.null_count() < len(column) and not is_index:
            filled = table.rows.filter(pl.col(name).is_not_null()).select(ROW, name)
            row, value = table.collect(filled.head(1)).row(0)
            reason = f"{name} has no name and holds {quote_value(value)}"
            fix = "give it a name, or delete the column."
            raise UnreadableFileError(file, reason, fix, row=row, column=name, value=str(value))
    if not unnamed:
        return table, {}
    found = {"columns_without_name": f"{len(unnamed)} left out, nothing in them"}
    return table.drop(unnamed), found


def without_totals(
    table: TableCells, chosen: Mapping[str, str]
) -> tuple[TableCells, list[RejectedRecord]]:
    """Return the table without footers, and these."""
    schema = table.schema
    keys = [chosen[role] for role in ORDER_FIELDS if role in chosen]
    names = dict.fromkeys([table.columns[0], *keys])
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table, []
    others = [n for n, kind in schema.items() if kind == pl.String and n not in texts]
    totals = [_total_rows(table, name) for name in texts]
    # A row without order, customer and day is a total if any other cell is the word of one.
    blank = [pl.col(c).cast(pl.String).str.strip_chars().fill_null("") == "" for c in keys]
    if blank and others:
        is_word = pl.any_horizontal(pl.col(others).str.contains(TOTAL_PATTERN))
        rows = table.rows.filter(pl.all_horizontal(blank)).select(KEY, *others)
        totals += [batch.filter(is_word)[KEY] for batch in table.batches(rows)]
    found = pl.concat(totals)
    if not len(found):
        return table, []
    is_total = pl.col(KEY).is_in(found.implode())
    footers = table.collect(table.rows.filter(is_total).select(ROW, *texts, *others))
    rejects = []
    for row, *cells in footers.rows():
        pairs = zip((*texts, *others), cells, strict=True)
        named = (pair for pair in pairs if pair[1] and re.search(WORD_IN_CELL, pair[1]))
        rejects.append(RejectedRecord(row, *next(named), TOTALS_REASON, TOTALS_FIX))
    return table.without(found), rejects


def _total_rows(table: TableCells, name: str) -> pl.Series:
    """Return the keys of rows with a total, or a subtotal of an id, in a column."""
    hits = pl.col(name).str.contains(WORD_IN_CELL)  # the one pass over all
    found = table.collect(table.rows.filter(hits).select(KEY, name))
    cells = found[name]
    # "Total 20110" is a subtotal where 20110 stands in the column as well.
    bare = cells.str.replace_all(WORD_AT_AN_END, "")
    ids = bare.filter(bare != cells).unique()
    there = table.rows.filter(pl.col(name).is_in(ids.implode())).select(pl.col(name).unique())
    known = table.collect(there).to_series() if len(ids) else ids
    is_sum = (bare != cells) & bare.is_in(known.implode())
    return found[KEY].filter(is_sum | cells.str.contains(TOTAL_PATTERN))


def carry_order_fields(table: TableCells) -> tuple[pl.LazyFrame, dict[str, str]]:
    """Return lines, each with order, customer and time, and how many took them from above.

    Either the further lines of an order leave all three blank, or they repeat its number and
    leave customer or time blank; the number then says whose they are.
    """
    if "order_id" not in table.columns:
        return table.rows, {}
    below, rows = _blank_rows(table)
    # Judged by the rows as they stood: what was carried says nothing about the others.
    carried, by_number = _by_number(replace(table, rows=below), _fields_on_one_row(table))
    rows += by_number
    noted = {"carried_down": f"{rows:,} rows took order fields from the first row of their order"}
    return carried, noted if rows else {}


def _blank_rows(table: TableCells) -> tuple[pl.LazyFrame, int]:
    """Fill all order fields from the row above where a line leaves all of them blank."""
    there = [name for name in LINE_FIELDS if name in table.columns]
    # A row that names no product where others do is a sum of the table, not a line.
    items = [name for name in ("product_id", "description") if name in there]
    is_line = pl.any_horizontal(pl.col(items or there).is_not_null())
    is_blank = pl.all_horizontal(pl.col(ORDER_FIELDS).is_null())
    is_below = table.collect(table.rows.select(is_blank & is_line)).to_series()
    n = int(is_below.sum())
    is_footer = n <= MAX_FOOTER_ROWS and len(is_below) > 4 * n and is_below.tail(n).all()
    if not n or is_below[0] or is_footer:
        return table.rows, 0
    fields = [*ORDER_FIELDS, *(name for name in CARRIED_WITH_THEM if name in table.columns)]
    at = pl.when(~is_below).then(pl.int_range(pl.len())).forward_fill()
    above = pl.col(fields).gather(at)
    return table.rows.with_columns(pl.when(is_below).then(above).otherwise(pl.col(fields))), n


def _by_number(table: TableCells, names: Sequence[str]) -> tuple[pl.LazyFrame, int]:
    """Fill customer and time by the order's number where only its first row holds them."""
    lines, rows = table.rows, 0
    for name in names:
        first = pl.col(name).drop_nulls().first().over("order_id")
        is_open = pl.col(name).is_null() & pl.col("order_id").is_not_null()
        rows = max(rows, int(table.collect(table.rows.select(is_open.sum())).item()))
        lines = lines.with_columns(pl.when(is_open).then(first).otherwise(name).alias(name))
    return lines, rows


def _fields_on_one_row(table: TableCells) -> tuple[str, ...]:
    """Return the fields that orders of several rows hold on one row and leave blank on others.

    Customer and time that are blank together need less evidence than one of them alone: one
    empty cell may be a guest, or an accident.
    """
    lines = table.rows.filter(pl.col("order_id").is_not_null())
    empty = table.collect(table.rows.select(pl.col("customer_id", "time").null_count())).row(0)
    fields = tuple(n for n, count in zip(("customer_id", "time"), empty, strict=True) if count)
    if not fields:
        return ()
    is_blank = pl.all_horizontal(pl.col(fields).is_null())
    # Few orders have a blank row, and the others are only counted where these speak for it.
    with_blank = lines.filter(is_blank).select("order_id").unique()
    few = _several(lines.join(with_blank, on="order_id", how="semi"), fields)
    is_only = (pl.col("filled") == 1) & (pl.col("blank") == pl.col("n") - 1)
    only = int(table.collect(few.select(is_only.sum())).item())
    if only < (MIN_ORDERS_OF_BOTH if len(fields) > 1 else MIN_ORDERS_OF_ONE):
        return ()
    all_orders = int(table.collect(_several(lines, fields).select(pl.len())).item())
    return fields if only >= FIRST_ROW_SHARE * all_orders else ()


def _several(lines: pl.LazyFrame, fields: Sequence[str]) -> pl.LazyFrame:
    """Return the orders of several rows, and how many of these are filled or blank."""
    orders = lines.group_by("order_id").agg(
        n=pl.len(),
        filled=pl.all_horizontal(pl.col(fields).is_not_null()).sum(),
        blank=pl.all_horizontal(pl.col(fields).is_null()).sum(),
    )
    return orders.filter((pl.col("n") > 1) & (pl.col("filled") > 0))  # not the orders of guests
