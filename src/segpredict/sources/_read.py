"""Read inputs into lines of text under the names of their roles."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict.contracts import RAW, ROLES, check
from segpredict.errors import BadCellsError, SourceError, UnreadableFileError, shown
from segpredict.registry import Registry
from segpredict.sources._header import is_unnamed
from segpredict.sources._layout import Layout, as_text, match, refuse_empty
from segpredict.sources._paths import called, expand
from segpredict.sources._source import Reject, Source, Table, numbered
from segpredict.sources._unpack import opened
from segpredict.tables import Detected, FileFact, RawLines

# What stands in the first cell of a row that adds up those above it.
TOTALS = (
    *("total", "totals", "grand total", "subtotal", "sub total", "sum"),
    *("summe", "gesamt", "gesamtsumme", "zwischensumme", "totaal", "totale"),
    *("total général", "sous-total", "suma", "razem", "итого", "всего"),
)
IS_TOTAL = (  # one pattern, since it is put to every cell of some columns
    r"(?i)^[\s*_-]*(?:" + "|".join(TOTALS) + r")[\s:*_-]*$"
)
PLACES = ("customer_id", "order_id", "time")  # where a total is told from a product


def without_totals(table: Table, chosen: Mapping[str, str]) -> Table:
    """Return the table without footers; they are carried as rejects.

    Parameters
    ----------
    table
        A file as a table.
    chosen
        Role → column.
    """
    schema = table.frame.schema
    names = dict.fromkeys(
        [table.frame.columns[0], *(chosen[role] for role in PLACES if role in chosen)]
    )
    texts = [name for name in names if schema[name] == pl.String]
    if not texts:
        return table
    is_total = table.frame.select(
        pl.any_horizontal(_is_total(name) for name in texts)
    ).to_series()
    if not is_total.any():
        return table
    footers = table.frame.filter(is_total).select(texts)
    rows = table.rows.filter(is_total)
    rejects = [
        _footer(row, cells) for row, cells in zip(rows, footers.to_dicts(), strict=True)
    ]
    every = sorted([*table.rejects, *rejects], key=lambda reject: reject.row)
    return replace(
        table,
        frame=table.frame.filter(~is_total),
        rows=table.rows.filter(~is_total),
        rejects=tuple(every),
    )


def _is_total(name: str) -> pl.Expr:
    return pl.col(name).str.contains(IS_TOTAL).fill_null(value=False)


def _footer(row: int, cells: Mapping[str, str | None]) -> Reject:
    column, value = next(
        (name, cell)
        for name, cell in cells.items()
        if cell and re.search(IS_TOTAL, cell)
    )
    fix = "delete the rows with totals, or rerun with --on-bad-rows quarantine."
    return Reject(row, column, value, "stands in a row of totals (footer_like)", fix)


def without_unnamed(table: Table, file: str) -> tuple[Table, dict[str, str]]:
    """Return the table without columns that have no name, if nothing is lost with them.

    Parameters
    ----------
    table
        A file as a table.
    file
        For messages.

    Returns
    -------
    tuple
        The table, and what was left out.

    Raises
    ------
    UnreadableFileError
        When a column without a name holds something.
    """
    unnamed = [name for name in table.frame.columns if is_unnamed(name)]
    if not unnamed:
        return table, {}
    for name in unnamed:
        column = table.frame[name]
        if column.null_count() < len(column) and not _is_running(column):
            value = column.drop_nulls()[0]
            row = table.rows.filter(column.is_not_null())[0]
            raise UnreadableFileError(
                file,
                f"{name} has no name and holds {shown(value)}",
                "give it a name, or delete the column.",
                row=row,
                column=name,
                value=str(value),
            )
    kept = replace(table, frame=table.frame.drop(unnamed))
    return kept, {"columns_without_name": f"{len(unnamed)} left out, nothing in them"}


def _is_running(column: pl.Series) -> bool:
    """Return whether a column merely counts the rows, as an exported index does."""
    numbers = column.cast(pl.Int64, strict=False)
    return numbers.null_count() == 0 and bool(
        (numbers == pl.int_range(len(column), eager=True) + numbers[0]).all()
    )


REJECTS = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "fix": pl.String,
}
SOURCES: Registry[Source] = Registry("segpredict.sources", Source)


def read(
    names: Sequence[str],
    layout: Layout | None = None,
    bad_rows: Literal["fail", "carry"] = "fail",
) -> RawLines:
    """Read files, folders and globs into raw lines.

    Parameters
    ----------
    names
        What to read; several inputs are read one after the other, sorted by name.
    layout
        Which column plays which role, and how the text is set.
    bad_rows
        ``fail`` when a record is no row of its table, or ``carry`` such records along
        in `RawLines.rejects`.

    Returns
    -------
    RawLines
        One row a line. Every cell is text as it stood, trimmed; blank cells are null.
        ``row`` is the line of the file as a person finds it (the header is row 1).

    Raises
    ------
    SourceError
        When an input is missing, damaged or no table.
    ContractError
        When a needed column is missing or not clear.
    BadCellsError
        When a record is no row and `bad_rows` says ``fail``.
    """
    return settled(gathered(names, layout or Layout()), bad_rows)


def gathered(names: Sequence[str], layout: Layout) -> RawLines:
    """Read files into raw lines as `read` does, before they are judged as a whole."""
    found = tables(names, layout)
    return _raw(list(found), list(found.values()), layout)


def settled(raw: RawLines, bad_rows: Literal["fail", "carry"]) -> RawLines:
    """Return raw lines if as a whole they can be taken for transactions.

    Raises
    ------
    BadCellsError
        When a record is no row and `bad_rows` says ``fail``.
    ContractError
        When a needed column holds nothing at all.
    """
    if raw.rejects is not None and bad_rows == "fail":
        raise first_reject(raw)
    refuse_empty(raw.frame)
    return raw


def paths(names: Sequence[str]) -> tuple[Path, ...]:
    """Return the files behind names, folders and globs, each once, sorted.

    Raises
    ------
    SourceError
        When a name leads to nothing that can be read.
    """
    return expand(names, [s for source in SOURCES.all() for s in source.suffixes])


def tables(names: Sequence[str], layout: Layout) -> dict[str, Table]:
    """Read files, folders and globs as the tables they are, by name.

    Raises
    ------
    SourceError
        When an input is missing, damaged or no table.
    """
    files = paths(names)
    found = [_source(path, layout).read(path, layout) for path in files]
    related = _related(files, found)
    return {called(path): table for path, table in zip(files, related, strict=True)}


def from_frame(
    frame: object, layout: Layout | None = None, name: str = "frame"
) -> RawLines:
    """Read a frame in memory: Polars, pandas, PyArrow, DuckDB or any Arrow stream.

    Parameters
    ----------
    frame
        A table that Polars takes, or that offers itself as an Arrow stream.
    layout
        Which column plays which role.
    name
        What to call it in messages.

    Returns
    -------
    RawLines
        As from a file; the first row is row 2.

    Raises
    ------
    SourceError
        When it is no such table.
    ContractError
        When a needed column is missing or not clear.

    Examples
    --------
    >>> bought = {"customer_id": [7], "date": ["2011-01-31"], "amount": [2.5]}
    >>> from_frame(pl.DataFrame(bought)).frame["amount"].to_list()
    ['2.5']
    """
    table = _polars(frame, name)
    found = {"format": type(frame).__module__.split(".")[0]}
    whole = Table(table, numbered(table.height), "", found)
    return _raw([name], [whole], layout or Layout())


def _related(paths: Sequence[Path], tables: Sequence[Table]) -> list[Table]:
    """Note where a link led, and which files hold the same bytes as one before."""
    seen: dict[str, str] = {}
    related = []
    for path, table in zip(paths, tables, strict=True):
        found = dict(table.detected)
        if table.sha256 in seen:
            found["same_bytes_as"] = seen[table.sha256]
        seen.setdefault(table.sha256, called(path))
        if path.is_symlink():
            found["resolved"] = called(path.resolve())
        related.append(replace(table, detected=found))
    return related


def _polars(frame: object, name: str) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if hasattr(frame, "__arrow_c_stream__"):
        try:
            return pl.DataFrame(frame)
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{name} cannot be read as a table: {reason}.",
                fix="give every column one type; ids as text.",
            ) from None
    raise SourceError(
        f"{name} is a {type(frame).__name__}, not a table.",
        fix="give a Polars, pandas, PyArrow or DuckDB table.",
    )


def _source(path: Path, layout: Layout) -> Source:
    if layout.format is not None:
        return SOURCES.get(layout.format)
    ending = path.name.lower()
    for source in SOURCES.all():
        if ending.endswith(source.suffixes):
            return source
    return SOURCES.get(_by_magic(path, layout))


def _by_magic(path: Path, layout: Layout) -> str:
    """Return the kind of a file whose name says nothing, by its first bytes."""
    with opened(path, layout) as stream:
        start = stream.read(16)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"SQLite format 3"):
        return "sqlite"
    return "duckdb" if start[8:12] == b"DUCK" else "csv"


def _raw(names: list[str], tables: list[Table], layout: Layout) -> RawLines:
    frames, facts, rejects = [], [], []
    for i, (name, table) in enumerate(zip(names, tables, strict=True)):
        table, unnamed = without_unnamed(table, name)
        chosen = match(table.frame.columns, layout, name)
        table = without_totals(table, chosen)
        place = [pl.lit(i, pl.Int32).alias("file"), table.rows.alias("row")]
        frames.append(as_text(table.frame, chosen, name).with_columns(place))
        found = Detected.of({**table.detected, **unnamed}, chosen)
        height = table.frame.height + len(table.rejects)
        facts.append(FileFact(name, height, table.sha256, found))
        rejects += [{"file": name, **asdict(reject)} for reject in table.rejects]
    together = pl.concat(frames, how="diagonal")
    roles = [role for role in ROLES if role in together.columns]
    lines = check(together.select("file", "row", *roles), RAW)
    bad = pl.DataFrame(rejects, schema=REJECTS) if rejects else None
    return RawLines(lines, tuple(facts), bad)


def first_reject(raw: RawLines) -> BadCellsError:
    """Return the error that names the first record that is no row.

    Parameters
    ----------
    raw
        Lines with `RawLines.rejects`.
    """
    assert raw.rejects is not None
    first = raw.rejects.row(0, named=True)
    first["fix"] += " Or rerun with --on-bad-rows quarantine."
    count = raw.rejects.filter(pl.col("reason") == first["reason"]).height
    total = raw.frame.height + raw.rejects.height
    return BadCellsError(first["column"], first["reason"], count, total, first)
