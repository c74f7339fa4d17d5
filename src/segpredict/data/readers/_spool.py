"""Rows that go to a disk when they are many."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from segpredict.core.disk import folder_of
from segpredict.core.write_errors import translate_write_errors

MAX_ROWS_IN_MEMORY = 1_000_000  # rows above which they are kept on a disk …
MAX_ROWS_WAITING = 250_000  # … and how many further ones wait for it together


class RowsOnDisk:
    """Rows in a folder that goes when nobody needs it any more."""

    def __init__(self) -> None:
        self._folder = folder_of(self)
        self._frames: list[tuple[Path, pl.DataFrame]] = []

    def add(self, frames: Iterable[pl.DataFrame | pl.LazyFrame]) -> None:
        """Write rows."""
        for frame in frames:
            path = self._folder / f"{len(self._frames)}.parquet"
            with translate_write_errors(path):
                frame.lazy().sink_parquet(path, compression="lz4")
            self._frames.append((path, frame.lazy().collect_schema().to_frame()))

    @property
    def empty(self) -> pl.DataFrame:
        """The columns of all rows, and no row."""
        return pl.concat((frame for _, frame in self._frames), how="diagonal")

    def scan(self) -> pl.LazyFrame:
        """Return all rows, to be read when they are needed."""
        return pl.concat(
            (pl.scan_parquet(path, glob=False) for path, _ in self._frames), how="diagonal"
        )


class RowSpool:
    """Takes rows frame by frame; once they are many, all go to a disk."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._height = 0
        self._store: RowsOnDisk | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """Take rows."""
        self._frames.append(frame)
        self._height += frame.height
        limit = MAX_ROWS_IN_MEMORY if self._store is None else MAX_ROWS_WAITING
        if self._height > limit:
            self._spill()

    def sink(self, rows: pl.LazyFrame) -> None:
        """Take the rows of a query, without having them in memory."""
        self._spill(rows)

    def finish(self) -> tuple[pl.DataFrame, RowsOnDisk | None]:
        """Return all rows, or none of them and the disk where they are."""
        if self._store is None:
            return pl.concat(self._frames, how="diagonal"), None
        self._spill()
        return self._store.empty, self._store

    def _spill(self, *rows: pl.LazyFrame) -> None:
        self._store = self._store or RowsOnDisk()
        self._store.add([*self._frames, *rows])
        self._frames, self._height = [], 0
