"""Text → day numbers and minutes: nothing is guessed that the column does not prove."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.data.cleaning._moments import ReadTimes, read_times
from segpredict.data.cleaning._swapped_dates import find_swapped_dates
from segpredict.data.cleaning._time_advice import refuse_unreadable_column
from segpredict.data.cleaning._time_settings import TimeSettings
from segpredict.errors import ContractError

__all__ = ["TimeColumn", "TimeSettings", "parse_times"]


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times."""

    # ``day`` (Int32), ``minute`` (Int16; null where no row has a time of the day) and ``day why``
    # (text), in the order of the cells
    frame: pl.DataFrame
    format: str  # how they were read
    notes: tuple[str, ...] = ()  # what a reader should know


def parse_times(
    cells: pl.Series,
    settings: TimeSettings | None = None,
    other_columns: Mapping[str, pl.Series] | None = None,
) -> TimeColumn:
    """Return a column of text as days and minutes, and how it was read.

    Parameters
    ----------
    cells
        The column.
    settings
        What the data cannot prove.
    other_columns
        Other columns of the same rows by name: where these cells are no times at all, the
        error names one that holds times.

    Raises
    ------
    ConfigError
        When a format cannot be used.
    ContractError
        When day and month are ambiguous, contradict each other or were swapped; when some
        times have an offset and others none; when numbers count several units; when a
        column cannot be read.

    Examples
    --------
    >>> read = parse_times(pl.Series("time", ["31.01.2011", "1.2.2011"]))
    >>> read.format, read.frame["day"].to_list()
    ('dmy', [15005, 15006])
    """
    settings = settings or TimeSettings()
    texts = cells.drop_nulls().unique().sort().to_frame("text")
    read = read_times(texts, settings)
    refuse_unreadable_column(cells, read, settings, other_columns or {})
    notes = read.notes + _note_swap(read, settings)
    key = read.frame.with_columns(pl.when(pl.col("day").is_null()).then("why").alias("day why"))
    if not (key["minute"] > 0).any():  # midnight everywhere is no time of the day
        key = key.with_columns(minute=pl.lit(None, pl.Int16))
    rows = cells.to_frame("text").join(key, on="text", how="left", maintain_order="left")
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    frame = rows.select("day", "minute", empty.otherwise("day why").alias("day why"))
    return TimeColumn(frame, read.format, notes)


def _note_swap(read: ReadTimes, settings: TimeSettings) -> tuple[str, ...]:
    """Refuse dates of which a spreadsheet swapped day and month; note it if a format is set."""
    found = find_swapped_dates(read.frame["day"])
    if found is None:
        return ()
    message = (
        "Day and month seem to be swapped wherever the day is 12 or less, as a spreadsheet does "
        f"that reads them in the other order ({found.dates:,} dates): as written the days are "
        f"{found.as_read}, swapped back {found.swapped_back}."
    )
    if settings.formats:
        return (f"{message} They are read as written.",)
    raise ContractError(
        message,
        fix="export the data again and do not save them with a spreadsheet; if they are right "
        f"as written: --set {settings.section}.time_format={read.order}.",
        column="time",
    )
