"""Times written as numbers, and offsets converted to the local time of the shop."""

import polars as pl

from segpredict.data.cleaning._time_formats import MICROSECONDS_PER_MINUTE, offset_minutes
from segpredict.errors import ContractError, quote_value

# Day 0 of a spreadsheet on the scale of 1970: 1900 counts a 29 February that never was.
EPOCHS = {1900: 25_569, 1904: 24_107}
NUMBER_PATTERN = r"^\d+(?:\.\d+)?$"
# Digits before the point → what is counted, and how many of them make a minute.
EPOCH_UNITS = {
    **dict.fromkeys((9, 10), ("epoch s", 60)),
    **dict.fromkeys((12, 13), ("epoch ms", 60_000)),
    **dict.fromkeys((15, 16), ("epoch µs", 60_000_000)),
    **dict.fromkeys((18, 19), ("epoch ns", 60_000_000_000)),
}
SERIAL = "spreadsheet serial"


def parse_numeric_times(texts: pl.DataFrame, epoch: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the moment of every number that counts days or seconds, and the rest."""
    whole = pl.col("form").str.extract(r"^(\d+)")
    is_number = pl.col("form").str.contains(NUMBER_PATTERN)
    sized = texts.with_columns(digits=pl.when(is_number).then(whole.str.len_chars()), whole=whole)
    shape = pl.col("digits").replace_strict(
        [5, *EPOCH_UNITS], [SERIAL, *(name for name, _ in EPOCH_UNITS.values())], default=None
    )
    per_minute = pl.col("digits").replace_strict(
        list(EPOCH_UNITS), [n for _, n in EPOCH_UNITS.values()], default=None
    )
    serial = pl.col("form").cast(pl.Float64, strict=False)
    is_serial = (pl.col("digits") == 5) & serial.is_between(20_000, 60_000)
    seconds = ((serial - EPOCHS[epoch]) * 86_400).round().cast(pl.Int64)
    read = sized.with_columns(
        shape=shape,
        moment=pl.when(is_serial)
        .then(seconds // 60)
        .when(pl.col("digits") != 5)
        .then(pl.col("whole").cast(pl.Int64, strict=False) // per_minute),
    )
    found = read.filter(pl.col("moment").is_not_null())
    rest = read.filter(pl.col("moment").is_null()).select("text", "form")
    _one_unit(found)
    return found.select("text", "shape", "moment"), rest


def _one_unit(found: pl.DataFrame) -> None:
    epochs = found.filter(pl.col("shape") != SERIAL)
    kinds = epochs.group_by("shape").agg(pl.col("text").min()).sort("shape")
    if kinds.height > 1:
        listed = " and ".join(f"{quote_value(text)} ({kind})" for kind, text in kinds.rows())
        raise ContractError(
            f"The column counts time in several units: {listed}.",
            fix="bring the files into one unit.",
            column="time",
            examples=kinds["text"].to_list(),
        )


def to_local_time(
    parsed: pl.DataFrame, timezone: str | None
) -> tuple[pl.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return moments on the shop's wall clock, how the zone was handled, and notes."""
    known = parsed.filter(pl.col("moment").is_not_null())
    aware = known.filter(pl.col("zone").is_not_null())
    if aware.is_empty():
        return parsed, (), ()
    naive = known.filter(pl.col("zone").is_null())
    clocks = naive.filter("has_clock")
    if clocks.height and timezone is None:
        raise _mixed(aware, clocks)
    offset = offset_minutes(pl.col("zone"))
    offsets = aware.select(offset.alias("zone"))["zone"].unique().sort()
    is_one_place = len(offsets) == 1 or offsets[-1] - offsets[0] <= 60
    if timezone is None and is_one_place:
        place = "UTC" if offsets.to_list() == [0] else "offset of the shop"
        return parsed, (place,), _note_naive(aware, naive, place)
    utc = pl.col("moment") - offset
    shifted = _in_zone(utc, timezone) if timezone else utc
    moved = parsed.with_columns(
        moment=pl.when(pl.col("zone").is_null()).then("moment").otherwise(shifted)
    )
    place = timezone or "UTC"
    return moved, (f"to {place}",), _note_naive(aware, naive, place)


def _note_naive(aware: pl.DataFrame, naive: pl.DataFrame, place: str) -> tuple[str, ...]:
    """Return a note on times without an offset beside those with one."""
    if naive.is_empty():
        return ()
    one, two = aware["text"].sort()[0], naive["text"].sort()[0]
    return (
        f"Distinct times with an offset to UTC: {aware.height:,} (such as {one}), read as "
        f"{place}; without one: {naive.height:,} (such as {two}), taken as they are.",
    )


def _in_zone(utc: pl.Expr, timezone: str) -> pl.Expr:
    moment = (utc * MICROSECONDS_PER_MINUTE).cast(pl.Datetime("us", "UTC"))
    wall = moment.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    return wall.cast(pl.Int64) // MICROSECONDS_PER_MINUTE


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
