"""Read inputs into lines of text under the names of their roles."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict.config.presets import preset_for
from segpredict.config.source import SourceOptions, columns_as_text
from segpredict.core.registry import Registry
from segpredict.core.schemas import COLUMN_ROLES, RAW_LINES_SCHEMA, validate_schema
from segpredict.core.transactions import Detected, InputFile, RawLines
from segpredict.data.readers._carry import carry_order_fields
from segpredict.data.readers._columns import match_columns, refuse_empty_roles, status_columns
from segpredict.data.readers._frames import index_hint, table_of_frame
from segpredict.data.readers._header import is_unnamed
from segpredict.data.readers._ledger_tables import refuse_payment_ledger
from segpredict.data.readers._paths import expand_paths, file_name_text
from segpredict.data.readers._reader import FileReader, SourceTable
from segpredict.data.readers._status import joined_status
from segpredict.data.readers._totals import without_totals
from segpredict.data.readers._unpack import open_unchanged
from segpredict.data.readers._unused import describe_unused
from segpredict.errors import (
    BadCellsError,
    ContractError,
    UnreadableFileError,
    quote_value,
)

POINTER_START, MAX_POINTER_BYTES = b"version https://git-lfs.github.com/spec/", 1024


def without_blank_rows(table: SourceTable) -> SourceTable:
    """Return the table without rows of which every cell is blank."""
    texts = [name for name, kind in table.frame.schema.items() if kind == pl.String]
    if len(texts) < table.frame.width or not texts:
        return table
    blank = (pl.col(pl.String).str.strip_chars() == "").fill_null(value=True)
    # A pass over all cells is expensive, and only rows that begin blank can be blank.
    first = table.frame[texts[0]]
    starts = (first.str.strip_chars() == "").fill_null(value=True).arg_true()
    if not len(starts):
        return table
    gone = starts.filter(table.frame[starts].select(pl.all_horizontal(blank)).to_series())
    if not len(gone):
        return table
    is_blank = pl.repeat(value=False, n=table.frame.height, dtype=pl.Boolean, eager=True)
    is_blank = is_blank.scatter(gone, values=True)
    found = {**table.detected, "blank_rows": str(is_blank.sum())}
    kept = ~is_blank
    return replace(
        table, frame=table.frame.filter(kept), rows=table.rows.filter(kept), detected=found
    )


def without_unnamed(table: SourceTable, file: str) -> tuple[SourceTable, dict[str, str]]:
    """Return the table without columns that have no name, if nothing is lost with them."""
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
                f"{name} has no name and holds {quote_value(value)}",
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


REJECTS_SCHEMA = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "fix": pl.String,
}
READERS: Registry[FileReader] = Registry("segpredict.data.readers", FileReader)


def read_raw_lines(
    names: Sequence[str],
    layout: SourceOptions | None = None,
    bad_rows: Literal["fail", "carry"] = "fail",
) -> RawLines:
    r"""Read files, folders and globs into raw lines.

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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     read_raw_lines([str(path)]).frame["amount"].to_list()
    ['2.5']
    """
    return check_raw_lines(collect_raw_lines(names, layout or SourceOptions()), bad_rows)


def collect_raw_lines(names: Sequence[str], layout: SourceOptions) -> RawLines:
    """Read files into raw lines as `read_raw_lines` does, before they are checked as a whole."""
    found = read_tables(names, layout)
    return _raw(list(found), list(found.values()), layout)


def check_raw_lines(raw: RawLines, bad_rows: Literal["fail", "carry"]) -> RawLines:
    """Return raw lines if as a whole they can be taken for transactions.

    Raises
    ------
    BadCellsError
        When a record is no row and `bad_rows` says ``fail``.
    ContractError
        When a needed column holds nothing at all.
    """
    with preset_hint(raw):
        if raw.rejects is not None and bad_rows == "fail":
            raise first_reject_error(raw)
        refuse_empty_roles(raw.frame)
    return raw


@contextmanager
def preset_hint(raw: RawLines) -> Iterator[None]:
    """Let an error on the content of a known export advise its preset first.

    Examples
    --------
    >>> raw = from_frame(pl.DataFrame({"customer_id": [7], "date": ["2011-01-31"], "amount": [2]}))
    >>> with preset_hint(raw):
    ...     pass
    """
    try:
        yield
    except ContractError as error:
        presets = [fact.detected.others.get("preset") for fact in raw.files]
        known = next((preset for preset in presets if preset), None)
        if known:
            error.fix = (
                f"this looks like an export that --config {known} reads. Otherwise: {error.fix}"
            )
        raise


def expand_names(names: Sequence[str]) -> tuple[Path, ...]:
    r"""Return the files behind names, folders and globs, each once, sorted.

    Raises
    ------
    SourceError
        When a name leads to nothing that can be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     [path.name for path in expand_names([folder])]
    ['sales.csv']
    """
    return expand_paths(names, [s for source in READERS.all_parts() for s in source.suffixes])


def read_tables(names: Sequence[str], layout: SourceOptions) -> dict[str, SourceTable]:
    r"""Read files, folders and globs as the tables they are, by name.

    Raises
    ------
    SourceError
        When an input is missing, damaged or no table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     [table.frame.columns for table in read_tables([folder], SourceOptions()).values()]
    [['customer_id', 'date', 'amount']]
    """
    files = expand_names(names)
    found = [_source(path, layout).read(path, layout) for path in files]
    related = _related(files, found)
    return {file_name_text(path): table for path, table in zip(files, related, strict=True)}


def from_frame(frame: object, layout: SourceOptions | None = None, name: str = "frame") -> RawLines:
    """Read a frame in memory: Polars, pandas, PyArrow, DuckDB or any Arrow stream.

    Parameters
    ----------
    frame
        A table that Polars takes, or that offers itself as an Arrow stream. Named levels of
        the index of a pandas frame are columns like others.
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
    with index_hint(frame):
        return _raw([name], [table_of_frame(frame, name)], layout or SourceOptions())


def _related(paths: Sequence[Path], tables: Sequence[SourceTable]) -> list[SourceTable]:
    """Note where a link led, and which files hold the same bytes as one before."""
    seen: dict[str, str] = {}
    related = []
    for path, table in zip(paths, tables, strict=True):
        found = dict(table.detected)
        if table.sha256 in seen:
            found["same_bytes_as"] = seen[table.sha256]
        seen.setdefault(table.sha256, file_name_text(path))
        if path.is_symlink():
            found["resolved"] = file_name_text(path.resolve())
        related.append(replace(table, detected=found))
    return related


def _source(path: Path, layout: SourceOptions) -> FileReader:
    _refuse_pointer(path, layout)
    if layout.format is not None:
        return READERS.get(layout.format)
    ending = path.name.lower()
    for source in READERS.all_parts():
        if ending.endswith(source.suffixes):
            return source
    return READERS.get(_by_magic(path, layout))


def _refuse_pointer(path: Path, layout: SourceOptions) -> None:
    """Refuse what Git leaves in the place of a large file that was not fetched."""
    if path.stat().st_size > MAX_POINTER_BYTES:
        return
    with open_unchanged(path, layout) as stream:
        start = stream.read(len(POINTER_START))
    if start == POINTER_START:
        raise UnreadableFileError(
            str(path), "it is a Git LFS pointer, not the file itself", "fetch it: git lfs pull."
        )


def _by_magic(path: Path, layout: SourceOptions) -> str:
    """Return the kind of a file whose name says nothing, by its first bytes."""
    with open_unchanged(path, layout) as stream:
        start = stream.read(16)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"SQLite format 3"):
        return "sqlite"
    return "duckdb" if start[8:12] == b"DUCK" else "csv"


def _raw(names: list[str], tables: list[SourceTable], layout: SourceOptions) -> RawLines:
    frames, facts, rejects = [], [], []
    for i, (name, table) in enumerate(zip(names, tables, strict=True)):
        table, unnamed = without_unnamed(without_blank_rows(table), name)
        chosen = match_columns(table.frame, layout, name)
        table.require_readable(chosen.values())
        table = without_totals(table, chosen)
        refuse_payment_ledger(table.frame, chosen, name)
        states, flags = status_columns(table.frame, chosen, layout)
        text = columns_as_text(table.frame, chosen, name)
        if states or flags:
            text = text.with_columns(joined_status(table.frame, states, flags))
            chosen["status"] = " + ".join([*states, *flags])
        lines, carried = carry_order_fields(text)
        place = [pl.lit(i, pl.Int32).alias("file"), table.rows.alias("row")]
        frames.append(lines.with_columns(place))
        beside = describe_unused(table.frame, chosen)
        preset = None if layout.columns else preset_for(table.frame.columns)
        known = {"preset": preset} if preset else {}
        found = Detected.of({**table.detected, **unnamed, **carried, **beside, **known}, chosen)
        height = table.frame.height + len(table.rejects)
        facts.append(InputFile(name, height, table.sha256, found))
        rejects += [{"file": name, **asdict(reject)} for reject in table.rejects]
    together = pl.concat(frames, how="diagonal")
    roles = [role for role in COLUMN_ROLES if role in together.columns]
    lines = validate_schema(together.select("file", "row", *roles), RAW_LINES_SCHEMA)
    bad = pl.DataFrame(rejects, schema=REJECTS_SCHEMA) if rejects else None
    return RawLines(lines, tuple(facts), bad)


def first_reject_error(raw: RawLines) -> BadCellsError:
    """Return the error that names the first record that is no row."""
    assert raw.rejects is not None
    first = raw.rejects.row(0, named=True)
    if "quarantine" not in first["fix"]:
        first["fix"] += " Or rerun with --on-bad-rows quarantine."
    count = raw.rejects.filter(pl.col("reason") == first["reason"]).height
    total = raw.frame.height + raw.rejects.height
    return BadCellsError(first["column"], first["reason"], count, total, first)
