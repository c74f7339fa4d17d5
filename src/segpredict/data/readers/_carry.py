"""Order fields that stand on the first line of an order only are carried to its other lines."""

from collections.abc import Sequence

import polars as pl

ORDER_FIELDS = ("order_id", "customer_id", "time")
LINE_FIELDS = ("product_id", "description", "quantity", "price", "amount")
FIRST_ROW_SHARE = 0.9  # share of orders of several rows that must hold a field on the first only
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
    on_first = [n for n in ("customer_id", "time") if _is_on_first_row_only(lines, n)]
    carried, by_number = _by_number(below, on_first)
    rows = found + by_number
    noted = {"carried_down": f"{rows:,} rows took order fields from the first row of their order"}
    return carried, noted if rows else {}


def _blank_rows(lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    there = [name for name in LINE_FIELDS if name in lines.columns]
    is_blank = pl.all_horizontal(pl.col(ORDER_FIELDS).is_null())
    is_line = pl.any_horizontal(pl.col(there).is_not_null())
    is_below = lines.select(is_blank & is_line).to_series()
    if not is_below.any() or is_below[0]:
        return lines, 0
    fields = [*ORDER_FIELDS, *(name for name in CARRIED_WITH_THEM if name in lines.columns)]
    head = pl.int_range(pl.len())
    at = pl.when(~is_below).then(head).forward_fill()
    carried = [
        pl.when(is_below).then(pl.col(name).gather(at)).otherwise(name).alias(name)
        for name in fields
    ]
    return lines.with_columns(carried), int(is_below.sum())


def _by_number(lines: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """Fill customer and time by the order's number where only its first row holds them."""
    rows = 0
    for name in names:
        first = pl.col(name).drop_nulls().first().over("order_id")
        is_open = pl.col(name).is_null() & pl.col("order_id").is_not_null()
        rows = max(rows, lines.filter(is_open).height)
        lines = lines.with_columns(pl.when(is_open).then(first).otherwise(name).alias(name))
    return lines, rows


def _is_on_first_row_only(lines: pl.DataFrame, name: str) -> bool:
    """Return whether orders of several rows hold a value on their first row and no other."""
    if not lines[name].null_count():
        return False
    several = (
        lines.filter(pl.col("order_id").is_not_null())
        .group_by("order_id", maintain_order=True)
        .agg(n=pl.len(), filled=pl.col(name).count(), is_first=pl.col(name).first().is_not_null())
        .filter(pl.col("n") > 1)
    )
    only = several.filter(pl.col("is_first") & (pl.col("filled") == 1)).height
    return only > 0 and only >= FIRST_ROW_SHARE * several.height
