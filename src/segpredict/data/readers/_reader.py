"""What a source is: it turns one file or frame into a table, and says what it found out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl
from narwhals.dependencies import is_into_series, is_pandas_dataframe, is_pyarrow_table

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.errors import (
    ColumnMissingError,
    ContractError,
    SourceError,
    UnreadableFileError,
    quote_value,
)

ROW = "\0row"  # the column of a table on a disk with its physical rows
# What the conversion of one column raises where Arrow has no type for its cells.
CONVERSION_ERRORS = (
    *(TypeError, ValueError, OverflowError, NotImplementedError),
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that is no row of the table."""

    row: int  # the physical row, as in `SourceTable.rows`
    column: str  # the column at fault
    value: str  # the cell
    reason: str  # what is wrong, to be read after the value
    fix: str  # what to do about it


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One file as a table."""

    # all columns under their own names; those of a large file have no row here
    frame: pl.DataFrame
    rows: pl.Series  # the physical row of each record, as a person would find it in the file
    sha256: str  # hash of the file's bytes
    detected: Mapping[str, str]  # what was found out on the way
    rejects: tuple[RejectedRecord, ...] = ()  # records that are no rows of the table
    # Columns that could not be read and are empty here: an error each, raised if one is used.
    unreadable: Mapping[str, ContractError] = field(default_factory=dict)
    # The rows of a large file, with `ROW`, and what removes them when nobody reads them any more.
    on_disk: pl.LazyFrame | None = None
    keeper: object = field(default=None, compare=False, repr=False)

    @property
    def whole(self) -> pl.DataFrame:
        """All rows, in memory."""
        return self.frame if self.on_disk is None else self.on_disk.drop(ROW).collect()


@dataclass(frozen=True, slots=True)
class FileReader:
    """One kind of file."""

    suffixes: tuple[str, ...]  # endings by which it is known
    read: Callable[[Path, SourceOptions], SourceTable]  # from a file and a layout to a table


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "empty.csv")
    ...     _ = path.write_bytes(b"")
    ...     file_sha256(path)[:8]
    'e3b0c442'
    """
    with path.open("rb") as stream:
        return hash_stream(stream)


def row_numbers(height: int, first: int = 2) -> pl.Series:
    """Return row numbers; the header is row 1.

    >>> row_numbers(3).to_list()
    [2, 3, 4]
    """
    return pl.int_range(first, first + height, dtype=pl.Int64, eager=True).alias("row")


@contextmanager
def translate_read_errors(file: str, kind: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn what a reader raises on a damaged file into one error of ours."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, errors) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableFileError(
            file, f"it is not {kind} ({reason})", "copy or export it again."
        ) from None


def table_of_frame(frame: object, name: str) -> SourceTable:
    """Return a frame as a table; a column that cannot be read counts only if it is used."""
    found = {"format": type(frame).__module__.split(".")[0]}
    unreadable: dict[str, ContractError] = {}
    if is_pandas_dataframe(frame):
        table = _from_columns(_pandas_columns(frame, name), _pandas_series, name, unreadable)
    elif is_pyarrow_table(frame):
        columns = list(zip(frame.column_names, frame.columns, strict=True))
        table = _from_columns(columns, _arrow_series, name, unreadable)
    else:
        table = _polars(frame, name)
    return SourceTable(table, row_numbers(table.height), "", found, unreadable=unreadable)


def in_kind_of(frame: object, result: pl.DataFrame) -> Any:
    """Return a result as pandas or PyArrow where the frame is that, else as it is.

    >>> import pyarrow
    >>> type(in_kind_of(pyarrow.table({"id": ["a"]}), pl.DataFrame({"score": [0.5]}))).__name__
    'Table'
    """
    if is_pandas_dataframe(frame):
        return result.to_pandas()
    if is_pyarrow_table(frame):
        return result.to_arrow(compat_level=pl.CompatLevel.oldest())
    return result


@contextmanager
def index_hint(frame: object) -> Iterator[None]:
    """Let an error on a missing column say so if an index without a name may hold it."""
    try:
        yield
    except ColumnMissingError as error:
        # Rows that were chosen from a frame keep their numbers, which are no data.
        index = frame.index if is_pandas_dataframe(frame) else None
        if index is not None and index.inferred_type != "integer" and None in index.names:
            error.fix = (
                "if the index holds it, make it a column: "
                f"frame.rename_axis('NAME').reset_index(). Otherwise: {error.fix}"
            )
        raise


def _polars(frame: Any, name: str) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if is_into_series(frame) or not hasattr(frame, "__arrow_c_stream__"):
        fix = "give a Polars, pandas, PyArrow or DuckDB table, or the path of a file."
        raise SourceError(f"{name} is a {type(frame).__name__}, not a table.", fix=fix)
    try:
        return pl.DataFrame(frame)
    except CONVERSION_ERRORS as error:
        reason = str(error).splitlines()[0]
        message = f"{name} cannot be read as a table: {reason}."
        raise SourceError(message, fix="give every column one type; ids as text.") from None


def _from_columns(
    columns: Iterable[tuple[str, Any]],
    convert: Callable[[Any], pl.Series],
    name: str,
    unreadable: dict[str, ContractError],
) -> pl.DataFrame:
    """Return a frame of columns that are converted one by one; note those that cannot be."""
    found: dict[str, pl.Series] = {}
    for column, cells in columns:
        if column in found:
            message = f"{name} has more than one column {quote_value(column)}."
            raise SourceError(message, fix="give each column a name of its own.")
        try:
            found[column] = convert(cells)
        except CONVERSION_ERRORS as error:
            unreadable[column] = _unreadable(column, cells, error, name)
            found[column] = pl.Series([None] * len(cells), dtype=pl.String)
    return pl.DataFrame(found)


def _pandas_columns(frame: Any, name: str) -> list[tuple[str, Any]]:
    """Return the columns of a pandas frame, and the levels of its index that have a name."""
    if frame.columns.nlevels > 1:
        fix = "give them one: frame.columns = ['_'.join(map(str, each)) for each in frame.columns]."
        raise SourceError(f"The columns of {name} have {frame.columns.nlevels} levels.", fix=fix)
    columns = [(str(label), frame.iloc[:, i]) for i, label in enumerate(frame.columns)]
    taken = {label for label, _ in columns}
    for i, label in enumerate(frame.index.names):
        if label is not None and str(label) not in taken:
            columns.append((str(label), frame.index.get_level_values(i).to_series()))
    return columns


def _pandas_series(cells: Any) -> pl.Series:
    kind = type(cells.dtype).__name__
    if kind == "CategoricalDtype":
        categories = _pandas_series(cells.cat.categories.to_series())
        codes = pl.Series(cells.cat.codes.to_numpy(), dtype=pl.Int64)
        return categories.gather(codes.replace(-1, None))
    if kind == "PeriodDtype":  # a day, if each of them is within one
        start, end = cells.dt.start_time, cells.dt.end_time
        if (start.dt.normalize() != end.dt.normalize())[cells.notna()].any():
            raise ValueError("periods of more than one day")
        cells = start
    return cast("pl.Series", pl.from_pandas(cells))


def _arrow_series(cells: Any) -> pl.Series:
    if hasattr(cells.type, "value_type") and hasattr(cells.type, "index_type"):
        cells = cells.cast(cells.type.value_type)  # a dictionary, of anything
    return cast("pl.Series", pl.from_arrow(cells))


def _unreadable(column: str, cells: Any, error: Exception, file: str) -> ContractError:
    """Return the error of a column that is no column of Arrow: usually its cells are mixed."""
    place, kinds = f"Column {quote_value(column)} of {quote_value(file)}", {}
    if str(getattr(cells, "dtype", "")) == "object":
        kinds = cells.dropna().map(lambda cell: type(cell).__name__).value_counts().to_dict()
    if len(kinds) > 1:
        listed = " and ".join(f"{count:,} of type {kind}" for kind, count in kinds.items())
        return ContractError(
            f"{place} mixes types: {listed}.",
            fix=f"make them one, for instance text: frame[{column!r}] = "
            f"frame[{column!r}].map(str, na_action='ignore').",
            file=file,
            column=column,
        )
    kind = next(iter(kinds), None) or getattr(cells, "dtype", None) or cells.type
    message = f"{place} cannot be read: it holds {kind} ({str(error).splitlines()[0]})."
    fix = "give it as text, numbers or dates."
    return ContractError(message, fix=fix, file=file, column=column)
