"""Write the star schema: each table as Parquet and as CSV, batch by batch."""

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
    """Write all tables and their dictionary into a folder; return the rows of each table.

    ``NAME.parquet``, ``NAME.csv``, ``dictionary.md`` and ``.csv``; the folder is created if it does
    not exist.

    Tables of customers, orders and lines are built and written batch by batch, so that
    memory does not grow with the lines. In CSV a text that a spreadsheet would take for
    a formula gets an apostrophe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = {table.name: 0 for table in BI_TABLES}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(_sink(folder / name)) for name in rows}

        def put(table: BiTable, source: StarSchema | CustomerBatch) -> None:
            frame = table.build_rows(source)
            sinks[table.name](frame)
            rows[table.name] += frame.height

        for batch in star.customer_batches():
            for table in BI_TABLES:
                if table.is_batched:
                    put(table, batch)
        for table in BI_TABLES:
            if not table.is_batched:
                put(table, star)
    (folder / "dictionary.md").write_text(render_data_dictionary(), encoding="utf-8")
    escape_formulas(data_dictionary_rows()).write_csv(folder / "dictionary.csv")
    return rows


@contextmanager
def _sink(stem: Path) -> Iterator[RowSink]:
    """Yield a function that appends rows to a Parquet file and to a CSV file."""
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
