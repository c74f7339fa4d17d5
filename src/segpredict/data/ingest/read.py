"""From names, or a store that `ingest` has filled, to a cleaned shop with its side tables."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import Config, build_config, load_config
from segpredict.core.disk import temporary_folder
from segpredict.core.ledger import ERASED
from segpredict.core.transactions import RawLines, SideTables, Transactions
from segpredict.core.types import DateLike
from segpredict.core.window import day_number
from segpredict.data import cleaning, readers, side_tables, store
from segpredict.data.ingest import raw_batches
from segpredict.data.sample.folder import SAMPLE_PRESET, sample_folder
from segpredict.errors import TamperedFileError, UsageError, quote_value


def bad_record_mode(plan: CleaningOptions) -> Literal["fail", "carry"]:
    """Return what sources do with a record that is no row, so that cleaning decides."""
    return "fail" if plan.on_bad_rows == "fail" else "carry"


def clean_with_side_tables(
    raw: RawLines, config: Config, as_of: DateLike, base: Path | None, work: Path
) -> Transactions:
    """Clean lines, priced by the products table where they have no price.

    The lines of a large shop are then in the folder `work`.
    """
    tables = side_tables.read_side_tables(config, base)
    plan = config.cleaning
    if as_of is not None:
        plan = replace(plan, as_of=day_number(as_of))
    with readers.preset_hint(raw):
        shop = cleaning.clean_lines(side_tables.fill_list_prices(raw, tables), plan, work)
    return _with(shop, tables)


def _with(shop: Transactions, tables: SideTables) -> Transactions:
    """Return a shop with its side tables.

    These are read anew from the shop's files, which still hold people who were erased from a store.
    """
    is_erased = any(entry.rule == ERASED for entry in shop.ledger.entries)
    if is_erased:
        customers = shop.lines.select(pl.col("customer_id").unique()).collect()["customer_id"]
        tables = side_tables.only_of(tables, customers)
    return replace(shop, side_tables=tables)


def _cleaned(raw: RawLines, config: Config, as_of: DateLike, base: Path | None) -> Transactions:
    """Clean lines; those of a large shop are read from a disk as long as they are needed."""
    with temporary_folder() as work:
        shop = clean_with_side_tables(raw, config, as_of, base, work)
        return store.keep_on_disk(shop, work / "store") if any(work.iterdir()) else shop


def store_folder(names: Sequence[str]) -> Path | None:
    """Return the folder of the store that was named; None if files were.

    Raises `UsageError` when something else is named as well.

    >>> store_folder(["sales.csv"]) is None
    True
    """
    stores = [Path(name) for name in names if (Path(name) / readers.STORE_FILE).is_file()]
    if stores and len(names) > 1:
        raise UsageError(
            f"{quote_value(stores[0])} is a store, and something else is named as well.",
            fix="put the files into the store first: segpredict ingest --data FILES "
            f"--store {stores[0]}.",
            file=str(stores[0]),
        )
    return stores[0] if stores else None


def store_settings(data: object) -> Config | None:
    """Return the settings that a store, or a folder of the sample shop, brings; None for others.

    >>> store_settings("sales.csv") is None
    True
    """
    names = [data] if isinstance(data, str | Path) else data
    if not isinstance(names, list | tuple):
        return None
    given = [str(n) for n in names if isinstance(n, str | Path)]
    if sample_folder(given) is not None:
        return load_config(SAMPLE_PRESET)
    folder = store_folder(given)
    found = None if folder is None else _opened(folder)[1]
    return None if found is None else build_config(found[0].config)


def read_store(
    folder: Path, config: Config, as_of: DateLike
) -> tuple[RawLines | Transactions, Path]:
    """Return the lines of a store, and the folder of the side tables.

    Its lines, if they were cleaned with these settings; otherwise its raw
    rows, to be cleaned anew. The store stays as it is.
    """
    stored, found = _opened(folder)
    if found is None:
        if as_of is not None:
            raise UsageError(
                f"The store {quote_value(folder)} keeps no raw rows, so it cannot be cut.",
                fix="fill it with segpredict ingest, or leave out --as-of.",
                file=str(folder),
            )
        return stored, folder
    note, shop = found
    before = build_config(note.config)
    if before.source.columns != config.source.columns:
        message = f"The columns of {quote_value(folder)} were named when its files were added."
        fix = "leave out --map and --config, or fill it anew with segpredict ingest --replace."
        raise UsageError(message, fix=fix, file=str(folder))
    base = Path(note.side_table_base)
    if as_of is None and gives_same_lines(shop, before, config):
        return shop, base
    try:
        batches = [raw_batches.load_batch(folder, name) for name in note.batches]
    except TamperedFileError:
        if stored.store is not None and stored.store.is_current:
            raise
        return read_store(folder, config, as_of)  # a newer one has taken its place
    raw = raw_batches.merge_batches(batches)
    return readers.check_raw_lines(raw, bad_record_mode(config.cleaning)), base


def _opened(
    folder: Path,
) -> tuple[store.StoredTransactions, tuple[raw_batches.StoreNote, Transactions] | None]:
    """Return a store and the note on it, also while a newer one takes its place."""
    while True:
        stored = store.open_store(folder)
        found = raw_batches.read_note(folder, stored)
        if found is not None or (stored.store is not None and stored.store.is_current):
            return stored, found


def gives_same_lines(shop: Transactions, earlier: Config, current: Config) -> bool:
    """Return whether another config would leave the lines of a store as they are."""
    plans = [replace(c.cleaning, max_guest_share=1.0) for c in (earlier, current)]
    if shop.ledger.total("rejected").rows == 0:  # then how bad rows are handled changes no line
        plans = [replace(plan, on_bad_rows="fail", max_bad_rows="1%") for plan in plans]
    has_same_prices = earlier.products == current.products
    return plans[0] == plans[1] and has_same_prices


def read_transactions(names: Sequence[str], config: Config, as_of: DateLike = None) -> Transactions:
    r"""Return the cleaned transactions of files, folders, globs or a store.

    Side tables are read as well.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     read_transactions([str(path)], Config()).lines.collect().height
    1
    """
    found, base = find_lines(names, config, as_of)
    if isinstance(found, RawLines):
        return _cleaned(found, config, as_of, base)
    return _with(found, side_tables.read_side_tables(config, base))


def find_lines(
    names: Sequence[str], config: Config, as_of: DateLike
) -> tuple[RawLines | Transactions, Path]:
    """Return raw rows, or cleaned lines, and the folder of side tables."""
    folder = store_folder(names)
    if folder is not None:
        return read_store(folder, config, as_of)
    layout = side_tables.lines_layout(config)
    raw = readers.read_raw_lines(names, layout, bad_record_mode(config.cleaning))
    return raw, Path(raw.files[0].name).parent


def path_names(data: object) -> list[str] | None:
    """Return the names of files, folders or globs if data are given by names.

    >>> path_names(Path("sales.csv")), path_names(7) is None
    (['sales.csv'], True)
    """
    if isinstance(data, str | Path):
        return [str(data)]
    if isinstance(data, Sequence) and all(isinstance(name, str | Path) for name in data):
        return [str(name) for name in data]
    return None


def read_with_side_tables(data: object, config: Config, as_of: DateLike = None) -> Transactions:
    """Return the cleaned transactions of paths or of a frame, with side tables.

    >>> import polars as pl
    >>> rows = {"customer_id": ["a"], "date": ["2011-01-31"], "amount": ["2.5"]}
    >>> read_with_side_tables(pl.DataFrame(rows), Config()).lines.collect().height
    1
    """
    names = path_names(data)
    if names is not None:
        return read_transactions(names, config, as_of)
    layout = side_tables.lines_layout(config)
    return _cleaned(readers.from_frame(data, layout), config, as_of, None)
