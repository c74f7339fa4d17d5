"""Order fields that stand on the first line of an order only are carried to its other lines."""

from collections.abc import Sequence

import polars as pl

ORDER_FIELDS = ("order_id", "customer_id", "time")
LINE_FIELDS = ("product_id", "description", "quantity", "price", "amount")
MAX_FOOTER_ROWS = 5  # rows at the end alone that may be sums of the table
FIRST_ROW_SHARE = 0.9  # share of orders of several rows that must hold a field on the first only
MIN_ORDERS_OF_BOTH, MIN_ORDERS_OF_ONE = 2, 5  # orders that must do so
CARRIED_WITH_THEM = ("status", "cancelled", "country", "currency")


def carry_order_fields(lines: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return lines, each with order, customer and time, and how many took them from above.

    Either the further lines of an order leave all three blank, or they repeat its number and
    leave customer or time blank; the number then says whose they are.
    """
    if "order_id" not in lines.columns:
        return lines, {}
    below, found = _blank_rows(lines)
    # Judged by the rows as they stood: what was carried says nothing about the others.
    carried, by_number = _by_number(below, _fields_on_one_row(lines))
    rows = found + by_number
    noted = {"carried_down": f"{rows:,} rows took order fields from the first row of their order"}
    return carried, noted if rows else {}


def _blank_rows(lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    there = [name for name in LINE_FIELDS if name in lines.columns]
    is_blank = pl.all_horizontal(pl.col(ORDER_FIELDS).is_null())
    # A row that names no product where others do is a sum of the table, not a line.
    items = [name for name in ("product_id", "description") if name in there]
    is_line = pl.any_horizontal(pl.col(items or there).is_not_null())
    is_below = lines.select(is_blank & is_line).to_series()
    if not is_below.any() or is_below[0] or _is_footer(is_below):
        return lines, 0
    fields = [*ORDER_FIELDS, *(name for name in CARRIED_WITH_THEM if name in lines.columns)]
    head = pl.int_range(pl.len())
    at = pl.when(~is_below).then(head).forward_fill()
    carried = [
        pl.when(is_below).then(pl.col(name).gather(at)).otherwise(name).alias(name)
        for name in fields
    ]
    return lines.with_columns(carried), int(is_below.sum())


def _is_footer(is_below: pl.Series) -> bool:
    """Return whether the rows below are a few at the end of the table, and nowhere else."""
    n = int(is_below.sum())
    return n <= MAX_FOOTER_ROWS and len(is_below) > 4 * n and bool(is_below.tail(n).all())


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
            filled=pl.all_horizontal(pl.col(name).is_not_null() for name in fields).sum(),
            blank=pl.all_horizontal(pl.col(name).is_null() for name in fields).sum(),
        )
        .filter((pl.col("n") > 1) & (pl.col("filled") > 0))  # not the orders of guests
    )
    only = several.filter((pl.col("filled") == 1) & (pl.col("blank") == pl.col("n") - 1)).height
    least = MIN_ORDERS_OF_BOTH if len(fields) > 1 else MIN_ORDERS_OF_ONE
    return fields if only >= least and only >= FIRST_ROW_SHARE * several.height else ()
