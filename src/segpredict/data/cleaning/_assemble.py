"""Year, month, day and clock of a text → its moment, or the reason why it has none."""

from collections.abc import Mapping

import polars as pl

from segpredict.data.cleaning._half_days import hour_of_day
from segpredict.data.cleaning._month_names import month_number
from segpredict.data.cleaning._time_formats import MINUTES_PER_DAY

# The parts that are month and day of a date such as 1/2/2011, or 1/2/11; ``ymd`` has neither,
# as the year of four digits stands first.
DATE_ORDERS: Mapping[str, tuple[str, str] | None] = {
    "dmy": ("two", "one"),
    "mdy": ("one", "two"),
    "ymd": None,
}
FIRST_DAY, LAST_DAY = "1970-01-02", "2199-12-31"
# Years of two digits are read without a setting where all lie in these years: no shop has
# records of later or earlier ones on a computer, and the clock must not change a result.
FIRST_SHORT_YEAR, LAST_SHORT_YEAR = 1990, 2039
NO_TIME_REASON = "is not a time that can be read"
NO_DAY_REASON = f"is not a day between {FIRST_DAY} and {LAST_DAY}"
ZERO_DAY_REASON = "is 1970-01-01, which means an unknown day"
SHORT_YEAR_REASON = "has a year of two digits (cleaning.century_pivot says which century)"
NO_CLOCK_REASON = "is no time of the day"


def find_century(
    parts: pl.DataFrame, order: str | None, pivot: int | None
) -> tuple[int | None, tuple[str, ...]]:
    """Return up to which short year a date is in 20xx, ``None`` if years do not prove it."""
    years = _with_short_year(parts, order)["short"].drop_nulls().cast(pl.Int32)
    if pivot is not None or years.is_empty():
        return pivot, ()
    last = LAST_SHORT_YEAR - 2000
    if not ((years <= last) | (years >= FIRST_SHORT_YEAR - 1900)).all():
        return None, ()
    return last, (
        f"Years of two digits are read as {FIRST_SHORT_YEAR} to {LAST_SHORT_YEAR} "
        "(cleaning.century_pivot decides otherwise).",
    )


def _with_short_year(parts: pl.DataFrame, order: str | None) -> pl.DataFrame:
    """Return parts of which ``short`` is the year, also where it stands first."""
    if order != "ymd":
        return parts
    is_short = pl.col("shape") == "short year"
    return parts.with_columns(
        short=pl.when(is_short).then("one").otherwise("short"),
        month=pl.when(is_short).then("two").otherwise("month"),
        dom=pl.when(is_short).then("short").otherwise("dom"),
    )


def with_date_parts(parts: pl.DataFrame, order: str | None, pivot: int | None) -> pl.DataFrame:
    """Return parts with year, month and day of the month as whole numbers."""
    short = pl.col("short").cast(pl.Int32)
    century = 0 if pivot is None else pl.when(short <= pivot).then(2000).otherwise(1900)
    whole = [pl.col(n).cast(pl.Int32) for n in ("year", "month", "dom", "one", "two")]
    places = DATE_ORDERS[order or "mdy"]
    month, dom = ("month", "dom") if places is None else places
    is_short = pl.col("short").is_not_null() & pl.lit(pivot is None)
    is_misplaced = (pl.col("shape") == "year last") & pl.lit(places is None)
    return (
        _with_short_year(parts, order)
        .with_columns(*whole, named=month_number(pl.col("name")))
        .with_columns(
            year=pl.coalesce("year", short + century),
            month=pl.coalesce("month", "named", month),
            dom=pl.coalesce("dom", dom),
            why=pl.when(is_short)
            .then(pl.lit(SHORT_YEAR_REASON))
            .when(is_misplaced)
            .then(pl.lit(f"does not fit the format {order}")),
        )
    )


def assembled_moments(ordered: pl.DataFrame, *, is_24: bool) -> pl.DataFrame:
    """Return ``moment`` (minutes since 1970), ``has_clock``, ``zone`` and ``why``."""
    parts = ordered.with_columns(
        pl.col("hour").cast(pl.Int64), half=pl.col("half").str.to_lowercase()
    )
    given, hour = pl.col("hour"), hour_of_day(is_24=is_24)
    minute = pl.col("minute").cast(pl.Int64)
    second = pl.col("second").cast(pl.Int64).fill_null(0)
    clock = (hour * 60 + minute.fill_null(0)).fill_null(0)
    is_clock = (
        (clock <= MINUTES_PER_DAY)
        & (minute.fill_null(0) < 60)
        & (second <= 60)
        & (given.is_null() | hour.is_not_null())
    )
    # 24:00 is the next day; Polars makes no date of a day that does not exist.
    iso = pl.format(
        "{}-{}-{}",
        pl.col("year").cast(pl.String).str.zfill(4),
        pl.col("month").cast(pl.String).str.zfill(2),
        pl.col("dom").cast(pl.String).str.zfill(2),
    )
    day = iso.str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64)
    why = (
        pl.when(pl.col("why").is_not_null())
        .then("why")
        .when(pl.col("name").is_not_null() & pl.col("month").is_null())
        .then(pl.lit(NO_TIME_REASON))
        .when(~is_clock)
        .then(pl.lit(NO_CLOCK_REASON))
    )
    return parts.select(
        "text",
        moment=day * MINUTES_PER_DAY + clock,
        has_clock=given.is_not_null(),
        zone=pl.col("zone"),
        why=why,
    )


def split_moments(moments: pl.DataFrame) -> pl.DataFrame:
    known = pl.when(pl.col("why").is_null()).then("moment")
    read = moments.with_columns(
        day=(known // MINUTES_PER_DAY).cast(pl.Int32).cast(pl.Date),
        minute=pl.when("has_clock").then(pl.col("moment") % MINUTES_PER_DAY).cast(pl.Int16),
    )
    zero = pl.when(pl.col("day") == pl.date(1970, 1, 1)).then(pl.lit(ZERO_DAY_REASON))
    why = pl.coalesce("why", zero, pl.lit(NO_DAY_REASON))
    return read.with_columns(_sound(read["day"]), why=why).select("text", "day", "minute", "why")


def _sound(day: pl.Series) -> pl.Series:
    first, last = pl.Series([FIRST_DAY, LAST_DAY]).str.to_date("%Y-%m-%d")
    return day.to_physical().set(~day.is_between(first, last), None)
