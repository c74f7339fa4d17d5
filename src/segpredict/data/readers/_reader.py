"""What a source is: it turns one file into a table, and says what it found out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.errors import ContractError, UnreadableFileError


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

    frame: pl.DataFrame  # all columns under their own names
    rows: pl.Series  # the physical row of each record, as a person would find it in the file
    sha256: str  # hash of the file's bytes
    detected: Mapping[str, str]  # what was found out on the way
    rejects: tuple[RejectedRecord, ...] = ()  # records that are no rows of the table
    # Columns that could not be read and are empty here: an error each, raised if one is used.
    unreadable: Mapping[str, ContractError] = field(default_factory=dict)

    def require_readable(self, columns: Iterable[str]) -> None:
        """Raise the error of the first of these columns that could not be read."""
        for column in columns:
            if column in self.unreadable:
                raise self.unreadable[column]


@dataclass(frozen=True, slots=True)
class FileReader:
    """One kind of file."""

    name: str  # what `SourceOptions.format` calls it
    suffixes: tuple[str, ...]  # endings by which it is known
    read: Callable[[Path, SourceOptions], SourceTable]  # from a file and a layout to a table


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hash_stream(stream)


def row_numbers(height: int, first: int = 2) -> pl.Series:
    """Return row numbers; the header is row 1."""
    return pl.int_range(first, first + height, dtype=pl.Int64, eager=True).alias("row")


@contextmanager
def translate_read_errors(file: str, kind: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn what a reader raises on a damaged file into one error of ours."""
    try:
        yield
    except errors as error:
        raise _unsound(file, kind, error) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _unsound(file, kind, error) from None


def _unsound(file: str, kind: str, error: BaseException) -> UnreadableFileError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UnreadableFileError(file, f"it is not {kind} ({reason})", "copy or export it again.")
