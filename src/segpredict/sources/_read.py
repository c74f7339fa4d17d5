"""Read inputs into lines of text under the names of their roles."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from segpredict.contracts import RAW, ROLES, check
from segpredict.errors import SourceError
from segpredict.registry import Registry
from segpredict.sources._columns import as_text, match
from segpredict.sources._layout import Layout
from segpredict.sources._paths import expand
from segpredict.sources._source import Source, Table, numbered
from segpredict.tables import FileFact, RawLines

SOURCES: Registry[Source] = Registry("segpredict.sources", Source)


def read(names: Sequence[str], layout: Layout | None = None) -> RawLines:
    """Read files, folders and globs into raw lines.

    Parameters
    ----------
    names
        What to read; several inputs are read one after the other, sorted by name.
    layout
        Which column plays which role, and how the text is set.

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
    """
    layout = layout or Layout()
    found = tables(names, layout)
    return _raw(list(found), list(found.values()), layout)


def tables(names: Sequence[str], layout: Layout) -> dict[str, Table]:
    """Read files, folders and globs as the tables they are, by name.

    Raises
    ------
    SourceError
        When an input is missing, damaged or no table.
    """
    suffixes = [suffix for source in SOURCES.all() for suffix in source.suffixes]
    paths = expand(names, suffixes)
    return {str(path): _source(path, layout).read(path, layout) for path in paths}


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
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
    return SOURCES.get("parquet" if is_parquet else "csv")


def _raw(names: list[str], tables: list[Table], layout: Layout) -> RawLines:
    frames, facts = [], []
    for i, (name, table) in enumerate(zip(names, tables, strict=True)):
        chosen = match(table.frame.columns, layout, name)
        place = [pl.lit(i, pl.Int32).alias("file"), table.rows.alias("row")]
        frames.append(as_text(table.frame, chosen, name).with_columns(place))
        listed = ", ".join(f"{role} = {column}" for role, column in chosen.items())
        found = {**table.detected, "columns": listed}
        facts.append(FileFact(name, table.frame.height, table.sha256, found))
    together = pl.concat(frames, how="diagonal")
    roles = [role for role in ROLES if role in together.columns]
    return RawLines(check(together.select("file", "row", *roles), RAW), tuple(facts))
