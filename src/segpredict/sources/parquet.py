"""Parquet files. Rows are counted as if a header stood above them: the first is 2."""

from pathlib import Path

import polars as pl

from segpredict.errors import UnreadableFileError
from segpredict.sources._layout import Layout
from segpredict.sources._source import Source, Table, digest, numbered


def _read(path: Path, _: Layout) -> Table:
    try:
        frame = pl.read_parquet(path, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableFileError(
            str(path), f"it is not sound Parquet ({reason})", "export it again."
        ) from None
    found = {"format": "parquet"}
    return Table(frame, numbered(frame.height), digest(path), found)


PART = Source("parquet", (".parquet", ".pq"), _read)
