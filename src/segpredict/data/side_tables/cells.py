"""Cells of side tables as text, and the text as days and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.source import DECIMAL_SUFFIX, SourceOptions, columns_as_text
from segpredict.core.transactions import Detected, InputFile, SideTables
from segpredict.data.cleaning import TimeSettings, parse_times
from segpredict.data.readers import read_tables
from segpredict.errors import BadCellsError, ColumnMissingError, ContractError, quote_value

ID_COLUMNS = ("customer_id", "product_id")
NUMBER_PATTERN = r"^-?\d+(?:\.\d+)?$"
THOUSANDS_PATTERN = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
BAND_PATTERN = r"^(\d+(?:\.\d+)?)\s*(K?)\s*(?:[-–]\s*\d+(?:\.\d+)?\s*(K?)|\+)$"
BELOW_PATTERN = r"^(?:under|below|<)\s*\d+(?:\.\d+)?\s*K?$"
ABOVE_PATTERN = r"^(?:over|above|>)\s*(\d+(?:\.\d+)?)\s*(K?)$"
DATE_FORMATS = {"ymd": "%Y/%m/%d", "dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}
MISSING_WORDS = ("", "null", "none", "unknown", "na", "n/a")


@dataclass(frozen=True, slots=True)
class SideTableCells:
    """A side table as it was read."""

    frame: pl.DataFrame  # one text column per role, ids as the transactions have them
    facts: tuple[InputFile, ...]  # one sheet per file
    unused_columns: tuple[str, ...]  # columns that have no role

    def added_to(self, found: SideTables, notes: Sequence[str] = (), **tables: Any) -> SideTables:
        """Return side tables with what was made of these cells."""
        files, notes = (*found.files, *self.facts), (*found.notes, *notes)
        return replace(found, **tables, files=files, notes=notes)


def read_cells(
    data: str,
    columns: Mapping[str, str],
    usual_names: Mapping[str, Sequence[str]] | None = None,
    optional: Sequence[str] = (),
) -> SideTableCells:
    """Return the cells of a file, folder or glob.

    * `columns`: role → column.
    * `usual_names`: the names, normalised, by which the columns of further roles are found.
    * `optional`: which of these roles a file may lack.
    """
    frames, facts, others = [], [], set[str]()
    for name, table in read_tables([data], SourceOptions()).items():
        there = table.frame.columns
        required = {role: role for role in usual_names or () if role not in optional}
        roles = {**required, **_usual_columns(there, usual_names or {}), **columns}
        for role, column in roles.items():
            if column not in there:
                raise ColumnMissingError(f"{role} ({column})", there, name)
        whole = table.whole
        frames.append(columns_as_text(whole, roles, name))
        detected = Detected.of(table.detected, roles)
        facts.append(InputFile(name, whole.height, table.sha256, detected))
        others |= set(there) - set(roles.values())
    frame = pl.concat(frames, how="diagonal")
    ids = [name for name in ID_COLUMNS if name in frame.columns]
    bare = pl.col(ids).str.replace(DECIMAL_SUFFIX, "$1").str.normalize("NFC")
    return SideTableCells(frame.with_columns(bare), tuple(facts), tuple(sorted(others)))


def _usual_columns(there: Sequence[str], usual: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return role → column of those with a usual name, the most specific first."""
    named = {normalize_name(column): column for column in reversed(there)}
    return {
        role: named[next(name for name in names if name in named)]
        for role, names in usual.items()
        if any(name in named for name in names)
    }


def parse_days(text: pl.Series, time_format: str | None, where: str, section: str) -> pl.Series:
    """Return a column of text as days; empty cells stay empty."""
    read = parse_times(text, TimeSettings(time_format, section=section)).frame
    bad = text.is_not_null() & read["day"].is_null()
    if bad.any():
        row = int(bad.arg_max() or 0)
        first = {"file": where, "row": row + 2, "value": text[row]}
        reason = str(read["day why"][row])
        raise BadCellsError(text.name, reason, int(bad.sum()), len(text), first)
    return read["day"]


def parse_dates(text: pl.Series, time_format: str | None) -> pl.Series:
    """Return a column of dates as days, which may lie before 1970.

    >>> parse_dates(pl.Series(["4/8/1966", "12/31/1969"]), None).to_list()
    [-1364, -1]
    """
    day = text.str.replace(r"[T ].*$", "").str.replace_all(r"[-.]", "/")
    form = DATE_FORMATS.get(time_format or "", time_format)
    read = [day.str.to_date(f, strict=False) for f in ([form] if form else DATE_FORMATS.values())]
    fits = [days for days in read if days.null_count() == text.null_count()]
    if len(fits) == 1 or (fits and all(fits[0].equals(other) for other in fits)):
        return fits[0].to_physical().cast(pl.Int32)
    found = "each of several orders fits" if fits else "no one order of them fits"
    raise ContractError(
        f"The dates of {text.name}, such as {quote_value(text.drop_nulls()[0])}, cannot be "
        f"read: {found} all cells.",
        fix="set customers.time_format to dmy, mdy or a format of strptime.",
        column=text.name,
    )


def parse_number_column(text: pl.Series) -> pl.Series | None:
    """Return a column of text as numbers, or ``None`` if a cell is none.

    Currency symbols and commas between thousands are passed over; of a band, such as
    ``25-34``, ``65+`` or ``Under 15K``, the lower end counts.

    >>> parse_number_column(pl.Series(["$90,000", "25-34", "35-49K", "Under 15K", None])).to_list()
    [90000.0, 25.0, 35000.0, 0.0, None]
    >>> parse_number_column(pl.Series(["12", "a dozen"])) is None
    True
    """
    bare = missing_to_null(text).str.replace_all(r"[$€£¥]", "").str.strip_chars()
    frame = bare.to_frame("t")
    t = pl.col("t")
    plain = pl.when(t.str.contains(THOUSANDS_PATTERN)).then(t.str.replace_all(",", "")).otherwise(t)
    number = pl.when(plain.str.contains(NUMBER_PATTERN)).then(plain).cast(pl.Float64, strict=False)
    found = frame.select(
        pl.coalesce(
            number,
            _scaled(f"(?i){BAND_PATTERN}"),
            pl.when(t.str.contains(f"(?i){BELOW_PATTERN}")).then(0.0),
            _scaled(f"(?i){ABOVE_PATTERN}"),
        )
    ).to_series()
    return None if (bare.is_not_null() & found.is_null()).any() else found


def _scaled(pattern: str) -> pl.Expr:
    groups = pl.col("t").str.extract_groups(pattern).struct
    thousand = pl.col("t").str.to_lowercase().str.contains("k")
    low = groups[0].cast(pl.Float64, strict=False)
    return pl.when(thousand).then(low * 1000).otherwise(low)


def missing_to_null(text: pl.Series) -> pl.Series:
    """Return text with words for missing values as null."""
    word = pl.col("t").str.to_lowercase().str.strip_chars()
    kept = pl.when(~word.is_in(list(MISSING_WORDS))).then(pl.col("t")).alias(text.name)
    return text.to_frame("t").select(kept).to_series()


def quoted_list(names: Sequence[str]) -> str:
    """Return names as a list in a sentence.

    >>> quoted_list(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
