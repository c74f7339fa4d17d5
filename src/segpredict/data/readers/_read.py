"""Read inputs (files, folders, globs, frames) into lines of text under the names of their roles."""

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict import errors
from segpredict.config.presets import preset_for
from segpredict.config.source import SourceOptions, text_cells
from segpredict.core.database import is_address
from segpredict.core.disk import temporary_folder
from segpredict.core.registry import Registry
from segpredict.core.schemas import COLUMN_ROLES, RAW_LINES_SCHEMA, validate_schema
from segpredict.core.transactions import Detected, InputFile, RawLines
from segpredict.data.readers import _order_rows as order_rows
from segpredict.data.readers._columns import match_columns, refuse_empty_roles, status_columns
from segpredict.data.readers._content import joined_status
from segpredict.data.readers._money_columns import describe_unused, refuse_payment_ledger
from segpredict.data.readers._reader import (
    ROW,
    FileReader,
    RejectedRecord,
    SourceTable,
    index_hint,
    table_of_frame,
)
from segpredict.data.readers._spool import RowSpool
from segpredict.data.readers._table import KEY, TableCells
from segpredict.data.readers._unpack import open_unchanged
from segpredict.data.sample.folder import TRANSACTIONS_FILE, is_sample_folder

GLOB_CHARACTERS = frozenset("*?[")
STORE_FILE = "store.json"  # files next to it are parts of a store, not exports
POINTER_START, MAX_POINTER_BYTES = b"version https://git-lfs.github.com/spec/", 1024
TEXTS_OF_REJECTS = ("column", "value", "reason", "fix")
REJECTS_SCHEMA = {"file": pl.String, "row": pl.Int64, **dict.fromkeys(TEXTS_OF_REJECTS, pl.String)}
READERS = Registry("segpredict.data.readers", FileReader, "segpredict.readers")


@dataclass(frozen=True, slots=True)
class OpenedInput:
    """A file to read, and how it is called."""

    path: Path
    name: str  # in messages and in the manifest
    # what is known of the database that it is from
    detected: Mapping[str, str] = field(default_factory=dict, hash=False)


def file_name_text(path: Path) -> str:
    r"""Return the name of a file as text: a disk takes names that are no UTF-8.

    >>> file_name_text(Path(os.fsdecode(b"caf\xe9.csv")))
    'caf\\xe9.csv'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _files(name: str, endings: tuple[str, ...]) -> list[Path]:
    if "://" in name:
        kind = errors.quote_value(name.partition("://")[0] + "://")
        message = f"An address of the kind {kind} is not read, only local files and databases."
        fix = "download it and name the file, or name a database: postgresql://USER@HOST/DATABASE."
        raise errors.UsageError(message, fix=fix)
    if name == "-":
        raise errors.UsageError(
            "The standard input cannot be read: it cannot be read twice, nor hashed.",
            fix="save it to a file and name the file.",
        )
    path = Path(name)
    if path.is_dir() and is_sample_folder(path):
        return [path / TRANSACTIONS_FILE]
    if path.is_dir():
        return _inside(path, endings)
    if path.is_file():
        return [path]
    if path.exists():
        raise errors.SourceError(
            f"{errors.quote_value(name)} is not a regular file.", fix="name a file."
        )
    is_pattern = bool(GLOB_CHARACTERS & set(name))
    # In a glob, folders that exist stand for themselves, brackets and all.
    known = next((folder for folder in path.parents if folder.is_dir()), Path())
    pattern = str(Path(glob.escape(str(known))) / path.relative_to(known))
    found = glob.glob(pattern, recursive=True) if is_pattern else []  # noqa: PTH207
    files = [Path(match) for match in found if Path(match).is_file()]
    if files:
        return files
    folder = path.parent
    raise errors.FileMissingError(
        name, [p.name for p in folder.iterdir()] if folder.is_dir() else []
    )


def _inside(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    stores = {manifest.parent for manifest in folder.rglob(STORE_FILE)}
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name.lower().endswith(endings)
        and stores.isdisjoint(file.parents)
        and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    ]
    if not files:
        message = f"{errors.quote_value(folder)} holds no file that can be read."
        fix = f"name a folder with {', '.join(sorted(endings))} files."
        raise errors.SourceError(message, fix=fix, file=str(folder))
    return files


def read_raw_lines(
    names: Sequence[str],
    layout: SourceOptions | None = None,
    bad_rows: Literal["fail", "carry"] = "fail",
) -> RawLines:
    r"""Read files, folders and globs into raw lines.

    Several inputs are read one after the other, sorted by name. There is one row a line. Every
    cell is text as it stood, trimmed; blank cells are null. ``row`` is the line of the file as a
    person finds it (the header is row 1). Records that are no rows of their table are refused, or
    carried along in `RawLines.rejects`, as `bad_rows` says.

    Raises `SourceError` when an input is missing, damaged or no table; `ContractError` when a
    needed column is missing or not clear; `BadCellsError` when a record is no row and `bad_rows`
    says ``fail``.

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
    with opened_inputs(names, layout) as inputs:
        return collect_inputs(inputs, layout)


def collect_inputs(inputs: Sequence[OpenedInput], layout: SourceOptions) -> RawLines:
    """Read inputs that are open into raw lines, before they are checked as a whole."""
    seen: dict[str, str] = {}
    return _raw(
        (each.name for each in inputs), (_related(each, seen, layout) for each in inputs), layout
    )


def check_raw_lines(raw: RawLines, bad_rows: Literal["fail", "carry"]) -> RawLines:
    """Return raw lines if as a whole they can be taken for transactions, or raise why not."""
    with preset_hint(raw):
        if raw.rejects is not None and bad_rows == "fail":
            raise first_reject_error(raw)
        refuse_empty_roles(raw)
    return raw


@contextmanager
def preset_hint(raw: RawLines) -> Iterator[None]:
    """Let an error on the content of a known export advise its preset first.

    >>> raw = from_frame(pl.DataFrame({"customer_id": [7], "date": ["2011-01-31"], "amount": [2]}))
    >>> with preset_hint(raw):
    ...     pass
    """
    try:
        yield
    except errors.ContractError as error:
        presets = [fact.detected.others.get("preset") for fact in raw.files]
        known = next((preset for preset in presets if preset), None)
        if known:
            error.fix = (
                f"this looks like an export that --config {known} reads. Otherwise: {error.fix}"
            )
        raise


def expand_names(names: Sequence[str]) -> tuple[Path, ...]:
    r"""Return the files behind names, folders and globs, each once, sorted.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     [path.name for path in expand_names([folder])]
    ['sales.csv']
    """
    if not names:
        raise errors.UsageError("No input was named.", fix="name it: --data FILE.")
    endings = tuple(suffix for reader in READERS.all_parts() for suffix in reader.suffixes)
    files = [file for name in names for file in _files(str(name), endings)]
    once = {file.resolve(): file for file in reversed(files)}
    return tuple(sorted(once.values(), key=str))


def read_tables(names: Sequence[str], layout: SourceOptions) -> dict[str, SourceTable]:
    r"""Read files, folders and globs as the tables they are, by name.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     [table.frame.columns for table in read_tables([folder], SourceOptions()).values()]
    [['customer_id', 'date', 'amount']]
    """
    with opened_inputs(names, layout) as inputs:
        return read_inputs(inputs, layout)


def read_inputs(inputs: Sequence[OpenedInput], layout: SourceOptions) -> dict[str, SourceTable]:
    """Read inputs that are open as the tables they are, by name."""
    seen: dict[str, str] = {}
    return {each.name: _related(each, seen, layout) for each in inputs}


@contextmanager
def opened_inputs(
    names: Sequence[str], layout: SourceOptions, known: Mapping[str, str] | None = None
) -> Iterator[tuple[OpenedInput, ...]]:
    r"""Yield the files behind names, sorted by name; for a database, a file made of what it holds.

    `known` are the largest watermarks that were read before, by the name of the database.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     with opened_inputs([folder], SourceOptions()) as inputs:
    ...         [each.path.name for each in inputs]
    ['sales.csv']
    """
    files = [str(name) for name in names if not is_address(str(name))]
    found = []
    if files or not names:
        found = [OpenedInput(path, file_name_text(path)) for path in expand_names(files)]
    with ExitStack() as stack:
        for name in dict.fromkeys(str(name) for name in names if is_address(str(name))):
            from segpredict.data.readers import database  # its libraries take long to load

            folder = stack.enter_context(temporary_folder())
            made = database.extract(name, layout, folder, known)
            found.append(OpenedInput(made.path, made.name, made.detected))
        yield tuple(sorted(found, key=lambda each: each.name))


def from_frame(frame: object, layout: SourceOptions | None = None, name: str = "frame") -> RawLines:
    """Read a frame in memory: Polars, pandas, PyArrow, DuckDB or any Arrow stream.

    Named levels of the index of a pandas frame are columns like others. The result is as from a
    file; the first row is row 2.

    Raises `SourceError` when it is no such table; `ContractError` when a needed column is missing
    or not clear.

    >>> bought = {"customer_id": [7], "date": ["2011-01-31"], "amount": [2.5]}
    >>> from_frame(pl.DataFrame(bought)).frame["amount"].to_list()
    ['2.5']
    """
    with index_hint(frame):
        return _raw([name], iter([table_of_frame(frame, name)]), layout or SourceOptions())


def _related(given: OpenedInput, seen: dict[str, str], layout: SourceOptions) -> SourceTable:
    """Read an input; note where a link led, and whether it holds the same bytes as one before."""
    path, name = given.path, given.name
    kind = replace(layout, format="parquet", max_unpacked_bytes=2**63) if given.detected else layout
    table = _reader(path, kind).read(path, kind)
    found = {**table.detected, **given.detected}
    if seen.setdefault(table.sha256, name) != name:
        found["same_bytes_as"] = seen[table.sha256]
    if path.is_symlink():
        found["resolved"] = file_name_text(path.resolve())
    return replace(table, detected=found)


def _reader(path: Path, layout: SourceOptions) -> FileReader:
    """Return what reads a file: as named, by its ending, or by its first bytes."""
    with open_unchanged(path, layout) as stream:
        start = stream.read(len(POINTER_START))
    if start == POINTER_START and path.stat().st_size <= MAX_POINTER_BYTES:
        # Git leaves it in the place of a large file that was not fetched.
        raise errors.UnreadableFileError(
            str(path), "it is a Git LFS pointer, not the file itself", "fetch it: git lfs pull."
        )
    if layout.format is not None:
        return READERS.get(layout.format)
    for reader in READERS.all_parts():
        if path.name.lower().endswith(reader.suffixes):
            return reader
    known = {b"PAR1": "parquet", b"SQLite format 3": "sqlite"}
    kind = next((known[magic] for magic in known if start.startswith(magic)), "csv")
    return READERS.get("duckdb" if start[8:12] == b"DUCK" and kind == "csv" else kind)


def _raw(names: Iterable[str], tables: Iterator[SourceTable], layout: SourceOptions) -> RawLines:
    """Return the lines of tables, which are read one after the other."""
    spool, facts, rejects = RowSpool(), list[InputFile](), []
    for i, name in enumerate(names):
        lines, fact, rejected, keeper = _raw_table(name, next(tables), layout)
        known = lines.collect_schema().names()
        roles = [role for role in COLUMN_ROLES if role in known]
        placed = lines.select(pl.lit(i, pl.Int32).alias("file"), "row", *roles)
        if keeper is None:
            spool.add(validate_schema(placed.collect(), RAW_LINES_SCHEMA))
        else:
            spool.sink(placed)
        del lines, placed, keeper
        facts.append(fact)
        rejects += [{"file": name, **asdict(reject)} for reject in rejected]
    bad = pl.DataFrame(rejects, schema=REJECTS_SCHEMA) if rejects else None
    frame, store = spool.finish()
    columns = ["file", "row", *(role for role in COLUMN_ROLES if role in frame.columns)]
    on_disk = None if store is None else store.scan().select(columns)
    return RawLines(frame.select(columns), tuple(facts), bad, on_disk, store)


def _raw_table(
    name: str, table: SourceTable, layout: SourceOptions
) -> tuple[pl.LazyFrame, InputFile, list[RejectedRecord], object]:
    """Return the lines of one table, what was found, and records that are no rows.

    The lines of a table on a disk are read from it as long as the last of these is kept.
    """
    cells, blank = order_rows.without_blank_rows(TableCells.of(table))
    cells, unnamed = order_rows.without_unnamed(cells, name)
    chosen = match_columns(cells, layout, name)
    for column in chosen.values():
        if column in table.unreadable:
            raise table.unreadable[column]
    cells, totals = order_rows.without_totals(cells, chosen)
    refuse_payment_ledger(cells, chosen, name)
    states, flags = status_columns(cells, chosen, layout)
    unused = describe_unused(cells, chosen)
    preset = None if layout.columns else preset_for(cells.columns)
    rejects = sorted([*table.rejects, *totals], key=lambda reject: reject.row)
    detected, sha256, keeper = {**table.detected, **blank}, table.sha256, table.keeper
    height = cells.count() + len(rejects)
    texts = {text.meta.output_name(): text for text in text_cells(cells.schema, chosen, name)}
    if states or flags:
        texts["status"] = joined_status(cells, states, flags)
        chosen["status"] = " + ".join([*states, *flags])
    del table  # a large one should not stand beside its text any longer
    cells = cells.remade(texts)
    lines, carried = order_rows.carry_order_fields(cells)
    found = {**detected, **unnamed, **carried, **unused}
    if preset:
        found["preset"] = preset
    fact = InputFile(name, height, sha256, Detected.of(found, chosen))
    return lines.rename({ROW: "row"}).drop(KEY), fact, rejects, keeper


def first_reject_error(raw: RawLines) -> errors.BadCellsError:
    """Return the error that names the first record that is no row."""
    assert raw.rejects is not None
    first = raw.rejects.row(0, named=True)
    if "quarantine" not in first["fix"]:
        first["fix"] += " Or rerun with --on-bad-rows quarantine."
    count = raw.rejects.filter(pl.col("reason") == first["reason"]).height
    total = raw.rows.select(pl.len()).collect().item() + raw.rejects.height
    return errors.BadCellsError(first["column"], first["reason"], count, total, first)
