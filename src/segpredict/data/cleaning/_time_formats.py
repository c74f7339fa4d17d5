"""What a person says of times; times read by a format of strptime, or written as numbers."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from segpredict.data.cleaning._assemble import MINUTES_PER_DAY, find_24_hours, hour_of_day
from segpredict.data.cleaning._numbers import CELL_WORDS
from segpredict.errors import ConfigError, ContractError, quote_value

HALF_PATTERN = r"(?i)\b([ap])m\b"
OFFSET_PATTERN = r"([+-]\d{2}:?\d{2}|[+-]\d{2})(?:\D*)$"
UTC_PATTERN = r"(?:\d|\s|[AaPp][Mm])(Z|UTC|GMT)$"
CLOCK_DIRECTIVES = re.compile(r"%[-_0]?[HIklMRTXrcs+]")
MICROSECONDS_PER_MINUTE = 60_000_000
SAMPLE = datetime(2011, 2, 13, 16, 5, 9, tzinfo=UTC)  # a moment to write and read back
UNKNOWN_DIRECTIVE = "it has a directive that is not known"
EXAMPLE_FORMAT = "%d/%m/%Y %H:%M"
COMMON_FORMATS = (  # in which exports write times, simple ones first
    *(date + clock for date in CELL_WORDS["dates"] for clock in CELL_WORDS["clocks"]),
    *(f"{clock} {date}" for date in CELL_WORDS["dates"] for clock in ("%H:%M:%S", "%H:%M")),
    *CELL_WORDS["moments"],
)
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


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What a person says of times that the data cannot prove.

    >>> TimeSettings("mdy").formats, TimeSettings(("%d.%m.%Y", "dmy")).formats
    (('mdy',), ('%d.%m.%Y', 'dmy'))
    """

    # ``dmy``, ``mdy``, ``ymd`` or a format of strptime, or several of them: each cell is read by
    # the first that fits
    format: str | tuple[str, ...] | None = None
    # the shop's zone, such as ``Europe/London``: times with an offset are brought into it, times
    # without one are taken to be in it
    timezone: str | None = None
    excel_epoch: int = 1900  # 1900 or 1904: from where the serial days of a spreadsheet count
    # years of two digits up to this one belong to 20xx, later ones to 19xx
    century_pivot: int | None = None
    section: str = "cleaning"  # the section of the config that holds these settings, for messages

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats to try, in order; none where the column is to prove its own."""
        given = self.format
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def read_format(texts: pl.DataFrame, time_format: str, pivot: int | None) -> pl.DataFrame:
    """Return the moment of every text that a format of strptime fits.

    The format has the directives of Polars; ``.%f`` and ``%H … %p`` are read too. Years of ``%y``
    up to `pivot` belong to 20xx, later ones to 19xx. Returned are ``text``, ``moment`` (minutes
    since 1970 as written), ``has_clock``, ``zone`` and ``why``.
    """
    plain = time_format.replace(".%f", "%.f")
    has_half = bool(re.search("%[Pp]", plain)) and bool(re.search("%[-_]?[HkRT]", plain))
    cells = texts["text"]
    if has_half:  # AM and PM are taken out, and say which half of the day it is
        plain = re.sub("%[Pp]", "", plain)
        cells = cells.str.replace(HALF_PATTERN, "")
    moment = _parsed(cells, plain, time_format)
    is_aware = moment.dtype != pl.Datetime("us")
    text = pl.col("text")
    utc = text.str.extract(UTC_PATTERN)
    zone = pl.coalesce(text.str.extract(OFFSET_PATTERN), utc, pl.lit("Z")) if is_aware else utc
    minutes = moment.dt.replace_time_zone(None).cast(pl.Int64) // MICROSECONDS_PER_MINUTE
    read = texts.select("text").with_columns(moment=minutes, zone=zone)
    if is_aware:  # what was written, not what it is in UTC
        read = read.with_columns(moment=pl.col("moment") + offset_minutes(pl.col("zone")))
    if pivot is not None and "%y" in plain:
        read = read.with_columns(moment=_with_pivot(pl.col("moment"), pivot))
    if has_half:
        clock = pl.col("moment") % MINUTES_PER_DAY // 60
        half = text.str.extract(HALF_PATTERN).str.to_lowercase()
        read = read.with_columns(half=half, hour=clock)
        hour = hour_of_day(is_24=find_24_hours(read))
        read = read.with_columns(moment=pl.col("moment") + (hour - pl.col("hour")) * 60)
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


def _with_pivot(moment: pl.Expr, pivot: int) -> pl.Expr:
    day = (moment // MINUTES_PER_DAY).cast(pl.Int32).cast(pl.Date)
    short = day.dt.year() % 100
    century = pl.when(short <= pivot).then(2000).otherwise(1900)
    moved = day.dt.replace(year=century + short)
    return moved.to_physical().cast(pl.Int64) * MINUTES_PER_DAY + moment % MINUTES_PER_DAY


def offset_minutes(zone: pl.Expr) -> pl.Expr:
    """Return the minutes by which a zone such as ``+01:00`` is ahead of UTC."""
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False)
    rest = zone.str.slice(3).str.strip_chars(":").cast(pl.Int64, strict=False)
    size = hours * 60 + rest.fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(zone.str.contains("^[+-]")).then(sign * size).otherwise(0)


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
        message = f"The column counts time in several units: {listed}."
        fix = "bring the files into one unit."
        raise ContractError(message, fix=fix, column="time", examples=kinds["text"].to_list())


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
    if timezone:
        moment = (utc * MICROSECONDS_PER_MINUTE).cast(pl.Datetime("us", "UTC"))
        wall = moment.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
        utc = wall.cast(pl.Int64) // MICROSECONDS_PER_MINUTE
    moved = parsed.with_columns(
        moment=pl.when(pl.col("zone").is_null()).then("moment").otherwise(utc)
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
