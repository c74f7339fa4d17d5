"""A Spark table, and a function that runs on each of its partitions of whole rows of a key."""

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from segpredict.errors import ExtraMissingError, UsageError

SparkFrame = Any  # a DataFrame of pyspark.sql, classic or Connect: types of an extra
PartitionFunction = Callable[[pl.DataFrame], pl.DataFrame]
BATCH_ROWS = 50_000  # rows that go back to Spark at a time: it holds one batch in memory
SPARK_TYPES: dict[Any, tuple[str, pa.DataType]] = {
    pl.String: ("string", pa.string()),
    pl.Float64: ("double", pa.float64()),
    pl.Int64: ("bigint", pa.int64()),
    pl.Int32: ("int", pa.int32()),
    pl.Int16: ("smallint", pa.int16()),
    pl.Int8: ("tinyint", pa.int8()),
    pl.Boolean: ("boolean", pa.bool_()),
    pl.Date: ("date", pa.date32()),
}


def open_table(given: object) -> SparkFrame:
    """Return a Spark DataFrame as it is, and the table of a name.

    Raises `UsageError` when it is neither; `ExtraMissingError` when Spark is not installed.

    >>> open_table(7)
    Traceback (most recent call last):
    ...
    segpredict.errors.UsageError: A int is no Spark table. Fix: give a DataFrame of PySpark, or \
the name of a table; without Spark, segpredict.load(run).score reads other frames.
    """
    if hasattr(given, "mapInArrow"):
        return given
    if not isinstance(given, str):
        raise UsageError(
            f"A {type(given).__name__} is no Spark table.",
            fix="give a DataFrame of PySpark, or the name of a table; without Spark, "
            "segpredict.load(run).score reads other frames.",
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ExtraMissingError("A Spark table", "spark", "pyspark") from None
    return SparkSession.active().table(given)


def map_partitions(
    table: SparkFrame,
    key: object,
    partitions: int | None,
    compute: PartitionFunction,
    like: pl.DataFrame,
) -> SparkFrame:
    """Return what a function gives for each partition, when all rows of a key are in one.

    `partitions` is their number; ``None`` leaves it to Spark (``spark.sql.shuffle.partitions``, and
    what it joins of them). `like` has the columns of the result. Spark moves the rows, and runs the
    function on its workers, to which it goes with all that it holds.
    """
    kinds = {name: SPARK_TYPES[kind] for name, kind in like.schema.items()}
    schema = pa.schema([(name, arrow) for name, (_, arrow) in kinds.items()])

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = [batch for batch in batches if batch.num_rows]
        if rows:
            given = pl.DataFrame(pa.Table.from_batches(rows))
            found = compute(given).to_arrow(compat_level=pl.CompatLevel.oldest())
            yield from found.cast(schema).to_batches(max_chunksize=BATCH_ROWS)

    named = ", ".join(f"`{name}` {spark}" for name, (spark, _) in kinds.items())
    parted = table.repartition(*[key] if partitions is None else [partitions, key])
    return parted.mapInArrow(run, named)
