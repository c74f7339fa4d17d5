"""Parts: Parquet files of coded lines, whole customers in each row group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from segpredict.core.disk import sync
from segpredict.core.orders import KEY
from segpredict.data.store.orders import digest_lines
from segpredict.errors import TamperedFileError

# All lines of an order, and of a credit note, are together; `starts` marks the first.
SORT_COLUMNS = ("customer_id", "day", "is_return", "order_id", "void_day")
RUN = (*KEY, "is_return", "void_day")
TIE_COLUMN = "product_id"  # so that the lines of one product are together as well
ROWS_PER_GROUP = 1 << 19  # lines of a row group, more where one customer has more


@contextmanager
def translate_damage(path: Path) -> Iterator[None]:
    """Name the file when what is inside cannot be read or fails its checksum."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise TamperedFileError(path.name, f"is damaged ({error})") from None


def sort_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Sort coded lines and mark where each order and credit note starts."""
    place = [name for name in SORT_COLUMNS if name in lines.columns]
    rest = [name for name in lines.columns if name not in place]
    rest.sort(key=lambda name: name != TIE_COLUMN)
    differs = [pl.col(name).ne_missing(pl.col(name).shift()) for name in RUN]
    is_first = pl.int_range(pl.len()) == 0
    ordered = lines.sort(*place, *rest)
    return ordered.with_columns(starts=pl.any_horizontal(is_first, *differs))


def save_part(
    arranged: Iterable[pl.DataFrame], path: Path, earlier: pl.DataFrame | None = None
) -> None:
    """Write arranged lines, each frame holding whole customers, and their digest."""
    writers: dict[Path, pq.ParquetWriter] = {}
    try:
        for lines in arranged:
            for group in _groups(lines):
                frames = {path: group}
                for kind, rows in digest_lines(group, _of(earlier, group)).items():
                    frames[digest_path(path, kind)] = rows
                _write(frames, writers)
    finally:
        for writer in writers.values():
            writer.close()
    for written in writers:
        sync(written)


def digest_path(path: Path, kind: str) -> Path:
    """Return the path of the rows of a kind that belong to the lines at a path."""
    return path.with_name(f"{kind}-{path.name}")


def _of(earlier: pl.DataFrame | None, group: pl.DataFrame) -> pl.DataFrame | None:
    if earlier is None or group.is_empty():
        return None
    code = group["customer_id"]
    return earlier.filter(pl.col("customer_id").is_between(code[0], code[-1]))


def _write(frames: Mapping[Path, pl.DataFrame], writers: dict[Path, pq.ParquetWriter]) -> None:
    """Write one row group of each: the groups of a number hold the same customers."""
    for path, rows in frames.items():
        table = rows.to_arrow()
        if path not in writers:
            writers[path] = _writer(path, table.schema)
        writers[path].write_table(table, row_group_size=max(1, rows.height))


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    plain = {"customer_id", "order_id", "is_return", "starts", "net"}
    return pq.ParquetWriter(
        path,
        schema,
        compression="lz4",  # a tenth larger than zstd, and read in two thirds the time
        use_dictionary=[name for name in schema.names if name not in plain],
        column_encoding={"customer_id": "DELTA_BINARY_PACKED"},
        write_page_checksum=True,
    )


def _groups(lines: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the lines of each row group: whole customers, and one group at least."""
    customer = lines["customer_id"]
    firsts = np.flatnonzero(np.diff(customer.to_numpy(), prepend=-1.0))
    start = 0
    while start < customer.len():
        after = int(np.searchsorted(firsts, start + ROWS_PER_GROUP))
        end = int(firsts[after]) if after < firsts.size else customer.len()
        yield lines[start:end]
        start = end
    if lines.is_empty():
        yield lines


class StorePart:
    """One file, read by row group with its checksums verified.

    Parameters
    ----------
    path
        The Parquet file.
    file
        The same, opened; it is read as it was then, also after a newer store has removed it.
    """

    def __init__(self, path: Path, file: pa.NativeFile | None = None) -> None:
        self.path = path
        with translate_damage(path):
            self._file = pa.OSFile(str(path)) if file is None else file
            self._facts = pq.read_metadata(self._file)

    @property
    def n_row_groups(self) -> int:
        """Number of row groups."""
        return int(self._facts.num_row_groups)

    @property
    def n_rows(self) -> int:
        """Number of lines."""
        return int(self._facts.num_rows)

    @property
    def column_types(self) -> dict[str, pl.DataType]:
        """Columns and their types."""
        empty = pl.from_arrow(self._facts.schema.to_arrow_schema().empty_table())
        assert isinstance(empty, pl.DataFrame)
        return dict(empty.schema)

    def first_customer(self, group: int) -> int:
        """Return the lowest code in a row group, from the file's statistics."""
        at = self._facts.schema.names.index("customer_id")
        return int(self._facts.row_group(group).column(at).statistics.min)

    def read(self, columns: Iterable[str], groups: Sequence[int] | None = None) -> pl.DataFrame:
        """Return columns of row groups, of all when none is named."""
        names = list(columns)
        chosen = list(range(self.n_row_groups)) if groups is None else list(groups)
        # A reader of its own: one reader must not be asked from two threads at a time.
        with (
            translate_damage(self.path),
            pq.ParquetFile(
                self._file, metadata=self._facts, page_checksum_verification=True
            ) as file,
        ):
            table = file.read_row_groups(chosen, columns=names)
        frame = pl.from_arrow(table.select(names), rechunk=False)
        assert isinstance(frame, pl.DataFrame)
        return frame
