"""Lines in shards: whole customers, in the order of their ids, one after the other in memory.

Rules look within a customer, so each shard is cleaned by itself; rows without a customer are in
shards of their own, by their order. What steps must know of all lines is asked of every shard
before any goes on. A shop that fits into memory is one shard; nothing depends on their number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import DECIMAL_SUFFIX
from segpredict.core.disk import rewrite_draft
from segpredict.core.transactions import RawLines
from segpredict.core.write_errors import translate_write_errors
from segpredict.data.cleaning._ledger import LedgerWriter
from segpredict.data.cleaning._proof import ColumnProof, with_roles

MAX_ROWS_IN_MEMORY = 1_250_000  # rows above which there are several shards, on disk
ROWS_PER_SHARD = 500_000


class Shard:
    """Raw rows of some customers, and the lines that were made of them.

    `place` is the folder of a shard on disk; in memory there is none.
    """

    def __init__(self, cells: pl.LazyFrame, place: Path | None = None) -> None:
        self._cells, self._place = cells, place
        self._lines: pl.DataFrame | None = None
        self.ledger: LedgerWriter | None = None

    def cells(self) -> pl.DataFrame:
        """Return the raw rows, with all roles."""
        return self._cells.collect()

    @property
    def _path(self) -> Path:
        assert self._place is not None
        return self._place.with_suffix(".arrow")

    def load(self) -> pl.DataFrame:
        """Return the lines as they were saved last; in memory they are not held any more."""
        if self._place is not None:
            return pl.scan_ipc(self._path, glob=False).collect()
        lines, self._lines = self._lines, None
        assert lines is not None
        return lines

    def scan(self) -> pl.LazyFrame:
        """Return the lines, to be read when they are needed."""
        if self._place is not None:
            return pl.scan_ipc(self._path, glob=False)
        assert self._lines is not None
        return self._lines.lazy()

    def save(self, lines: pl.DataFrame) -> None:
        """Keep the lines."""
        if self._place is not None:
            rewrite_draft(self._path, lambda path: lines.write_ipc(path, compression="lz4"))
        else:
            self._lines = lines


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with the lines of each shard."""

    # from a shard, its lines and the answer to the question to the lines that stay
    run: Callable[[Shard, pl.DataFrame, Any], pl.DataFrame]
    ask: Callable[[Shard, pl.DataFrame], Any] | None = None
    combine: Callable[[Sequence[Any]], Any] | None = None


def run_steps(shards: Sequence[Shard], steps: Sequence[Step]) -> None:
    """Run steps on all shards; before one that asks, all shards have answered."""
    start, answer = 0, None
    while start < len(steps):
        asking = (i for i in range(start + 1, len(steps)) if steps[i].ask is not None)
        stop = next(asking, len(steps))
        told = []
        for shard in shards:
            lines = pl.DataFrame() if start == 0 else shard.load()
            for i in range(start, stop):
                lines = steps[i].run(shard, lines, answer if i == start else None)
            if stop < len(steps):
                told.append(steps[stop].ask(shard, lines))  # type: ignore[misc]
            shard.save(lines)
        if stop < len(steps):
            answer = steps[stop].combine(told)  # type: ignore[misc]
        start = stop


def split_rows(
    raw: RawLines, proof: ColumnProof, plan: CleaningOptions, work: Path | None
) -> tuple[Sequence[Shard], pl.Series | None]:
    """Return the rows as one shard; as several if they are many and there is a folder.

    And, of several shards, the numbers of orders of which a line names no customer or day.
    """
    cells = with_roles(raw.rows, plan)
    rows = cells.select(pl.len()).collect().item()
    if work is None or rows <= MAX_ROWS_IN_MEMORY:
        return [Shard(cells)], None
    customers = proof.customers.rows.lazy().with_columns(
        shard=((pl.col("n").cum_sum() - pl.col("n")) // ROWS_PER_SHARD).cast(pl.Int64)
    )
    named, last = customers.select(pl.col("n").sum(), pl.col("shard").max()).collect().row(0)
    first, guests = 1 + (last or 0), max(1, -(-(rows - named) // ROWS_PER_SHARD))
    number = pl.col("order_id").str.replace(DECIMAL_SUFFIX, "$1")
    # Without a number, customer and day make an order.
    order = pl.coalesce(number, pl.col("day").cast(pl.String)).hash(0) % guests
    placed = (
        cells.with_columns(id=proof.customer)
        .join(customers.select("id", "shard"), on="id", how="left")
        .join(proof.times.frame.lazy(), left_on="time", right_on="text", how="left")
        .with_columns(shard=pl.coalesce("shard", first + order.cast(pl.Int64), first))
    )
    is_loose = pl.col("id").is_null() | pl.col("day").is_null()
    loose = placed.filter(is_loose).select(order_id=number).drop_nulls().unique()
    written = placed.select(*cells.collect_schema().names(), "shard")
    by_shard = pl.PartitionBy(work, key="shard", include_key=False)
    with translate_write_errors(work):
        written.sink_parquet(by_shard, compression="lz4", mkdir=True)
    places = [work / f"shard={i}" for i in range(first + guests)]
    shards = [
        Shard(pl.scan_parquet(sorted(place.iterdir()), hive_partitioning=False, glob=False), place)
        for place in places
        if place.is_dir()
    ]
    return shards, loose.collect(engine="streaming")["order_id"]
