"""Bring a store up to date with all of its lines anew, and write only what differs."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from segpredict.core.memory import available_bytes
from segpredict.core.transactions import Transactions
from segpredict.core.work_folder import WorkFolder
from segpredict.data.store import codes as _codes
from segpredict.data.store import parts
from segpredict.data.store.manifest import StoreManifest, digest_names, first_value_days
from segpredict.data.store.stored import (
    ORDER_HEAD_FLAG,
    StoredTransactions,
    TransactionStore,
    open_store,
)
from segpredict.data.store.write import (
    BYTES_PER_ROW,
    changing,
    dictionary_names,
    earlier_purchases,
    next_generation,
    product_names_file,
    publish_manifest,
    save_product_names,
    write_store,
)
from segpredict.errors import FileMissingError

CUSTOMER_KEY = "customer_id"
MAX_TAIL_SHARE = 8  # the tail is merged when it holds more than one in so many lines


def renew_store(
    transactions: Transactions, folder: str | Path, work: WorkFolder | None = None
) -> StoredTransactions:
    """Make a store hold these lines, whatever it held before.

    Parameters
    ----------
    transactions
        All lines, as cleaning made them.
    folder
        The store; one that is not there yet is written.
    work
        The lock of the store, where the caller holds it.

    Returns
    -------
    Stored
        The store with these lines: equal to one that `write_store` made of them.

    Notes
    -----
    A night brings new lines, and a refund in it changes a few old ones. Lines after
    the days of the base go into the tail; a customer with any other change moves there
    with all lines, and the base's lines of that customer count no more. All is written
    anew when the tail would hold more than an eighth of the lines, when an id is gone,
    when columns differ, or when memory is too short to compare.

    Examples
    --------
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
            old = open_store(target)
        except FileMissingError:
            return write_store(transactions, target, held)
        assert old.store is not None
        changed = _changed(old.store, transactions, held)
        if changed is None:
            return write_store(transactions, target, held)
        return publish_manifest(target, changed, held)


def _changed(store: TransactionStore, now: Transactions, work: WorkFolder) -> StoreManifest | None:
    """Write the new tail and return its manifest; ``None`` if all must be written."""
    manifest, lines = store.manifest, now.lines.drop(ORDER_HEAD_FLAG)
    columns = [column for column in manifest.columns if column != ORDER_HEAD_FLAG]
    rows = int(lines.select(pl.len()).collect().item())
    if lines.collect_schema().names() != columns or rows * BYTES_PER_ROW > available_bytes():
        return None
    codes = _extended(store.codes, lines)
    if codes is None:
        return None
    types = store.base_lines.column_types
    in_base = [pl.col(name).cast(types[name]) for name in columns]
    coded = _codes.encode_ids(lines, codes).select(in_base).collect()
    moved = _moved(store, coded, columns)
    is_late = pl.col("day") >= manifest.base_end
    tail = coded.filter(is_late | pl.col("customer_id").is_in(moved.implode()))
    if tail.height * MAX_TAIL_SHARE > rows:
        return None
    return _written(store, now, codes, parts.sort_lines(tail), moved, work)


def _written(
    store: TransactionStore,
    now: Transactions,
    codes: _codes.IdDictionaries,
    tail: pl.DataFrame,
    moved: pl.Series,
    work: WorkFolder,
) -> StoreManifest:
    """Write dictionaries and tail; the manifest that makes them count is returned."""
    manifest, generation = store.manifest, next_generation(store.folder)
    ids, name = dictionary_names(codes, generation), f"tail-{generation}.parquet"
    gone = f"moved-{generation}.parquet" if len(moved) else ""
    products = product_names_file(now.product_names, generation)
    work.announce({*ids.values(), name, *digest_names(name), *({gone, products} - {""})})
    _codes.save_codes(codes, store.folder, ids)
    save_product_names(now.product_names, store.folder, products)
    if gone:
        _codes.save_code_numbers(moved, store.folder / gone)
    parts.save_part([tail], store.folder / name, earlier_purchases(store, tail, moved))
    return replace(
        manifest,
        dictionaries=ids,
        tail=name,
        moved=gone,
        product_names=products,
        first_day=now.first_day,
        end_day=now.end_day,
        fingerprint=now.fingerprint,
        ledger=now.ledger,
        sources=now.files,
        rows=now.lines.select(pl.len()).collect().item(),
        customers=codes["customer_id"].len(),
        generation=generation,
        first_value_days=first_value_days(now.lines),
    )


def _extended(codes: _codes.IdDictionaries, lines: pl.LazyFrame) -> _codes.IdDictionaries | None:
    """Return the ids with new ones after the old; ``None`` where an old one is gone."""
    new = _codes.learn_codes(lines, list(codes))
    found = {}
    for name, ids in codes.items():
        if not ids.is_in(new[name].implode()).all():
            return None
        fresh = new[name].filter(~new[name].is_in(ids.implode()))
        found[name] = pl.concat([ids, fresh])
    return found


def _moved(store: TransactionStore, coded: pl.DataFrame, columns: list[str]) -> pl.Series:
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
