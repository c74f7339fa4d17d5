"""Read inputs into lines of text under the names of their roles."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict.contracts import RAW, ROLES, check
from segpredict.errors import BadCellsError, SourceError
from segpredict.registry import Registry
from segpredict.sources._columns import as_text, match, refuse_empty
from segpredict.sources._layout import Layout
from segpredict.sources._paths import called, expand
from segpredict.sources._sift import without_totals, without_unnamed
from segpredict.sources._source import Source, Table, numbered
from segpredict.sources._unpack import opened
from segpredict.tables import FileFact, RawLines

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
        listed = ", ".join(f"{role} = {column}" for role, column in chosen.items())
        found = {**table.detected, **unnamed, "columns": listed}
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
