"""Distinct texts → the day and minute that each means, by their shapes or by formats.

In which order day, month and a short year stand is what the whole column proves.
"""

import json
import unicodedata
from dataclasses import dataclass

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning import _assemble as assemble
from segpredict.data.cleaning._time_formats import (
    TimeSettings,
    parse_numeric_times,
    read_format,
    to_local_time,
)
from segpredict.errors import ContractError, quote_value

DAYS_PER_YEAR_PART = 2  # days have so many times more values than years of two digits
MIN_ORDER_SHARE = 0.99  # of the dates that prove an order, as for decimal marks
ONLY_CLOCK_REASON = "is a time without a day"
VAGUE_ZONE_REASON = "names a time zone by letters that several places share"
NO_FORMAT_REASON = "fits none of the formats"
YEAR, SHORT_YEAR = r"(?<year>\d{4})", r"(?<short>\d{2})"
MONTH, DOM, ONE, TWO = (rf"(?<{part}>\d{{1,2}})" for part in ("month", "dom", "one", "two"))
MONTH_NAME = r"(?<name>\p{L}{3,10})"
NEAR_NAME = r"(?:[ ./-]{1,2}|[.]? de )"  # what may stand beside the name of a month
WEEKDAY = r"(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
DIGITS = r"(?<month>0[1-9]|1[0-2])(?<dom>0[1-9]|[12]\d|3[01])(?<hour>[01]\d|2[0-3])"
END = (  # clock and zone
    r"(?:[T ,]+(?:at )?(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,]\d+)?)?"
    r"[ \x{202f}]*(?<half>[AaPp])?(?:\.?[ ]?[Mm]\.?)?)?"
    r"\s*(?<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
DATE_PATTERNS = (  # shape and pattern
    ("year first", f"^{YEAR}[-/.]{MONTH}[-/.]{DOM}{END}"),
    ("year last", f"^{ONE}[-/.]{TWO}[-/.]{YEAR}{END}"),
    ("digits", r"^(?<year>\d{4})(?<month>\d{2})(?<dom>\d{2})$"),
    ("digits", rf"^(?<year>20\d{{2}}){DIGITS}$"),
    ("digits", rf"^(?<year>20\d{{2}}|19\d{{2}}){DIGITS}(?<minute>[0-5]\d)(?<second>[0-5]\d)?$"),
    *(
        ("month name", f"^{WEEKDAY}{pattern}{END}")
        for year in (YEAR, SHORT_YEAR)
        for pattern in (
            f"{MONTH_NAME}{NEAR_NAME}{DOM},?[ ./-]{year}",
            f"{DOM}{NEAR_NAME}{MONTH_NAME},?{NEAR_NAME}{year}",
        )
    ),
    ("month name", f"^{YEAR}[ ./-]{MONTH_NAME}[ ./-]{DOM}{END}"),
    ("short year", f"^{ONE}[-/.]{TWO}[-/.]{SHORT_YEAR}{END}"),
)
DATE_PARTS = (
    *("text", "shape", "year", "month", "dom", "one", "two", "name", "short"),
    *("hour", "minute", "second", "half", "zone"),
)


def find_order(parts: pl.DataFrame, settings: TimeSettings) -> str | None:
    """Return the order of day, month and short year that the whole column proves."""
    ones = parts.select(
        "text", one=pl.col("one").cast(pl.Int16), two=pl.col("two").cast(pl.Int16)
    ).drop_nulls()
    if ones.is_empty():
        return None
    if settings.century_pivot is None and _is_year_first(parts, settings):
        return "ymd"
    first = ones.filter(pl.col("one") > 12)["text"]
    second = ones.filter(pl.col("two") > 12)["text"]
    if len(first) and len(second):
        raise _contradiction(parts, first, second, settings)
    if len(first) or len(second):
        return "dmy" if len(first) else "mdy"
    raise _unclear(parts, ("dmy", "mdy"), settings)


def _is_year_first(parts: pl.DataFrame, settings: TimeSettings) -> bool:
    """Return whether dates such as 11-01-31 have their year first: days have more values."""
    dates = parts.filter(pl.col("shape") == "short year")
    if dates.is_empty() or dates.height < parts["one"].count():
        return False
    days = {order: _read_days(dates, order) for order in assemble.DATE_ORDERS}
    least = MIN_ORDER_SHARE * dates.height
    by_order = {order: day for order, day in days.items() if day.count() >= least}
    if "ymd" not in by_order or len(by_order) == 1:
        return "ymd" in by_order
    first, last = dates["one"].n_unique(), dates["short"].n_unique()
    if first >= DAYS_PER_YEAR_PART * last:
        return False
    if last >= DAYS_PER_YEAR_PART * first:
        return True
    raise _unclear(dates, tuple(by_order), settings)


def _contradiction(
    parts: pl.DataFrame, first: pl.Series, second: pl.Series, settings: TimeSettings
) -> ContractError:
    counts = {"dmy": len(first), "mdy": len(second)}
    order = max(counts, key=lambda name: counts[name])
    set_format = f"--set '{settings.section}.time_format="
    formats = _formats_by_separator(parts)
    if formats and settings.section == "cleaning":
        fix = f"if the separator tells them apart: {set_format}{json.dumps(formats)}'."
    elif counts[order] >= MIN_ORDER_SHARE * sum(counts.values()):
        fix = (
            f"correct the {min(counts.values()):,} that differ, or set them aside: "
            f"{set_format}{order}' --on-bad-rows quarantine."
        )
    else:
        fix = (
            "bring the files into one format: no setting tells which of the two a date such as "
            "1/2/2011 has."
        )
    message = (
        f"{quote_value(first[0])} has its day first and {quote_value(second[0])} its month: "
        f"{len(first):,} and {len(second):,} distinct times prove it."
    )
    return ContractError(message, fix=fix, column="time", examples=[first[0], second[0]])


def _formats_by_separator(parts: pl.DataFrame) -> list[str]:
    """Return formats that read all dates, if those with one separator have one order."""
    has = {name: pl.col(name).is_not_null() for name in ("short", "half", "hour", "second")}
    seconds = pl.when(has["second"]).then(pl.lit(":%S")).otherwise(pl.lit(""))
    clock = (
        pl.when(has["half"])
        .then(pl.format(" %I:%M{} %p", seconds))
        .when(has["hour"])
        .then(pl.format(" %H:%M{}", seconds))
        .otherwise(pl.lit(""))
    )
    year = pl.when(has["short"]).then(pl.lit("%y")).otherwise(pl.lit("%Y"))
    dates = parts.filter(pl.col("one").is_not_null()).with_columns(
        separator=pl.col("text").str.extract(r"^\d+([-/.])"), end=pl.format("{}{}", year, clock)
    )
    formats = []
    for (separator,), group in dates.group_by("separator", maintain_order=True):
        is_dmy, is_mdy = ((group[name].cast(pl.Int16) > 12).any() for name in ("one", "two"))
        if is_dmy == is_mdy:
            return []
        first, second = ("%d", "%m") if is_dmy else ("%m", "%d")
        start = f"{first}{separator}{second}{separator}"
        formats += [f"{start}{end}" for end in group["end"].unique().sort()]
    read = pl.concat([read_format(dates, form, None).drop_nulls("moment") for form in formats])
    return formats if read["text"].n_unique() == dates.height else []


def _unclear(parts: pl.DataFrame, orders: tuple[str, ...], settings: TimeSettings) -> ContractError:
    spans = {}
    for order in orders:
        days = _read_days(parts, order, settings.century_pivot).drop_nulls().sort()
        if len(days):
            spans[order] = f"{order} gives {as_date(days[0])} to {as_date(days[-1])}"
    one, *others = spans or orders
    reason = (
        "A year of two digits may stand first or last"
        if "ymd" in orders
        else "No day above 12 distinguishes day and month"
    )
    message = f"{reason}: {', '.join(spans.values())}."
    fix = f"say which: --set {settings.section}.time_format={one} (or {' or '.join(others)})."
    return ContractError(message, fix=fix, column="time", examples=parts["text"].head(3).to_list())


def _read_days(parts: pl.DataFrame, order: str, pivot: int | None = None) -> pl.Series:
    """Return the days of parts in an order; a century does not matter for the order."""
    pivot, _ = assemble.find_century(parts, order, pivot)
    ordered = assemble.with_date_parts(parts, order, 99 if pivot is None else pivot)
    moments = assemble.assembled_moments(ordered, is_24=False)
    return assemble.split_moments(moments.with_columns(has_clock=pl.lit(value=False)))["day"]


@dataclass(frozen=True, slots=True)
class ReadTimes:
    """Distinct texts as times."""

    frame: pl.DataFrame  # ``text``, ``day``, ``minute`` and, where there is no day, ``why``
    format: str  # how they were read
    order: str  # ``dmy``, ``mdy`` or ``ymd``: with it as the format they are read the same
    notes: tuple[str, ...] = ()


def read_times(texts: pl.DataFrame, settings: TimeSettings) -> ReadTimes:
    """Return the times of a column ``text`` of distinct texts."""
    formats: tuple[str | None, ...] = settings.formats or (None,)
    rest, parts, names, notes, order = texts.select("text"), [], list[str](), list[str](), "ymd"
    for form in formats:
        if form is None or form in assemble.DATE_ORDERS:
            read, found, order, more = _by_shape(rest, settings, form)
        else:
            read, found, more = read_format(rest, form, settings.century_pivot), [form], ()
        is_read = assemble.split_moments(read)["day"].is_not_null()
        if len(formats) == 1 or is_read.any():
            names += found
            notes += more
        parts.append(read if len(formats) == 1 else read.filter(is_read))
        rest = read.filter(~is_read).select("text")
    if len(formats) > 1:
        parts.append(rest.with_columns(why=pl.lit(NO_FORMAT_REASON)))
    every = pl.concat(parts, how="diagonal")
    moments, zones, more = to_local_time(every, settings.timezone)
    label = " + ".join([*dict.fromkeys(names), *zones]) or "none"
    return ReadTimes(assemble.split_moments(moments), label, order, (*notes, *more))


def _by_shape(
    texts: pl.DataFrame, settings: TimeSettings, form: str | None
) -> tuple[pl.DataFrame, list[str], str, tuple[str, ...]]:
    """Return moments by the shapes of the texts, the names of the shapes, order and notes."""
    forms, notes = _forms(texts)
    parts, rest = split_dates(forms)
    counted, strange = parse_numeric_times(rest, settings.excel_epoch)
    order = form or find_order(parts, settings)
    pivot, century_notes = assemble.find_century(parts, order, settings.century_pivot)
    hour, half = pl.col("hour").cast(pl.Int64), pl.col("half").str.to_lowercase()
    is_24 = assemble.find_24_hours(parts.select("text", hour=hour, half=half))
    read = assemble.assembled_moments(assemble.with_date_parts(parts, order, pivot), is_24=is_24)
    shapes = pl.concat([parts["shape"], counted["shape"]]).unique().sort().to_list()
    notes += century_notes
    if len(shapes) > 1:
        notes += (f"Times are written in {len(shapes)} ways: {', '.join(shapes)}.",)
    if is_24:
        notes += ("Hours beside AM or PM are above 12: they are read as hours of 24.",)
    names = [order if shape == "year last" and order else shape for shape in shapes]
    is_epoch = pl.col("shape").str.starts_with("epoch")
    zone = pl.when(is_epoch).then(pl.lit("Z"))
    moments = counted.select("text", "moment", has_clock=pl.lit(value=True), zone=zone)
    every = pl.concat([read, moments, _strange(strange)], how="diagonal")
    return every, names, order or "ymd", notes


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


def _strange(rest: pl.DataFrame) -> pl.DataFrame:
    form = pl.col("form")
    why = (
        pl.when(form.str.contains(r"^\d{1,2}:\d{2}(:\d{2})?$"))
        .then(pl.lit(ONLY_CLOCK_REASON))
        .when(form.str.contains(r"\d{1,2}:\d{2}.* [A-Z]{2,5}$"))
        .then(pl.lit(VAGUE_ZONE_REASON))
        .otherwise(pl.lit(assemble.NO_TIME_REASON))
    )
    return rest.select("text", why=why)


def split_dates(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parts of every text that has a known shape, all still text, and the other texts.

    `texts` has the columns ``text`` and ``form``, which is matched.
    """
    found, rest = [pl.DataFrame(schema=dict.fromkeys(DATE_PARTS, pl.String))], texts
    for shape, pattern in DATE_PATTERNS:
        if rest.is_empty():
            break
        parts = rest.with_columns(groups=pl.col("form").str.extract_groups(pattern))
        parts = parts.unnest("groups")
        fits = parts.to_series(rest.width).is_not_null()  # the first group
        found.append(parts.filter(fits).drop("form").with_columns(shape=pl.lit(shape)))
        rest = rest.filter(~fits)
    return pl.concat(found, how="diagonal"), rest


def ascii_digits(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9.

    >>> ascii_digits("٢٠١٠-١٢-٠١")
    '2010-12-01'
    """
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
