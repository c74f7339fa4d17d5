"""The benchmark's shop: sample lines on disk, in canonical form, and their store."""

from pathlib import Path

import polars as pl

from segpredict.core.ledger import Ledger
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window, day_number
from segpredict.data import store
from segpredict.data.sample import sample

CUSTOMERS_PER_BLOCK = 10_000
SIZES = {"1m": 4, "10m": 40, "100m": 397}  # blocks
FIRST, DAYS = day_number("2022-01-03"), 728
WINDOW = Window(FIRST + DAYS, first_day=FIRST)
ORIGINS = [WINDOW.at_cutoff(WINDOW.cutoff - 28 * i) for i in range(13)]


def parts(cache: Path, size: str) -> list[Path]:
    """Return the sample's files, drawn where they are not there yet.

    A block's customers are the same in a shop of any size, so sizes share files.
    """
    folder = cache / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"transactions-{i:05d}.parquet" for i in range(SIZES[size])]
    for i, file in enumerate(files):
        if not file.exists():
            block = sample.generate_sample(CUSTOMERS_PER_BLOCK, seed=i, days=DAYS).lines
            customer = pl.col("CustomerID").cast(pl.Int64) + i * CUSTOMERS_PER_BLOCK
            block.with_columns(
                pl.format("{}-{}", "InvoiceNo", pl.lit(i)),
                customer.cast(pl.String),
            ).write_parquet(file)
    return files


def lines(files: list[Path]) -> pl.LazyFrame:
    """Return canonical lines of the sample, less what has no customer or price."""
    moment, back = pl.col("InvoiceDate"), pl.col("Quantity") < 0
    since = (moment.dt.date() - pl.date(1970, 1, 1)).dt.total_days()
    pence = (pl.col("UnitPrice") * MONEY_SCALE).round().cast(pl.Int64)
    return (
        pl.scan_parquet(files)
        .filter(pl.col("CustomerID").is_not_null() & (pl.col("UnitPrice") > 0))
        .select(
            customer_id="CustomerID",
            order_id="InvoiceNo",
            day=since.cast(pl.Int32),
            minute=moment.dt.hour().cast(pl.Int16) * 60 + moment.dt.minute(),
            product_id="StockCode",
            quantity=pl.col("Quantity") * MONEY_SCALE,
            amount=pl.col("Quantity") * pence,
            is_return=back,
            is_order_head=pl.lit(value=False),
            void_day=pl.lit(None, pl.Int32),
            country="Country",
        )
    )


def transactions(files: list[Path]) -> Transactions:
    """Return the sample as cleaning would hand it on, but lazy."""
    return Transactions(lines(files), FIRST, FIRST + DAYS, "", Ledger(()))


def stored(cache: Path, size: str) -> store.StoredTransactions:
    """Return the sample's store, written where it is not there yet."""
    folder = cache / f"store-{size}"
    if (folder / "store.json").exists():
        return store.open_store(folder)
    return store.write_store(transactions(parts(cache, size)), folder)
