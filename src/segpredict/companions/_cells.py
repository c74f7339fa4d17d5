"""Cells of side tables as text, and the text as days and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segpredict.cleaning import TimeAsked, as_days
from segpredict.errors import BadCellsError, ColumnMissingError, ContractError, shown
from segpredict.sources import Layout, as_text, tables
from segpredict.tables import Detected, FileFact

IDS = ("customer_id", "product_id")
SUFFIX = r"^(\d+)\.0+$"  # what a float column leaves behind an id
NUMBER = r"^-?\d+(?:\.\d+)?$"
THOUSANDS = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
BAND = r"^(\d+(?:\.\d+)?)\s*(K?)\s*(?:[-–]\s*\d+(?:\.\d+)?\s*(K?)|\+)$"
UNDER = r"^(?:under|below|<)\s*\d+(?:\.\d+)?\s*K?$"
OVER = r"^(?:over|above|>)\s*(\d+(?:\.\d+)?)\s*(K?)$"
FORMATS = {"ymd": "%Y/%m/%d", "dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}
NOBODY = ("", "null", "none", "unknown", "na", "n/a")


def place(data: str, beside: Path | None) -> str:
    """Return a path as it is, or beside the transactions where it stands there."""
    if beside is None or Path(data).is_absolute():
        return data
    near = beside / data
    return str(near) if near.exists() else data


@dataclass(frozen=True, slots=True)
class Cells:
    """A side table as it was read.

    Parameters
    ----------
    frame
        One text column per role, ids as the transactions have them.
    facts
        One sheet per file.
    others
        Columns that have no role.
    """

    frame: pl.DataFrame
    facts: tuple[FileFact, ...]
    others: tuple[str, ...]


def cells(data: str, columns: Mapping[str, str]) -> Cells:
    """Return the cells of a file, folder or glob.

    Parameters
    ----------
    data
        What to read.
    columns
        Role → column.

    Raises
    ------
    ColumnMissingError
        When a named column is not there.
    SourceError
        When the file cannot be read.
    """
    frames, facts, others = [], [], set[str]()
    for name, table in tables([data], Layout()).items():
        there = table.frame.columns
        for role, column in columns.items():
            if column not in there:
                raise ColumnMissingError(f"{role} ({column})", there, name)
        frames.append(as_text(table.frame, dict(columns), name))
        detected = Detected.of(table.detected, columns)
        facts.append(FileFact(name, table.frame.height, table.sha256, detected))
        others |= set(there) - set(columns.values())
    frame = pl.concat(frames, how="diagonal")
    ids = [name for name in IDS if name in frame.columns]
    bare = pl.col(ids).str.replace(SUFFIX, "$1").str.normalize("NFC")
    return Cells(frame.with_columns(bare), tuple(facts), tuple(sorted(others)))


def days(text: pl.Series, time_format: str | None, where: str) -> pl.Series:
    """Return a column of text as days; empty cells stay empty.

    Raises
    ------
    BadCellsError
        When a cell is no time.
    """
    read = as_days(text, TimeAsked(time_format)).frame
    bad = text.is_not_null() & read["day"].is_null()
    if bad.any():
        row = int(bad.arg_max() or 0)
        first = {"file": where, "row": row + 2, "value": text[row]}
        reason = str(read["day why"][row])
        raise BadCellsError(text.name, reason, int(bad.sum()), len(text), first)
    return read["day"]


def dates(text: pl.Series, time_format: str | None) -> pl.Series:
    """Return a column of dates as days, which may lie before 1970.

    Raises
    ------
    ContractError
        When no order of day and month fits all cells, or both do.

    Examples
    --------
    >>> dates(pl.Series(["4/8/1966", "12/31/1969"]), None).to_list()
    [-1364, -1]
    """
    day = text.str.replace(r"[T ].*$", "").str.replace_all(r"[-.]", "/")
    formats = (
        [FORMATS.get(time_format, time_format)] if time_format else [*FORMATS.values()]
    )
    read = {form: day.str.to_date(form, strict=False) for form in formats}
    fits = [d for d in read.values() if d.null_count() == text.null_count()]
    if len(fits) == 1 or (fits and all(fits[0].equals(other) for other in fits)):
        return fits[0].to_physical().cast(pl.Int32)
    found = "each of several orders fits" if fits else "no one order of them fits"
    raise ContractError(
        f"The dates of {text.name}, such as {shown(text.drop_nulls()[0])}, cannot be "
        f"read: {found} all cells.",
        fix="set customers.time_format to dmy, mdy or a format of strptime.",
        column=text.name,
    )


def numbers(text: pl.Series) -> pl.Series | None:
    """Return a column of text as numbers, or ``None`` if a cell is none.

    Money signs and commas between thousands are passed over; of a band, such as
    ``25-34``, ``65+`` or ``Under 15K``, the lower end counts.

    Examples
    --------
    >>> numbers(pl.Series(["$90,000", "25-34", "35-49K", "Under 15K", None])).to_list()
    [90000.0, 25.0, 35000.0, 0.0, None]
    >>> numbers(pl.Series(["12", "a dozen"])) is None
    True
    """
    bare = blank(text).str.replace_all(r"[$€£¥]", "").str.strip_chars()
    frame = bare.to_frame("t")
    t = pl.col("t")
    plain = (
        pl.when(t.str.contains(THOUSANDS)).then(t.str.replace_all(",", "")).otherwise(t)
    )
    number = (
        pl.when(plain.str.contains(NUMBER)).then(plain).cast(pl.Float64, strict=False)
    )
    found = frame.select(
        pl.coalesce(
            number,
            _scaled(f"(?i){BAND}"),
            pl.when(t.str.contains(f"(?i){UNDER}")).then(0.0),
            _scaled(f"(?i){OVER}"),
        )
    ).to_series()
    return None if (bare.is_not_null() & found.is_null()).any() else found


def _scaled(pattern: str) -> pl.Expr:
    groups = pl.col("t").str.extract_groups(pattern).struct
    thousand = pl.col("t").str.to_lowercase().str.contains("k")
    low = groups[0].cast(pl.Float64, strict=False)
    return pl.when(thousand).then(low * 1000).otherwise(low)


def blank(text: pl.Series) -> pl.Series:
    """Return text with words for nothing as null."""
    word = pl.col("t").str.to_lowercase().str.strip_chars()
    kept = pl.when(~word.is_in(list(NOBODY))).then(pl.col("t")).alias(text.name)
    return text.to_frame("t").select(kept).to_series()


def shown_list(names: Sequence[str]) -> str:
    """Return names as a list in a sentence.

    Examples
    --------
    >>> shown_list(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
