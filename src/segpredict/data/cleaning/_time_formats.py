"""Times read by a format of strptime that a person gives."""

import re
from datetime import UTC, datetime

import polars as pl

from segpredict.data.cleaning._half_days import find_24_hours, hour_of_day
from segpredict.errors import ConfigError

HALF_PATTERN = r"(?i)\b([ap])m\b"
OFFSET_PATTERN = r"([+-]\d{2}:?\d{2}|[+-]\d{2})(?:\D*)$"
UTC_PATTERN = r"(?:\d|\s|[AaPp][Mm])(Z|UTC|GMT)$"
CLOCK_DIRECTIVES = re.compile(r"%[-_0]?[HIklMRTXrcs+]")
MINUTES_PER_DAY = 1440
MICROSECONDS_PER_MINUTE = 60_000_000
SAMPLE = datetime(2011, 2, 13, 16, 5, 9, tzinfo=UTC)  # a moment to write and read back
UNKNOWN_DIRECTIVE = "it has a directive that is not known"
EXAMPLE_FORMAT = "%d/%m/%Y %H:%M"


def read_format(texts: pl.DataFrame, time_format: str, pivot: int | None) -> pl.DataFrame:
    """Return the moment of every text that a format of strptime fits.

    `texts`: Column ``text``. `time_format`: The format, with the directives of Polars; ``.%f`` and
    ``%H … %p`` are read too. `pivot`: Years of ``%y`` up to this one belong to 20xx, later ones to
    19xx.

    ``text``, ``moment`` (minutes since 1970 as written), ``has_clock``, ``zone`` and ``why``.
    """
    plain = time_format.replace(".%f", "%.f")
    has_half = bool(re.search("%[Pp]", plain)) and bool(re.search("%[-_]?[HkRT]", plain))
    cells = texts["text"]
    if has_half:  # AM and PM are taken out, and say which half of the day it is
        plain = re.sub("%[Pp]", "", plain)
        cells = cells.str.replace(HALF_PATTERN, "")
    moment = _parsed(cells, plain, time_format)
    is_aware = moment.dtype != pl.Datetime("us")
    zone = _zones(texts, is_aware=is_aware)
    minutes = moment.dt.replace_time_zone(None).cast(pl.Int64) // MICROSECONDS_PER_MINUTE
    read = texts.select("text").with_columns(moment=minutes, zone=zone)
    if is_aware:  # what was written, not what it is in UTC
        read = read.with_columns(moment=pl.col("moment") + offset_minutes(pl.col("zone")))
    if pivot is not None and "%y" in plain:
        read = read.with_columns(moment=_with_pivot(pl.col("moment"), pivot))
    if has_half:
        read = _half_days(read)
    return read.select(
        "text",
        "moment",
        has_clock=pl.lit(bool(CLOCK_DIRECTIVES.search(plain))),
        zone="zone",
        why=pl.when(pl.col("moment").is_null()).then(
            pl.lit(f"does not fit the format {time_format}")
        ),
    )


def _parsed(cells: pl.Series, time_format: str, given: str) -> pl.Series:
    """Return cells as moments by a format, null where it does not fit."""
    try:
        moment = _strptime(cells, time_format)
        is_sound = _has_year(moment) or _reads_itself(time_format)
    except pl.exceptions.PolarsError as error:
        _, is_explained, reason = str(error).partition("\n")[0].rpartition("format string: ")
        raise _unusable(given, reason if is_explained else UNKNOWN_DIRECTIVE) from None
    if not is_sound:
        raise _unusable(given, "it has no directive for the year")
    return moment


def _has_year(moment: pl.Series) -> bool:
    """Return whether a moment has a year: where a format names none, Polars takes year 1."""
    return bool((moment.dt.year() > 1).any())


def _strptime(cells: pl.Series, time_format: str) -> pl.Series:
    if not time_format:
        return pl.Series(cells.name, [None] * len(cells), pl.Datetime("us"))
    moment = cells.str.to_datetime(time_format, strict=False, time_unit="us")
    if moment.null_count() < len(moment):
        return moment
    return cells.str.to_date(time_format, strict=False).cast(pl.Datetime("us"))


def _reads_itself(time_format: str) -> bool:
    """Return whether a moment that a format has written can be read by it."""
    written = pl.Series([SAMPLE]).dt.to_string(time_format)
    return _has_year(_strptime(written, time_format))


def _unusable(time_format: str, reason: str) -> ConfigError:
    changed = (
        time_format.replace("%I", "%H"),
        f"{time_format} %p",
        time_format.replace("%H", "%H:%M"),
    )
    works = next((f for f in changed if f != time_format and is_usable_format(f)), None)
    return ConfigError(
        f"The time format {time_format!r} cannot be used: {reason.rstrip('.')}.",
        fix=f"write {works!r}, if that is meant."
        if works
        else f"give directives for year, month and day, as in {EXAMPLE_FORMAT!r}.",
    )


def is_usable_format(time_format: str) -> bool:
    """Return whether a format can be read at all.

    >>> is_usable_format("%d/%m/%Y"), is_usable_format("%d/%m")
    (True, False)
    """
    try:
        return _reads_itself(time_format)
    except pl.exceptions.PolarsError:
        return False


def count_read(cells: pl.Series, time_format: str) -> int:
    """Return how many texts one of `COMMON_FORMATS` reads: quick, for many formats."""
    return cells.str.to_datetime(time_format, strict=False, time_unit="us").count()


def _zones(texts: pl.DataFrame, *, is_aware: bool) -> pl.Series:
    text = pl.col("text")
    utc = text.str.extract(UTC_PATTERN)
    if not is_aware:
        return texts.select(utc).to_series()
    return texts.select(pl.coalesce(text.str.extract(OFFSET_PATTERN), utc, pl.lit("Z"))).to_series()


def _with_pivot(moment: pl.Expr, pivot: int) -> pl.Expr:
    day = (moment // MINUTES_PER_DAY).cast(pl.Int32).cast(pl.Date)
    short = day.dt.year() % 100
    century = pl.when(short <= pivot).then(2000).otherwise(1900)
    moved = day.dt.replace(year=century + short)
    return moved.to_physical().cast(pl.Int64) * MINUTES_PER_DAY + moment % MINUTES_PER_DAY


def _half_days(read: pl.DataFrame) -> pl.DataFrame:
    half = pl.col("text").str.extract(HALF_PATTERN).str.to_lowercase()
    clock = pl.col("moment") % MINUTES_PER_DAY
    cells = read.with_columns(half=half, hour=clock // 60)
    hour = hour_of_day(is_24=find_24_hours(cells))
    return cells.with_columns(moment=pl.col("moment") + (hour - pl.col("hour")) * 60)


def offset_minutes(zone: pl.Expr) -> pl.Expr:
    """Return the minutes by which a zone such as ``+01:00`` is ahead of UTC."""
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False)
    rest = zone.str.slice(3).str.strip_chars(":").cast(pl.Int64, strict=False)
    size = hours * 60 + rest.fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(zone.str.contains("^[+-]")).then(sign * size).otherwise(0)
