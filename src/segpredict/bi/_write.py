"""Write the star: each table as Parquet and as CSV, share by share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from segpredict.artifacts import harmless
from segpredict.bi._document import dictionary, document
from segpredict.bi._star import Star
from segpredict.bi._table import TABLES

Sink = Callable[[pl.DataFrame], None]


def write(star: Star, folder: Path) -> Mapping[str, int]:
    """Write all tables and their dictionary into a folder.

    Parameters
    ----------
    star
        The run.
    folder
        Where ``NAME.parquet``, ``NAME.csv`` and ``dictionary.md`` and ``.csv`` shall
        stand; made if it is not there.

    Returns
    -------
    mapping
        Rows of each table.

    Notes
    -----
    Tables of customers, orders and lines are made and written share by share; what
    stands in memory does not grow with the lines. In CSV a text that a spreadsheet
    would take for a formula has an apostrophe before it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = dict.fromkeys(TABLES.names(), 0)
    by_share = [name for name in rows if TABLES.get(name).is_by_share]
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(_sink(folder / name)) for name in rows}

        def put(name: str, frame: pl.DataFrame) -> None:
            sinks[name](frame)
            rows[name] += frame.height

        for share in star.shares():
            for name in by_share:
                put(name, TABLES.get(name).made(share))
        for name in rows:
            if name not in by_share:
                put(name, TABLES.get(name).made(star))
    (folder / "dictionary.md").write_text(document(), encoding="utf-8")
    harmless(dictionary()).write_csv(folder / "dictionary.csv")
    return rows


@contextmanager
def _sink(stem: Path) -> Iterator[Sink]:
    """Yield what adds rows to a Parquet file and to a CSV file."""
    with ExitStack() as stack:
        text = stack.enter_context(stem.with_suffix(".csv").open("wb"))
        columns: list[pq.ParquetWriter] = []

        def put(frame: pl.DataFrame) -> None:
            rows = frame.to_arrow()
            if not columns:
                target = stem.with_suffix(".parquet")
                writer = pq.ParquetWriter(target, rows.schema, compression="zstd")
                columns.append(stack.enter_context(writer))
            columns[0].write_table(rows)
            harmless(frame).write_csv(text, include_header=text.tell() == 0)

        yield put
