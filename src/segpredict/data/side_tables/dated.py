"""Tables whose rows hold from a day on: the shop's own segments, and the dates it plans."""

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.side_tables import (
    DATE_ROLES,
    DATE_WORDS,
    OWN_SEGMENT_ROLES,
    DateTableOptions,
    OwnSegmentsOptions,
)
from segpredict.core.shop_dates import DATE_KINDS
from segpredict.core.transactions import SideTables
from segpredict.data.cleaning import TimeSettings, parse_times
from segpredict.data.side_tables.cells import missing_to_null, parse_days, read_cells
from segpredict.errors import ContractError, UnknownNameError, quote_value


def read_own_segments(options: OwnSegmentsOptions, data: str, found: SideTables) -> SideTables:
    """Add the segments that the shop gave to its customers from day to day."""
    roles = {role: role for role in OWN_SEGMENT_ROLES} | dict(options.columns)
    given = read_cells(data, roles)
    known = given.frame.filter(pl.col("customer_id").is_not_null())
    table = known.select(
        "customer_id",
        parse_days(known["date"], options.time_format, data, "own_segments")
        .cast(pl.Int32)
        .alias("day"),
        missing_to_null(known["segment"].str.strip_chars()),
    ).unique()
    if table["day"].null_count():
        raise ContractError(
            f"{table['day'].null_count():,} rows of {quote_value(data)} have no date.",
            fix="give every segment the day from which it holds.",
            file=data,
            column="date",
        )
    twice = table.filter(pl.struct("customer_id", "day").is_duplicated()).sort(pl.all())
    if twice.height:
        customer = twice["customer_id"][0]
        raise ContractError(
            f"Customer {quote_value(customer)} has several segments on one day in "
            f"{quote_value(data)}.",
            fix="keep one row per customer and day.",
            file=data,
            column="segment",
            value=customer,
            count=twice["customer_id"].n_unique(),
        )
    return given.added_to(found, own_segments=table.sort("customer_id", "day"))


def read_dates(options: DateTableOptions, data: str, found: SideTables) -> SideTables:
    """Add the holidays and promotions that the shop has planned, and the days it is closed."""
    given = read_cells(data, options.columns, DATE_WORDS["columns"], optional=("to", "known_since"))
    there = [role for role in DATE_ROLES if role != "kind" and role in given.frame.columns]
    # All columns of a file are written in one order of day and month.
    cells = pl.concat([given.frame[role].alias("from") for role in there])
    found_format = parse_times(cells, TimeSettings(options.time_format, section="dates")).format
    order = found_format if found_format in ("dmy", "mdy") else options.time_format
    days = {
        role: parse_days(given.frame[role], order, data, "dates").cast(pl.Int32) for role in there
    }
    table = pl.DataFrame(days).select(
        first="from",
        last=pl.coalesce("to", "from") if "to" in days else pl.col("from"),
        kind=_date_kinds(given.frame["kind"], options),
        known=pl.col("known_since") if "known_since" in days else pl.lit(None, pl.Int32),
    )
    bad = table.filter(pl.col("first").is_null() | (pl.col("last") < pl.col("first")))
    if bad.height:
        raise ContractError(
            f"{bad.height:,} rows of {quote_value(data)} have no first day, or end before it.",
            fix="give every row a first day, and a last day that is not before it.",
            file=data,
            column="from",
        )
    return given.added_to(found, dates=table.unique().sort("first", "last", "kind", "known"))


def _date_kinds(text: pl.Series, options: DateTableOptions) -> pl.Series:
    """Return a column of words as kinds of dates."""
    usual = {word: kind for kind, words in DATE_WORDS["kinds"].items() for word in words}
    own = {normalize_name(word): kind for kind, words in options.kinds.items() for word in words}
    words = text.fill_null("").to_list()
    kinds = [(usual | own).get(normalize_name(word)) for word in words]
    if None in kinds:
        word = words[kinds.index(None)]
        error = UnknownNameError("kind of date", word, DATE_KINDS)
        error.fix = f"say what it means: --set 'dates.kinds={{promotion = [\"{word}\"]}}'."
        raise error
    return pl.Series(kinds, dtype=pl.String)
