"""Write a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from segpredict.core.disk import lock_folder, place_file, sync
from segpredict.core.memory import available_bytes
from segpredict.core.transactions import Transactions
from segpredict.core.work_folder import WorkFolder
from segpredict.core.write_errors import translate_write_errors
from segpredict.data.store import codes as _codes
from segpredict.data.store import parts
from segpredict.data.store.manifest import (
    STORE_MANIFEST_NAME,
    StoreManifest,
    digest_names,
    first_value_days,
    named_files,
    read_manifest,
)
from segpredict.data.store.orders import purchased_products
from segpredict.data.store.stored import (
    ORDER_HEAD_FLAG,
    StoredTransactions,
    TransactionStore,
    open_store,
)

BYTES_PER_ROW = 400  # bytes a line takes while it is sorted, all copies together


def write_store(
    transactions: Transactions, folder: str | Path, work: WorkFolder | None = None
) -> StoredTransactions:
    """Write canonical lines as a store, in the place of any store that is there.

    Parameters
    ----------
    transactions
        The result of cleaning, or any lines that satisfy `core.schemas.LINES_SCHEMA`.
    folder
        Where to; made if it is not there.
    work
        The lock of the folder, where the caller holds it.

    Returns
    -------
    Stored
        The same transactions, read from the store.

    Notes
    -----
    Files of a change get new names and ``store.json`` is replaced last, so a reader
    finds the old store or the new one, never a mixture. When memory is short, lines
    are parted by customer on disk and sorted part by part; the result is the same.

    Examples
    --------
    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_store(shop, folder).fingerprint == shop.fingerprint
    True
    """
    target = Path(folder)
    with changing(target, work) as held:
        return publish_manifest(target, _whole(transactions, target, held), held)


@contextmanager
def changing(folder: Path, work: WorkFolder | None) -> Iterator[WorkFolder]:
    """Be the only one who changes a store; files that it does not need go before and after.

    Who holds the lock already removes them himself.
    """
    with translate_write_errors(folder):
        if work is not None:
            yield work
            return
        with lock_folder(folder) as own:
            own.settle(named_files(folder))
            try:
                yield own
            finally:
                own.settle(named_files(folder))


def _whole(transactions: Transactions, target: Path, work: WorkFolder) -> StoreManifest:
    """Write all lines as new files; return the manifest that makes them count."""
    lines, generation = transactions.lines, next_generation(target)
    schema = lines.collect_schema()
    codes = _codes.learn_codes(lines, _codes.coded_columns(schema))
    rows = int(lines.select(pl.len()).collect().item())
    ids = dictionary_names(codes, generation)
    base = f"base-{generation}.parquet"
    names = product_names_file(transactions.product_names, generation)
    work.announce({*ids.values(), base, *digest_names(base), *({names} - {""})})
    _codes.save_codes(codes, target, ids)
    save_product_names(transactions.product_names, target, names)
    coded = _codes.encode_ids(lines.drop(ORDER_HEAD_FLAG), codes)
    customers = codes["customer_id"].len()
    parts.save_part(_sorted(coded, rows, customers, work.new_folder()), target / base)
    return StoreManifest(
        columns=tuple(schema.names()),
        dictionaries=ids,
        base=base,
        tail="",
        moved="",
        product_names=names,
        first_day=transactions.first_day,
        end_day=transactions.end_day,
        fingerprint=transactions.fingerprint,
        currency=transactions.currency,
        ledger=transactions.ledger,
        sources=transactions.files,
        base_end=transactions.end_day,
        rows=rows,
        customers=codes["customer_id"].len(),
        generation=generation,
        first_value_days=first_value_days(lines),
    )


def earlier_purchases(
    store: TransactionStore, tail: pl.DataFrame, moved: pl.Series
) -> pl.DataFrame:
    """Return what the customers of the tail had bought by the end of the base.

    Not of those who `moved`: all that they bought is in the tail.
    """
    here = pl.col("customer_id").is_in(moved.implode())
    customers = tail.filter(~here).select(pl.col("customer_id").unique())
    columns = ["customer_id", "product_id", "day", "void_day", "is_return"]
    groups = range(store.base_lines.n_row_groups)
    found = [
        purchased_products(
            store.base_lines.read(columns, [group]).join(customers, on="customer_id", how="semi")
        )
        for group in groups
    ]
    return pl.concat(found)


def _sorted(
    coded: pl.LazyFrame, rows: int, customers: int, scratch: Path
) -> Iterator[pl.DataFrame]:
    """Yield arranged lines, as many at a time as memory holds."""
    turns = max(1, -(-rows * BYTES_PER_ROW // max(1, available_bytes())))
    if turns == 1:
        yield parts.sort_lines(coded.collect(engine="streaming"))
        return
    span = -(-customers // turns)
    by_span = pl.PartitionBy(scratch, key={"span": pl.col("customer_id") // span})
    coded.sink_parquet(by_span, compression="lz4", mkdir=True)
    for turn in range(turns):
        here = scratch / f"span={turn}"
        if here.is_dir():
            lines = pl.read_parquet(sorted(here.iterdir()), hive_partitioning=False, glob=False)
            yield parts.sort_lines(lines)


def product_names_file(names: pl.DataFrame | None, generation: int) -> str:
    """Return the file of the names of products; none is empty."""
    return "" if names is None else f"product_names-{generation}.parquet"


def save_product_names(names: pl.DataFrame | None, folder: Path, file: str) -> None:
    """Write the names of products, if there are any."""
    if names is not None:
        _codes.save_table(names, folder / file)


def dictionary_names(codes: _codes.IdDictionaries, generation: int) -> dict[str, str]:
    """Return the name of each dictionary's file."""
    return {name: f"{name}-{generation}.parquet" for name in codes}


def next_generation(folder: Path) -> int:
    """Return the number of the next change: one that no file there has yet."""
    is_there = (folder / STORE_MANIFEST_NAME).exists()
    number = read_manifest(folder).generation + 1 if is_there else 0
    while any(folder.glob(f"*-{number}.parquet")):
        number += 1
    return number


def publish_manifest(folder: Path, manifest: StoreManifest, work: WorkFolder) -> StoredTransactions:
    """Replace the manifest, when all files that it names are on the disk."""
    work.announce(named_files(folder))
    sync(folder)
    place_file(work, folder / STORE_MANIFEST_NAME, manifest.to_json().encode())
    return open_store(folder)
