"""Text → day numbers and minutes: nothing is guessed that the column does not prove."""

from collections.abc import Mapping

import polars as pl

from segpredict.errors import ContractError, shown
from segpredict.window import as_date

CLOCK = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
ZONE = r"\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?"
YEAR_FIRST = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){CLOCK}{ZONE}$"
COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
YEAR_LAST = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){CLOCK}$"
ORDERS: Mapping[str, tuple[int, int]] = {"dmy": (1, 2), "mdy": (2, 1)}
FIRST, LAST = "1970-01-01", "2199-12-31"
NO_TIME = "is not a time that can be read"
NO_DAY = f"is not a day between {FIRST} and {LAST}"


def parsed(cells: pl.Series, time_format: str | None) -> tuple[pl.DataFrame, str]:
    """Return a column of text as days and minutes, and how it was read.

    Parameters
    ----------
    cells
        Times as text. A zone that follows a time is not applied: the wall clock counts.
    time_format
        As in `CleaningPlan`.

    Returns
    -------
    DataFrame
        Columns ``day`` (Int32), ``minute`` (Int16; null where no row has a time of the
        day) and ``day why`` (text), in the order of the cells.
    str
        The format that was found.

    Raises
    ------
    ContractError
        When day and month cannot be told apart, or contradict each other.
    """
    texts = cells.drop_nulls().unique().sort().to_frame("text")
    if time_format is not None and time_format not in ORDERS:
        read, found = _by_format(texts, time_format), time_format
    else:
        read, found = _by_shape(texts, time_format)
    key = read.with_columns(
        pl.when(pl.col("day").is_null()).then("why").alias("day why")
    )
    if not (key["minute"] > 0).any():  # midnight everywhere is no time of the day
        key = key.with_columns(minute=pl.lit(None, pl.Int16))
    rows = cells.to_frame("text").join(
        key, on="text", how="left", maintain_order="left"
    )
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    return rows.select(
        "day", "minute", empty.otherwise("day why").alias("day why")
    ), found


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
    first, last = pl.Series([FIRST, LAST]).str.to_date("%Y-%m-%d")
    return day.to_physical().set(~day.is_between(first, last), None)


def _by_shape(texts: pl.DataFrame, order: str | None) -> tuple[pl.DataFrame, str]:
    year_first = _groups(YEAR_FIRST, ("year", "month", "dom", "hour", "minute"))
    compact = _groups(COMPACT, ("year", "month", "dom"))
    year_last = _groups(YEAR_LAST, ("one", "two", "year", "hour", "minute"))
    parts = texts.with_columns(
        year_first.alias("a"), compact.alias("b"), year_last.alias("c")
    )
    found = order or _order(parts)
    month, dom = ("two", "one") if found == "dmy" else ("one", "two")
    a, b, c = (pl.col(x).struct for x in "abc")
    pieces = parts.select(
        "text",
        year=pl.coalesce(a.field("year"), b.field("year"), c.field("year")),
        month=pl.coalesce(a.field("month"), b.field("month"), c.field(month)),
        dom=pl.coalesce(a.field("dom"), b.field("dom"), c.field(dom)),
        hour=pl.coalesce(a.field("hour"), c.field("hour")).cast(pl.Int16),
        minute=pl.coalesce(a.field("minute"), c.field("minute")).cast(pl.Int16),
    )
    return _assembled(pieces), found or "year first"


def _groups(pattern: str, names: tuple[str, ...]) -> pl.Expr:
    """Return the named groups of a pattern, null where it does not match."""
    groups = pl.col("text").str.extract_groups(pattern).struct
    return pl.struct(groups[i].alias(name) for i, name in enumerate(names))


def _assembled(pieces: pl.DataFrame) -> pl.DataFrame:
    iso = pl.format(
        "{}-{}-{}", "year", pl.col("month").str.zfill(2), pl.col("dom").str.zfill(2)
    )
    is_clock = (pl.col("hour").fill_null(0) < 24) & (pl.col("minute").fill_null(0) < 60)
    read = pieces.with_columns(
        day=pl.when(is_clock).then(iso.str.to_date("%Y-%m-%d", strict=False)),
        why=pl.when(pl.col("year").is_null())
        .then(pl.lit(NO_TIME))
        .when(~is_clock)
        .then(pl.lit("is no time of the day"))
        .otherwise(pl.lit(NO_DAY)),
        minute=pl.col("hour") * 60 + pl.col("minute"),
    )
    return read.with_columns(_sound(read["day"])).select("text", "day", "minute", "why")


def _order(parts: pl.DataFrame) -> str | None:
    """Return the order of day and month that the whole column proves."""
    c = pl.col("c").struct
    ones = parts.select(
        "text",
        one=c.field("one").cast(pl.Int16),
        two=c.field("two").cast(pl.Int16),
    ).drop_nulls()
    if ones.is_empty():
        return None
    first = ones.filter(pl.col("one") > 12)["text"]
    second = ones.filter(pl.col("two") > 12)["text"]
    if len(first) and len(second):
        raise ContractError(
            f"{shown(first[0])} has its day first and {shown(second[0])} its month.",
            fix="bring the files into one format, or set cleaning.time_format.",
            column="time",
            examples=[first[0], second[0]],
        )
    if len(first) or len(second):
        return "dmy" if len(first) else "mdy"
    raise _unclear(parts)


def _unclear(parts: pl.DataFrame) -> ContractError:
    spans = []
    for order in ORDERS:
        days = _by_shape(parts.select("text"), order)[0]["day"].drop_nulls().sort()
        first, last = as_date(days[0]), as_date(days[-1])
        spans.append(f"{order} gives {first} to {last}")
    return ContractError(
        f"No day above 12 tells day from month: {', '.join(spans)}.",
        fix="say which: --set cleaning.time_format=dmy (or mdy).",
        column="time",
        examples=parts["text"].head(3).to_list(),
    )
