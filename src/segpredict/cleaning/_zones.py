"""Bring times with offsets onto the wall clock of the shop."""

import polars as pl

from segpredict.errors import ContractError

MINUTES_US = 60_000_000


def local(
    read: pl.DataFrame, timezone: str | None
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return moments on the shop's wall clock, and how the zone was handled.

    Parameters
    ----------
    read
        ``text``, ``moment`` (minutes as written), ``has_clock``, ``zone`` and ``why``.
    timezone
        The shop's zone. Without one, the offsets of one place (an hour apart, for
        summer and winter) leave the clock as written; others are brought to UTC.

    Raises
    ------
    ContractError
        When some times have an offset, others none, and no zone is given.
    """
    aware = read.filter(pl.col("zone").is_not_null())
    if aware.is_empty():
        return read, ()
    naive = read.filter(pl.col("zone").is_null() & pl.col("has_clock"))
    if naive.height and timezone is None:
        raise _mixed(aware, naive)
    offset = _offset(pl.col("zone"))
    offsets = aware.select(offset)["zone"].unique().sort()
    is_one_place = len(offsets) == 1 or offsets[-1] - offsets[0] <= 60
    if timezone is None and is_one_place:
        return read, ("UTC" if offsets.to_list() == [0] else "offset of the shop",)
    utc = pl.col("moment") - offset
    shifted = _in_zone(utc, timezone) if timezone else utc
    moved = read.with_columns(
        moment=pl.when(pl.col("zone").is_null()).then("moment").otherwise(shifted)
    )
    return moved, (f"to {timezone or 'UTC'}",)


def _in_zone(utc: pl.Expr, timezone: str) -> pl.Expr:
    moment = (utc * MINUTES_US).cast(pl.Datetime("us", "UTC"))
    wall = moment.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    return wall.cast(pl.Int64) // MINUTES_US


def _offset(zone: pl.Expr) -> pl.Expr:
    """Return the minutes by which a zone is ahead of UTC."""
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False)
    rest = zone.str.slice(3).str.strip_chars(":").cast(pl.Int64, strict=False)
    size = hours * 60 + rest.fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return (
        pl.when(zone.str.contains("^[+-]")).then(sign * size).otherwise(0).alias("zone")
    )


def _mixed(aware: pl.DataFrame, naive: pl.DataFrame) -> ContractError:
    one, two = aware["text"].sort()[0], naive["text"].sort()[0]
    return ContractError(
        f"{aware.height:,} of the distinct times have an offset to UTC ({one}) and "
        f"{naive.height:,} have none ({two}).",
        fix="name the shop's zone: --set cleaning.timezone=Europe/London; times "
        "without an offset are then taken to be in it.",
        column="time",
        examples=[one, two],
    )
