"""Distinct texts → the day and minute that each means, and how they were read."""

from dataclasses import dataclass

import polars as pl

from segpredict.data.cleaning._assemble import (
    DATE_ORDERS,
    NO_TIME_REASON,
    assembled_moments,
    find_century,
    split_moments,
    with_date_parts,
)
from segpredict.data.cleaning._date_orders import find_order
from segpredict.data.cleaning._date_patterns import ascii_digits, split_dates
from segpredict.data.cleaning._half_days import find_24_hours
from segpredict.data.cleaning._numeric_times import parse_numeric_times, to_local_time
from segpredict.data.cleaning._time_formats import read_format
from segpredict.data.cleaning._time_settings import TimeSettings

ONLY_CLOCK_REASON = "is a time without a day"
VAGUE_ZONE_REASON = "names a time zone by letters that several places share"
NO_FORMAT_REASON = "fits none of the formats"


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
        if form is None or form in DATE_ORDERS:
            read, found, order, more = _by_shape(rest, settings, form)
        else:
            read, found, more = read_format(rest, form, settings.century_pivot), [form], ()
        is_read = split_moments(read)["day"].is_not_null()
        if len(formats) == 1 or is_read.any():
            names += found
            notes += more
        parts.append(read if len(formats) == 1 else read.filter(is_read))
        rest = read.filter(~is_read).select("text")
    if len(formats) > 1:
        parts.append(_unread(rest, pl.lit(NO_FORMAT_REASON)))
    moments, zones, more = to_local_time(pl.concat(parts), settings.timezone)
    label = " + ".join([*dict.fromkeys(names), *zones]) or "none"
    return ReadTimes(split_moments(moments), label, order, (*notes, *more))


def _unread(texts: pl.DataFrame, why: pl.Expr) -> pl.DataFrame:
    return texts.select(
        "text",
        moment=pl.lit(None, pl.Int64),
        has_clock=pl.lit(value=False),
        zone=pl.lit(None, pl.String),
        why=why,
    )


def _by_shape(
    texts: pl.DataFrame, settings: TimeSettings, form: str | None
) -> tuple[pl.DataFrame, list[str], str, tuple[str, ...]]:
    """Return moments by the shapes of the texts, the names of the shapes, order and notes."""
    forms, notes = _forms(texts)
    parts, rest = split_dates(forms)
    counted, strange = parse_numeric_times(rest, settings.excel_epoch)
    order = form or find_order(parts, settings)
    pivot, century_notes = find_century(parts, order, settings.century_pivot)
    is_24 = _is_24_hours(parts)
    read = assembled_moments(with_date_parts(parts, order, pivot), is_24=is_24)
    shapes = pl.concat([parts["shape"], counted["shape"]]).unique().sort().to_list()
    notes += century_notes
    if len(shapes) > 1:
        notes += (f"Times are written in {len(shapes)} ways: {', '.join(shapes)}.",)
    if is_24:
        notes += ("Hours beside AM or PM are above 12: they are read as hours of 24.",)
    names = [order if shape == "year last" and order else shape for shape in shapes]
    return pl.concat([read, _moments(counted), _strange(strange)]), names, order or "ymd", notes


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


def _is_24_hours(parts: pl.DataFrame) -> bool:
    hours = parts.select(
        "text", hour=pl.col("hour").cast(pl.Int64), half=pl.col("half").str.to_lowercase()
    )
    return find_24_hours(hours)


def _moments(counted: pl.DataFrame) -> pl.DataFrame:
    is_epoch = pl.col("shape").str.starts_with("epoch")
    return counted.select(
        "text",
        "moment",
        has_clock=pl.lit(value=True),
        zone=pl.when(is_epoch).then(pl.lit("Z")),
        why=pl.lit(None, pl.String),
    )


def _strange(rest: pl.DataFrame) -> pl.DataFrame:
    form = pl.col("form")
    why = (
        pl.when(form.str.contains(r"^\d{1,2}:\d{2}(:\d{2})?$"))
        .then(pl.lit(ONLY_CLOCK_REASON))
        .when(form.str.contains(r"\d{1,2}:\d{2}.* [A-Z]{2,5}$"))
        .then(pl.lit(VAGUE_ZONE_REASON))
        .otherwise(pl.lit(NO_TIME_REASON))
    )
    return _unread(rest, why)
