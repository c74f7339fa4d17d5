"""Scores and features of a large table on Spark beside one process of the same machine.

    python benchmarks/spark/run.py --customers 400000 --cache FOLDER

Makes a sample shop of raw lines and a run of 10,000 of its customers (or reuses them), then scores
all customers once from the table on Spark (`local[2]`, written as Parquet) and once from the same
lines as a store in this process, and compares every value. CPU seconds are those of Spark's
processes, children included. Needs `pip install pyspark` and Java 17.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

sys.path.insert(0, str(Path(__file__).parents[1]))

from scale.run import store_of

import segpredict
from segpredict import pipeline
from segpredict import spark as on_spark
from segpredict.config.load import load_config
from segpredict.data import store

TRAINED_ON = 10_000  # customers


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=400_000)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--cache", type=Path, required=True, help="where shops and runs are kept")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    predictor = segpredict.load(trained(args.cache))
    shop = store.open_store(store_of(args.cache, args.customers))
    lines, scores = args.cache / f"lines-{args.customers}.parquet", args.cache / "scores.parquet"
    if not lines.exists():
        shop.lines.sink_parquet(lines)
    print(f"{shop.lines.select(pl.len()).collect().item():,} lines\n")
    print("| way | s | CPU s |\n| --- | --: | --: |")
    plain = timed("one process, from a store", lambda: predictor.score_table(shop))
    spark = session()

    def on_all() -> None:
        given = spark.read.parquet(str(lines))
        table = on_spark.score(given, predictor, partitions=args.partitions)
        table.write.mode("overwrite").parquet(str(scores))

    timed("Spark, local[2], from Parquet to Parquet", on_all, until=lambda: end(spark))
    found = pl.read_parquet(scores / "*.parquet").sort("customer_id")
    assert_frame_equal(found, plain, check_exact=True)
    print("\nEvery value is equal.")


def trained(cache: Path) -> Path:
    """Return a run of the first customers."""
    run = cache / f"run-{TRAINED_ON}"
    if not run.exists():
        shop, plan = store_of(cache, TRAINED_ON), load_config("online_retail")
        pipeline.run_pipeline(str(shop), plan, pipeline.RunTarget(run))
    return run


def session() -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.executorEnv.POLARS_MAX_THREADS", "1")
    return builder.config("spark.driver.memory", "3g").getOrCreate()


def end(spark: Any) -> None:
    """Stop Spark and wait for its processes, whose CPU time counts when they have ended."""
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def timed(name: str, task: Callable[[], Any], until: Callable[[], Any] = lambda: None) -> Any:
    begin, busy = time.perf_counter(), cpu()
    answer = task()
    wall = time.perf_counter() - begin
    until()
    print(f"| {name} | {wall:.1f} | {cpu() - busy:.1f} |", flush=True)
    return answer


def cpu() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
