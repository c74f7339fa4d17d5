"""Order fields that stand on the first line of an order only are carried to its other lines."""

import polars as pl

ORDER_FIELDS = ("order_id", "customer_id", "time")
LINE_FIELDS = ("product_id", "description", "quantity", "price", "amount")
CARRIED_WITH_THEM = ("status", "cancelled", "country", "currency")


def carry_order_fields(lines: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return lines, each with order, customer and time, and how many took them from above.

    Either the further lines of an order leave all three blank, or they repeat its number and
    leave customer or time blank; the number then says whose they are.
    """
    if "order_id" not in lines.columns:
        return lines, {}
    below, found = _blank_rows(lines)
    carried, by_number = _by_number(below)
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


def _by_number(lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    gaps = pl.col("customer_id").is_null() | pl.col("time").is_null()
    is_open = gaps & pl.col("order_id").is_not_null()
    numbers = lines.filter(is_open).select("order_id").unique()
    if numbers.is_empty():
        return lines, 0
    known = (
        lines.join(numbers, on="order_id", how="semi")
        .group_by("order_id")
        .agg(pl.col("customer_id", "time").drop_nulls().unique().implode())
        .filter(pl.all_horizontal(pl.col(n).list.len() == 1 for n in ("customer_id", "time")))
        .select(
            "order_id",
            *(pl.col(n).list.first().alias(f"{n} above") for n in ("customer_id", "time")),
        )
    )
    joined = lines.join(known, on="order_id", how="left", maintain_order="left")
    filled = joined.with_columns(
        pl.coalesce("customer_id", "customer_id above").alias("customer_id"),
        pl.coalesce("time", "time above").alias("time"),
    ).select(lines.columns)
    rows = joined.filter(is_open & pl.col("time above").is_not_null()).height
    return filled, rows
