"""Write the star: each table as Parquet and as CSV, share by share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from segpredict.core.run_folder import escape_formulas
from segpredict.report.bi._data_dictionary import (
    BI_TABLES,
    data_dictionary_rows,
    render_data_dictionary,
)
from segpredict.report.bi._star_schema import CustomerBatch, StarSchema
from segpredict.report.bi._table import BiTable

RowSink = Callable[[pl.DataFrame], None]


def write_star_schema(star: StarSchema, folder: Path) -> Mapping[str, int]:
    """Write all tables and their dictionary into a folder.

    Parameters
    ----------
    star
        The run.
    folder
        Where ``NAME.parquet``, ``NAME.csv`` and ``data_dictionary_rows.md`` and ``.csv`` shall
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
    rows = {table.name: 0 for table in BI_TABLES}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(_sink(folder / name)) for name in rows}

        def put(table: BiTable, source: StarSchema | CustomerBatch) -> None:
            frame = table.build_rows(source)
            sinks[table.name](frame)
            rows[table.name] += frame.height

        for share in star.customer_batches():
            for table in BI_TABLES:
                if table.is_batched:
                    put(table, share)
        for table in BI_TABLES:
            if not table.is_batched:
                put(table, star)
    (folder / "dictionary.md").write_text(render_data_dictionary(), encoding="utf-8")
    escape_formulas(data_dictionary_rows()).write_csv(folder / "dictionary.csv")
    return rows


@contextmanager
def _sink(stem: Path) -> Iterator[RowSink]:
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
            escape_formulas(frame).write_csv(text, include_header=text.tell() == 0)

        yield put
