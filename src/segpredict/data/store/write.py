"""Write a store, or bring one up to date and write only what differs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.core.disk import file_fact, lock_folder, place_file, sync
from segpredict.core.process import available_bytes
from segpredict.core.transactions import Transactions
from segpredict.core.work_folder import WorkFolder
from segpredict.core.write_errors import translate_write_errors
from segpredict.data.store import parts, stored
from segpredict.data.store.orders import purchased_products
from segpredict.data.store.parts import (
    STORE_MANIFEST_NAME,
    StoreManifest,
    digest_names,
    first_value_days,
    named_files,
    read_manifest,
)
from segpredict.errors import FileMissingError

BYTES_PER_ROW = 400  # bytes a line takes while it is sorted, all copies together
MAX_SORTED_ROWS = 2_000_000  # lines that are sorted at a time
CUSTOMER_KEY = "customer_id"
MAX_TAIL_SHARE = 8  # the tail is merged when it holds more than one in so many lines


def write_store(
    transactions: Transactions, folder: str | Path, work: WorkFolder | None = None
) -> stored.StoredTransactions:
    """Write lines as a store, in the place of any that is there, and return it opened.

    The folder is made if it is not there; `work` is its lock, where the caller holds it.

    Files of a change get new names and ``store.json`` is replaced last, so a reader
    finds the old store or the new one, never a mixture. Many lines are parted by customer
    on disk and sorted part by part; the result is the same.

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


def keep_on_disk(shop: Transactions, folder: Path) -> stored.StoredTransactions:
    """Return the same shop with its lines in a store, to be read part by part.

    The files are open from then on, so the folder may be removed.
    """
    kept = write_store(shop, folder)
    return replace(
        kept, **{f.name: getattr(shop, f.name) for f in fields(Transactions) if f.name != "lines"}
    )


def draft_store(
    transactions: Transactions, folder: Path, work: WorkFolder, beside: Iterable[str] = ()
) -> Callable[[], stored.StoredTransactions]:
    """Write lines as new files beside the old ones; return what lets them take their place."""
    manifest = _whole(transactions, folder, work)
    return lambda: publish_manifest(folder, manifest, work, beside)


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
    # Order numbers are not needed after lines were sorted: a flag marks the start of each order.
    texts = [n for n, kind in schema.items() if kind == pl.String and n != "order_id"]
    codes = parts.learn_codes(lines, texts)
    base = f"base-{generation}.parquet"
    work.announce({base, *digest_names(base)})
    facts = save_beside_lines(transactions, codes, generation, target, work)
    coded = parts.encode_ids(lines.drop(stored.ORDER_HEAD_FLAG), codes)
    arranged = _sorted(coded, facts["rows"], facts["customers"], work.new_folder())
    parts.save_part(arranged, target / base)
    columns, end = tuple(schema.names()), transactions.end_day
    return StoreManifest(**facts, columns=columns, base=base, tail="", moved="", base_end=end)


def save_beside_lines(
    shop: Transactions, codes: parts.IdDictionaries, generation: int, folder: Path, work: WorkFolder
) -> dict[str, Any]:
    """Write dictionaries and names of products; return what the manifest says of a shop."""
    ids = {name: f"{name}-{generation}.parquet" for name in codes}
    names = "" if shop.product_names is None else f"product_names-{generation}.parquet"
    work.announce({*ids.values(), names} - {""})
    for name, file in ids.items():
        parts.save_table(pl.DataFrame({"id": codes[name]}), folder / file)
    if shop.product_names is not None:
        parts.save_table(shop.product_names, folder / names)
    return {
        "dictionaries": ids,
        "product_names": names,
        "first_day": shop.first_day,
        "end_day": shop.end_day,
        "fingerprint": shop.fingerprint,
        "currency": shop.currency,
        "ledger": shop.ledger,
        "sources": shop.files,
        "rows": shop.lines.select(pl.len()).collect().item(),
        "customers": codes["customer_id"].len(),
        "generation": generation,
        "first_value_days": first_value_days(shop.lines),
    }


def _sorted(
    coded: pl.LazyFrame, rows: int, customers: int, scratch: Path
) -> Iterator[pl.DataFrame]:
    """Yield arranged lines, as many at a time as memory holds."""
    at_once = min(MAX_SORTED_ROWS, max(1, available_bytes() // BYTES_PER_ROW))
    turns = max(1, -(-rows // at_once))
    if turns == 1:
        yield parts.sort_lines(coded.collect(engine="streaming"))
        return
    span = -(-customers // turns)
    by_span = pl.PartitionBy(
        scratch, key={"span": pl.col("customer_id") // span}, include_key=False
    )
    coded.sink_parquet(by_span, compression="lz4", mkdir=True)
    for turn in range(turns):
        here = scratch / f"span={turn}"
        if here.is_dir():
            lines = pl.read_parquet(sorted(here.iterdir()), hive_partitioning=False, glob=False)
            yield parts.sort_lines(lines)


def next_generation(folder: Path) -> int:
    """Return the number of the next change: one that no file there has yet."""
    is_there = (folder / STORE_MANIFEST_NAME).exists()
    number = read_manifest(folder).generation + 1 if is_there else 0
    while any(folder.glob(f"*-{number}.parquet")):
        number += 1
    return number


def publish_manifest(
    folder: Path, manifest: StoreManifest, work: WorkFolder, beside: Iterable[str] = ()
) -> stored.StoredTransactions:
    """Replace the manifest, when all files that it names are on the disk.

    `beside` are files of the store that are not read for its lines. Files with lines are hashed
    once: none is ever written anew under its name.
    """
    work.announce(named_files(folder))
    sync(folder)
    known, others = {n: manifest.files.get(n) for n in manifest.file_names}, dict.fromkeys(beside)
    facts = {name: fact or file_fact(folder / name) for name, fact in (known | others).items()}
    whole = replace(manifest, files=dict(sorted(facts.items())))
    place_file(work, folder / STORE_MANIFEST_NAME, whole.to_json().encode())
    return stored.open_store(folder)


def renew_store(
    transactions: Transactions,
    folder: str | Path,
    work: WorkFolder | None = None,
    beside: Iterable[str] = (),
) -> stored.StoredTransactions:
    """Make a store hold these lines, whatever it held before.

    The result is equal to a store that `write_store` made of them. `beside` are files that belong
    to it as well, named in the manifest.

    A night brings new lines, and a refund in it changes a few old ones. Lines after
    the days of the base go into the tail; a customer with any other change moves there
    with all lines, and the base's lines of that customer count no more. All is written
    anew when the tail would hold more than an eighth of the lines, when an id is gone,
    when columns differ, or when memory is too short to compare.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     renew_store(shop, folder).lines.collect().height
    2
    """
    target = Path(folder)
    with changing(target, work) as held:
        try:
            old = stored.open_store(target).store
        except FileMissingError:
            old = None
        manifest = None if old is None else _changed(old, transactions, held)
        manifest = manifest or _whole(transactions, target, held)
        return publish_manifest(target, manifest, held, beside)


def _changed(
    store: stored.TransactionStore, now: Transactions, work: WorkFolder
) -> StoreManifest | None:
    """Write the new tail and return its manifest; ``None`` if all must be written."""
    manifest, lines = store.manifest, now.lines.drop(stored.ORDER_HEAD_FLAG)
    columns = [column for column in manifest.columns if column != stored.ORDER_HEAD_FLAG]
    rows = int(lines.select(pl.len()).collect().item())
    if lines.collect_schema().names() != columns or rows * BYTES_PER_ROW > available_bytes():
        return None
    codes = _extended(store.codes, lines)
    if codes is None:
        return None
    types = store.base_lines.column_types
    in_base = [pl.col(name).cast(types[name]) for name in columns]
    coded = parts.encode_ids(lines, codes).select(in_base).collect()
    moved = _moved(store, coded, columns)
    is_late = pl.col("day") >= manifest.base_end
    tail = coded.filter(is_late | pl.col("customer_id").is_in(moved.implode()))
    if tail.height * MAX_TAIL_SHARE > rows:
        return None
    return _written(store, now, codes, parts.sort_lines(tail), moved, work)


def _written(
    store: stored.TransactionStore,
    now: Transactions,
    codes: parts.IdDictionaries,
    tail: pl.DataFrame,
    moved: pl.Series,
    work: WorkFolder,
) -> StoreManifest:
    """Write dictionaries and tail; the manifest that makes them count is returned."""
    folder, generation = store.folder, next_generation(store.folder)
    name = f"tail-{generation}.parquet"
    gone = f"moved-{generation}.parquet" if len(moved) else ""
    work.announce({name, *digest_names(name), gone} - {""})
    facts = save_beside_lines(now, codes, generation, folder, work)
    if gone:
        parts.save_table(moved.to_frame("code"), folder / gone)
    parts.save_part([tail], folder / name, _earlier_purchases(store, tail, moved))
    return replace(store.manifest, tail=name, moved=gone, **facts)


def _earlier_purchases(
    store: stored.TransactionStore, tail: pl.DataFrame, moved: pl.Series
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


def _extended(codes: parts.IdDictionaries, lines: pl.LazyFrame) -> parts.IdDictionaries | None:
    """Return the ids with new ones after the old; ``None`` where an old one is gone."""
    new = parts.learn_codes(lines, list(codes))
    found = {}
    for name, ids in codes.items():
        if not ids.is_in(new[name].implode()).all():
            return None
        fresh = new[name].filter(~new[name].is_in(ids.implode()))
        found[name] = pl.concat([ids, fresh])
    return found


def _moved(store: stored.TransactionStore, coded: pl.DataFrame, columns: list[str]) -> pl.Series:
    """Return the customers whose lines in the base's days are not those of the base."""
    early = coded.filter(pl.col("day") < store.manifest.base_end)
    groups = range(store.base_lines.n_row_groups)
    old = pl.concat(_sums(store.base_lines.read(columns, [g])) for g in groups)
    both = old.join(_sums(early.select(columns)), on=CUSTOMER_KEY, how="full", coalesce=True)
    sums, rows = (pl.col(name).ne_missing(pl.col(f"{name}_right")) for name in ("sum", "rows"))
    return both.filter(sums | rows)[CUSTOMER_KEY].sort()


def _sums(lines: pl.DataFrame) -> pl.DataFrame:
    """Return a sum over each customer's lines that differs for other lines."""
    marked = lines.select(CUSTOMER_KEY, sum=lines.hash_rows(1))
    return marked.group_by(CUSTOMER_KEY).agg(pl.col("sum").sum(), rows=pl.len())
