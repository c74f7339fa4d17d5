"""In which order day, month and a short year stand: what the whole column proves."""

import json

import polars as pl

from segpredict.core.window import as_date
from segpredict.data.cleaning._assemble import (
    DATE_ORDERS,
    assembled_moments,
    find_century,
    split_moments,
    with_date_parts,
)
from segpredict.data.cleaning._time_formats import read_format
from segpredict.data.cleaning._time_settings import TimeSettings
from segpredict.errors import ContractError, quote_value

DAYS_PER_YEAR_PART = 2  # days have so many times more values than years of two digits
MIN_ORDER_SHARE = 0.99  # of the dates that prove an order, as for decimal marks


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
    days = {order: _read_days(dates, order) for order in DATE_ORDERS}
    by_order = {order: day for order, day in days.items() if _is_whole(day)}
    if "ymd" not in by_order or len(by_order) == 1:
        return "ymd" in by_order
    first, last = dates["one"].n_unique(), dates["short"].n_unique()
    if first >= DAYS_PER_YEAR_PART * last:
        return False
    if last >= DAYS_PER_YEAR_PART * first:
        return True
    raise _unclear(dates, tuple(by_order), settings)


def _is_whole(days: pl.Series) -> bool:
    return days.null_count() <= (1 - MIN_ORDER_SHARE) * len(days)


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
    return ContractError(
        f"{quote_value(first[0])} has its day first and {quote_value(second[0])} its month: "
        f"{len(first):,} and {len(second):,} distinct times prove it.",
        fix=fix,
        column="time",
        examples=[first[0], second[0]],
    )


def _formats_by_separator(parts: pl.DataFrame) -> list[str]:
    """Return formats that read all dates, if those with one separator have one order."""
    dates = parts.filter(pl.col("one").is_not_null()).with_columns(
        separator=pl.col("text").str.extract(r"^\d+([-/.])"),
        has_short_year=pl.col("short").is_not_null(),
        clock=pl.when(pl.col("half").is_not_null())
        .then(pl.lit(" %I:%M:%S %p"))
        .when(pl.col("hour").is_not_null())
        .then(pl.lit(" %H:%M:%S"))
        .otherwise(pl.lit("")),
        has_seconds=pl.col("second").is_not_null(),
    )
    formats = []
    for (separator,), group in dates.group_by("separator", maintain_order=True):
        is_dmy, is_mdy = ((group[name].cast(pl.Int16) > 12).any() for name in ("one", "two"))
        if is_dmy == is_mdy:
            return []
        day_and_month = "%d{0}%m{0}" if is_dmy else "%m{0}%d{0}"
        for row in (
            group.select("has_short_year", "clock", "has_seconds").unique().sort(pl.all()).rows()
        ):
            year, clock = "%y" if row[0] else "%Y", row[1]
            clock = clock if row[2] else clock.replace(":%S", "")
            formats.append(f"{day_and_month.format(separator)}{year}{clock}")
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
    return ContractError(
        f"{reason}: {', '.join(spans.values())}.",
        fix=f"say which: --set {settings.section}.time_format={one} (or {' or '.join(others)}).",
        column="time",
        examples=parts["text"].head(3).to_list(),
    )


def _read_days(parts: pl.DataFrame, order: str, pivot: int | None = None) -> pl.Series:
    """Return the days of parts in an order; a century does not matter for the order."""
    pivot, _ = find_century(parts, order, pivot)
    ordered = with_date_parts(parts, order, 99 if pivot is None else pivot)
    moments = assembled_moments(ordered, is_24=False)
    return split_moments(moments.with_columns(has_clock=pl.lit(value=False)))["day"]
