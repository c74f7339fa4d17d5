"""Year, month, day and clock of a text → its moment, or the reason why it has none."""

from collections.abc import Mapping

import polars as pl

from segpredict.data.cleaning._numbers import CELL_WORDS
from segpredict.errors import ContractError, quote_value

# The parts that are month and day of a date such as 1/2/2011, or 1/2/11; ``ymd`` has neither,
# as the year of four digits stands first.
DATE_ORDERS: Mapping[str, tuple[str, str] | None] = {
    "dmy": ("two", "one"),
    "mdy": ("one", "two"),
    "ymd": None,
}
MONTH_NUMBERS = {
    name: number for number, names in enumerate(CELL_WORDS["months"], 1) for name in names.split()
}
MINUTES_PER_DAY = 1440
MIN_CLOCK_SHARE = 0.99  # of the cells that tell a clock, as for decimal marks
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
    # A month's name without accents; null where it is none.
    name = pl.col("name").str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    named = name.replace_strict(MONTH_NUMBERS, default=None, return_dtype=pl.Int32)
    places = DATE_ORDERS[order or "mdy"]
    month, dom = ("month", "dom") if places is None else places
    is_short = pl.col("short").is_not_null() & pl.lit(pivot is None)
    is_misplaced = (pl.col("shape") == "year last") & pl.lit(places is None)
    return (
        _with_short_year(parts, order)
        .with_columns(*whole, named=named)
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
    widths = {"year": 4, "month": 2, "dom": 2}
    iso = pl.format(
        "{}-{}-{}", *(pl.col(n).cast(pl.String).str.zfill(w) for n, w in widths.items())
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
    first, last = pl.Series([FIRST_DAY, LAST_DAY]).str.to_date("%Y-%m-%d")
    sound = pl.when(pl.col("day").is_between(first, last)).then(pl.col("day").to_physical())
    return read.select("text", sound.alias("day"), "minute", why=why)


def find_24_hours(cells: pl.DataFrame) -> bool:
    """Return whether the hours beside AM and PM are of a clock of 24 hours.

    `cells`: ``text``, ``hour`` (a whole number) and ``half`` (``a``, ``p`` or null).

    >>> find_24_hours(pl.DataFrame({"text": ["16:01 PM"], "hour": [16], "half": ["p"]}))
    True
    """
    hour, is_pm = pl.col("hour"), pl.col("half") == "p"
    only_24 = cells.filter(is_pm & hour.is_between(13, 23))["text"]
    only_12 = cells.filter(is_pm & (hour < 12) | (pl.col("half") == "a") & (hour == 12))["text"]
    known = len(only_24) + len(only_12)
    if not len(only_24) or len(only_12) >= MIN_CLOCK_SHARE * known:
        return False
    if len(only_24) >= MIN_CLOCK_SHARE * known:
        return True
    message = (
        f"{quote_value(only_24[0])} has its hour of 24 and {quote_value(only_12[0])} of 12: "
        f"{len(only_24):,} and {len(only_12):,} distinct times."
    )
    fix = "write all hours in one way, such as 16:01 or 4:01 PM."
    raise ContractError(message, fix=fix, column="time", examples=[only_24[0], only_12[0]])


def hour_of_day(*, is_24: bool) -> pl.Expr:
    """Return the hour of the day of ``hour`` and ``half``, null where they contradict."""
    hour, half = pl.col("hour"), pl.col("half")
    if is_24:
        read = pl.when((hour < 24) & ((half == "p") == (hour >= 12))).then(hour)
    else:
        read = pl.when(hour <= 12).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
    return pl.when(half.is_null()).then(hour).otherwise(read)
