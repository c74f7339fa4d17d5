"""Time, CPU and memory of reading from a server and of publishing to it, beside its bulk load.

    python benchmarks/databases/run.py read postgresql 1000000
    python benchmarks/databases/run.py write mariadb 200000

A database ``segpredict_benchmark_run`` is made on the server, and kept until the next call.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import bulk
import numpy as np
import polars as pl
import sqlalchemy as sa

from segpredict.config.source import SourceOptions
from segpredict.core.database import DatabaseAddress
from segpredict.core.disk import temporary_folder
from segpredict.data.readers import database
from segpredict.report.database import DatabaseTarget, scores_table

NAME = f"segpredict_benchmark_{Path(sys.argv[0]).stem}"  # what is killed is not what is measured
SERVERS = {
    "postgresql": "postgresql+psycopg://postgres@127.0.0.1/",
    "mariadb": "mariadb+pymysql://root@127.0.0.1/",
}
PIECE = 1_000_000  # rows that are made and loaded together


def order_lines(rows: int, seed: int) -> pl.DataFrame:
    """Return order lines as a shop keeps them: eight columns, one of them often empty."""
    draw = np.random.default_rng(seed)
    start = int(datetime(2022, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    times = start + np.sort(draw.integers(0, 700 * 86_400, rows)) * 1_000_000
    number = np.arange(rows) // 8 + seed * 10_000_000
    words = pl.Series(["white mug", "red lamp", None, "paper chain", "tea towel"])
    cents = pl.Series(draw.integers(50, 9999, rows))
    return pl.DataFrame(
        {
            "order_id": pl.Series(number).cast(pl.String),
            "product_id": pl.Series(draw.integers(10_000, 14_000, rows)).cast(pl.String),
            "description": words.gather(draw.integers(0, len(words), rows)),
            "quantity": draw.integers(1, 20, rows),
            "time": pl.Series(times).cast(pl.Datetime("us")),
            "price": (cents.cast(pl.Decimal(19, 4)) / 100).cast(pl.Decimal(19, 4)),
            "customer_id": pl.Series(number % 200_000).cast(pl.String),
            "country": pl.Series(np.full(rows, "United Kingdom")),
        }
    )


def score_rows(rows: int) -> pl.DataFrame:
    """Return scores of so many customers, typed as they are published."""
    draw = np.random.default_rng(7)
    table = scores_table("customer_scores")
    values = {
        "text": lambda: pl.Series(draw.integers(0, 4, rows)).cast(pl.String),
        "whole": lambda: pl.Series(draw.integers(0, 4, rows)),
        "share": lambda: pl.Series(draw.random(rows)),
        "money": lambda: pl.Series(draw.integers(0, 10**7, rows)),
        "date": lambda: pl.Series([date(2024, 1, 1)]).new_from_index(0, rows),
        "flag": lambda: pl.Series(np.full(rows, fill_value=True)),
    }
    frame = pl.DataFrame({column.name: values[column.kind]() for column in table.columns})
    ids = pl.int_range(rows).cast(pl.String)
    frame = frame.with_columns(customer_id=ids, model=pl.lit("a" * 64))
    return frame.select(column.as_expression for column in table.columns)


def server_cpu(kind: str) -> float:
    """Return the CPU seconds of all processes of a server on this machine."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            if name == {"postgresql": "postgres", "mariadb": "mariadbd"}[kind]:
                # Own time, and that of children that have ended.
                total += sum(map(int, rest.split()[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def measured(what: str, kind: str, rows: int, call: Callable[[], object]) -> float:
    """Print what a call took; return its CPU seconds, here and on the server."""
    wall, cpu, there = time.perf_counter(), time.process_time(), server_cpu(kind)
    call()
    seconds = time.perf_counter() - wall
    time.sleep(1)  # until the process of the session has ended, and is counted
    cpu, there = time.process_time() - cpu, server_cpu(kind) - there
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:<24} {rows:>10,} rows {seconds:7.1f} s, "
        f"CPU {cpu:6.1f} s here {there:6.1f} s there, "
        f"{rows / seconds:>8,.0f} rows/s, {rows / (cpu + there):>8,.0f} rows per CPU second, "
        f"peak {peak:,.0f} MB",
        flush=True,
    )
    return cpu + there


def fresh_database(kind: str) -> tuple[sa.Engine, str]:
    """Return an engine of the database of benchmarks, and its address."""
    admin = bulk.engine(SERVERS[kind] + "test").execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {NAME}")
        connection.exec_driver_sql(f"CREATE DATABASE {NAME}")
    return bulk.engine(SERVERS[kind] + NAME), SERVERS[kind] + NAME


def read(kind: str, rows: int) -> None:
    """Load order lines, and read them into the Parquet file from which all else is made."""
    server, address = fresh_database(kind)
    for seed in range(-(-rows // PIECE)):
        piece = order_lines(min(PIECE, rows - seed * PIECE), seed)
        if seed == 0:
            bulk.make_table(server, "orders", piece)
        bulk.bulk_load(server, "orders", piece)
    del piece
    with temporary_folder() as folder:
        call = lambda: database.extract(f"{address}#orders", SourceOptions(), folder)  # noqa: E731
        measured(f"read from {kind}", kind, rows, call)
        found = pl.scan_parquet(folder / "extract.parquet", glob=False)
        total = found.select(pl.len(), pl.col("price").sum()).collect()
        print("rows and sum of prices:", total.row(0), flush=True)
    if kind == "postgresql":
        adbc(address, rows)


def adbc(address: str, rows: int) -> None:
    with temporary_folder() as folder:
        query = folder / "all.sql"
        query.write_text("SELECT * FROM orders")
        layout = SourceOptions(query=str(query))
        given = address.replace("postgresql+psycopg", "adbc+postgresql")
        measured(
            "read by ADBC", "postgresql", rows, lambda: database.extract(given, layout, folder)
        )


def write(kind: str, rows: int) -> None:
    """Publish scores three times: all new, all known, and all changed."""
    server, address = fresh_database(kind)
    frame, table = score_rows(rows), scores_table("customer_scores")
    target = DatabaseTarget(DatabaseAddress.parse(address), create=True)
    target.prepare(table)
    bulk.make_table(server, "plain", frame)
    load = lambda: bulk.bulk_load(server, "plain", frame)  # noqa: E731
    plain = measured(f"bulk load of {kind}", kind, rows, load)
    key = (date(2024, 1, 1), "a" * 64)
    changed = frame.with_columns(p_up=pl.col("p_up") / 2)
    for what, given in (("new", frame), ("known", frame), ("changed", changed)):
        call = lambda given=given: target.write(table, key, [(table, given)])  # noqa: E731
        ours = measured(f"publish, {what}", kind, rows, call)
        print(f"  {ours / plain:.1f} times the bulk load into a table without a key", flush=True)


if __name__ == "__main__":
    task, server_kind, number = sys.argv[1:]
    print(Path(__file__).name, *sys.argv[1:], "load", *map(round, os.getloadavg()))
    {"read": read, "write": write}[task](server_kind, int(number))
