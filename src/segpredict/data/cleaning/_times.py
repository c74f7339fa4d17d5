"""Text → day numbers and minutes: nothing is guessed that the column does not prove."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning._date_patterns import MONTH_NUMBERS, ascii_digits, split_dates
from segpredict.data.cleaning._numeric_times import parse_numeric_times, to_local_time
from segpredict.errors import ContractError, quote_value

DATE_ORDERS: Mapping[str, tuple[str, str]] = {"dmy": ("two", "one"), "mdy": ("one", "two")}
FIRST_DAY, LAST_DAY = "1970-01-02", "2199-12-31"
NO_TIME_REASON = "is not a time that can be read"
NO_DAY_REASON = f"is not a day between {FIRST_DAY} and {LAST_DAY}"
ZERO_DAY_REASON = "is 1970-01-01, which means an unknown day"
SHORT_YEAR_REASON = "has a year of two digits (cleaning.century_pivot says which century)"
NO_CLOCK_REASON = "is no time of the day"
ONLY_CLOCK_REASON = "is a time without a day"
VAGUE_ZONE_REASON = "names a time zone by letters that several places share"
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What a person says of times that the data cannot prove.

    Parameters
    ----------
    format
        ``dmy``, ``mdy`` or a format of strptime.
    timezone
        The shop's zone, such as ``Europe/London``: times with an offset are brought
        into it, times without one are taken to be in it.
    excel_epoch
        1900 or 1904: from where the serial days of a spreadsheet count.
    century_pivot
        Years of two digits up to this one belong to 20xx, later ones to 19xx.

    Examples
    --------
    >>> parse_times(pl.Series("time", ["1/2/2011"]), TimeSettings("mdy")).frame["day"].to_list()
    [14976]
    """

    format: str | None = None
    timezone: str | None = None
    excel_epoch: int = 1900
    century_pivot: int | None = None


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times."""

    # ``day`` (Int32), ``minute`` (Int16; null where no row has a time of the day) and ``day why``
    # (text), in the order of the cells
    frame: pl.DataFrame
    format: str  # how they were read
    notes: tuple[str, ...] = ()  # what a reader should know


def parse_times(cells: pl.Series, settings: TimeSettings | None = None) -> TimeColumn:
    """Return a column of text as days and minutes, and how it was read.

    Raises
    ------
    ContractError
        When day and month are ambiguous or contradict each other; when some
        times have an offset and others none; when numbers count several units.

    Examples
    --------
    >>> read = parse_times(pl.Series("time", ["31.01.2011", "1.2.2011"]))
    >>> read.format, read.frame["day"].to_list()
    ('dmy', [15005, 15006])
    """
    settings = settings or TimeSettings()
    texts = cells.drop_nulls().unique().sort().to_frame("text")
    if settings.format is not None and settings.format not in DATE_ORDERS:
        read, found = _by_format(texts, settings.format), settings.format
        notes: tuple[str, ...] = ()
    else:
        read, found, notes = _by_shape(texts, settings)
    key = read.with_columns(pl.when(pl.col("day").is_null()).then("why").alias("day why"))
    if not (key["minute"] > 0).any():  # midnight everywhere is no time of the day
        key = key.with_columns(minute=pl.lit(None, pl.Int16))
    rows = cells.to_frame("text").join(key, on="text", how="left", maintain_order="left")
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    frame = rows.select("day", "minute", empty.otherwise("day why").alias("day why"))
    return TimeColumn(frame, found, notes)


def _by_format(texts: pl.DataFrame, time_format: str) -> pl.DataFrame:
    try:
        moment = texts["text"].str.to_datetime(time_format, strict=False)
    except pl.exceptions.PolarsError:
        moment = texts["text"].str.to_date(time_format, strict=False).cast(pl.Datetime)
    day = moment.dt.date()
    return texts.with_columns(
        _sound(day.alias("day")),
        minute=moment.dt.hour().cast(pl.Int16) * 60 + moment.dt.minute(),
        why=pl.lit(f"does not fit the format {time_format}"),
    )


def _sound(day: pl.Series) -> pl.Series:
    first, last = pl.Series([FIRST_DAY, LAST_DAY]).str.to_date("%Y-%m-%d")
    return day.to_physical().set(~day.is_between(first, last), None)


def _by_shape(
    texts: pl.DataFrame, settings: TimeSettings
) -> tuple[pl.DataFrame, str, tuple[str, ...]]:
    forms, notes = _forms(texts)
    parts, rest = split_dates(forms)
    counted, strange = parse_numeric_times(rest, settings.excel_epoch)
    order = settings.format or _order(parts, settings)
    read = _assembled(_ordered(parts, order, settings.century_pivot))
    moments, zones = to_local_time(
        pl.concat([read, _moments(counted)], how="diagonal"), settings.timezone
    )
    shapes = pl.concat([parts["shape"], counted["shape"]]).unique().sort().to_list()
    if len(shapes) > 1:
        notes += (f"Times are written in {len(shapes)} ways: {', '.join(shapes)}.",)
    names = [order if shape == "year last" and order else shape for shape in shapes]
    together = pl.concat([_days(moments), _strange(strange)])
    return together, " + ".join([*names, *zones]) or "none", notes


def _forms(texts: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return texts with their form: digits 0 to 9, single spaces."""
    form = pl.col("text").str.replace_all("[\u00a0\u202f ]+", " ")
    formed = texts.select("text", form=form)
    is_foreign = pl.col("form").str.contains(r"[^\x00-\x7f]")
    foreign = formed.filter(is_foreign)
    if foreign.is_empty():
        return formed, ()
    written = pl.Series("form", [ascii_digits(text) for text in foreign["form"]])
    changed = int((written != foreign["form"]).sum())
    notes = (f"Times written with the digits of another script: {changed:,}.",)
    both = pl.concat([formed.filter(~is_foreign), foreign.with_columns(written)])
    return both, notes if changed else ()


def _ordered(parts: pl.DataFrame, order: str | None, pivot: int | None) -> pl.DataFrame:
    """Return parts with year, month and day of the month as whole numbers."""
    month, dom = DATE_ORDERS[order or "mdy"]
    short = pl.col("short").cast(pl.Int32)
    century = 0 if pivot is None else pl.when(short <= pivot).then(2000).otherwise(1900)
    named = pl.col("name").str.to_lowercase().replace_strict(MONTH_NUMBERS, default=None)
    whole = [pl.col(n).cast(pl.Int32) for n in ("year", "month", "dom", "one", "two")]
    return parts.with_columns(*whole, named=named.cast(pl.Int32)).with_columns(
        year=pl.coalesce("year", short + century),
        month=pl.coalesce("month", "named", month),
        dom=pl.coalesce("dom", dom),
        why=pl.when((pl.col("shape") == "short year") & pl.lit(pivot is None)).then(
            pl.lit(SHORT_YEAR_REASON)
        ),
    )


def _assembled(parts: pl.DataFrame) -> pl.DataFrame:
    """Return ``moment`` (minutes since 1970), ``clock``, ``zone`` and ``why``."""
    half = pl.col("half").str.to_lowercase()
    given = pl.col("hour").cast(pl.Int64)
    is_twelve = half.is_not_null() & given.is_between(1, 12)
    hour = (
        pl.when(half.is_null())
        .then(given)
        .when(is_twelve)
        .then(given % 12 + pl.when(half == "p").then(12).otherwise(0))
    )
    minute = pl.col("minute").cast(pl.Int64)
    second = pl.col("second").cast(pl.Int64).fill_null(0)
    clock = (hour * 60 + minute.fill_null(0)).fill_null(0)
    is_clock = (
        (clock <= MINUTES_PER_DAY)
        & (minute.fill_null(0) < 60)
        & (second <= 60)
        & (half.is_null() | is_twelve)
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


def _moments(counted: pl.DataFrame) -> pl.DataFrame:
    is_epoch = pl.col("shape").str.starts_with("epoch")
    return counted.select(
        "text",
        "moment",
        has_clock=pl.lit(value=True),
        zone=pl.when(is_epoch).then(pl.lit("Z")),
        why=pl.lit(None, pl.String),
    )


def _days(moments: pl.DataFrame) -> pl.DataFrame:
    known = pl.when(pl.col("why").is_null()).then("moment")
    read = moments.with_columns(
        day=(known // MINUTES_PER_DAY).cast(pl.Int32).cast(pl.Date),
        minute=pl.when("has_clock").then(pl.col("moment") % MINUTES_PER_DAY).cast(pl.Int16),
    )
    zero = pl.when(pl.col("day") == pl.date(1970, 1, 1)).then(pl.lit(ZERO_DAY_REASON))
    why = pl.coalesce("why", zero, pl.lit(NO_DAY_REASON))
    return read.with_columns(_sound(read["day"]), why=why).select("text", "day", "minute", "why")


def _strange(rest: pl.DataFrame) -> pl.DataFrame:
    form = pl.col("form")
    why = (
        pl.when(form.str.contains(r"^\d{1,2}:\d{2}(:\d{2})?$"))
        .then(pl.lit(ONLY_CLOCK_REASON))
        .when(form.str.contains(r"\d{1,2}:\d{2}.* [A-Z]{2,5}$"))
        .then(pl.lit(VAGUE_ZONE_REASON))
        .otherwise(pl.lit(NO_TIME_REASON))
    )
    return rest.select(
        "text",
        day=pl.lit(None, pl.Int32),
        minute=pl.lit(None, pl.Int16),
        why=why,
    )


def _order(parts: pl.DataFrame, settings: TimeSettings) -> str | None:
    """Return the order of day and month that the whole column proves."""
    ones = parts.select(
        "text", one=pl.col("one").cast(pl.Int16), two=pl.col("two").cast(pl.Int16)
    ).drop_nulls()
    if ones.is_empty():
        return None
    first = ones.filter(pl.col("one") > 12)["text"]
    second = ones.filter(pl.col("two") > 12)["text"]
    if len(first) and len(second):
        raise ContractError(
            f"{quote_value(first[0])} has its day first and {quote_value(second[0])} its month.",
            fix="bring the files into one format, or set cleaning.time_format.",
            column="time",
            examples=[first[0], second[0]],
        )
    if len(first) or len(second):
        return "dmy" if len(first) else "mdy"
    raise _unclear(parts, settings)


def _unclear(parts: pl.DataFrame, settings: TimeSettings) -> ContractError:
    spans = []
    for order in DATE_ORDERS:
        # A century does not matter for the order of day and month.
        ordered = _ordered(parts, order, settings.century_pivot or 99)
        days = (_assembled(ordered)["moment"] // MINUTES_PER_DAY).drop_nulls().sort()
        if len(days):
            spans.append(f"{order} gives {as_date(days[0])} to {as_date(days[-1])}")
    return ContractError(
        f"No day above 12 distinguishes day and month: {', '.join(spans)}.",
        fix="say which: --set cleaning.time_format=dmy (or mdy).",
        column="time",
        examples=parts["text"].head(3).to_list(),
    )
