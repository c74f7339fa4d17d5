"""Read a store that `ingest` has filled: as it is, or cleaned with other settings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import Config, build_config
from segpredict.core.transactions import RawLines, Transactions
from segpredict.core.types import DateLike
from segpredict.core.window import day_number
from segpredict.data import cleaning, readers, side_tables, store
from segpredict.data.ingest import raw_batches
from segpredict.errors import TamperedFileError, UsageError, quote_value


def bad_record_mode(plan: CleaningOptions) -> Literal["fail", "carry"]:
    """Return what sources do with a record that is no row, so that cleaning decides."""
    return "fail" if plan.on_bad_rows == "fail" else "carry"


def clean_with_side_tables(
    raw: RawLines, config: Config, as_of: DateLike, base: Path | None
) -> Transactions:
    """Clean lines, priced by the products table where they have no price."""
    tables = side_tables.read_side_tables(config.side_tables, base)
    plan = config.cleaning
    if as_of is not None:
        plan = replace(plan, as_of=day_number(as_of))
    with readers.preset_hint(raw):
        shop = cleaning.clean_lines(side_tables.fill_list_prices(raw, tables), plan)
    return replace(shop, side_tables=tables)


def store_folder(names: Sequence[str]) -> Path | None:
    """Return the folder of the store that was named; None if files were.

    Raises
    ------
    UsageError
        When something else is named as well.

    Examples
    --------
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
    """Return the settings with which a store was filled; None if none is named.

    Examples
    --------
    >>> store_settings("sales.csv") is None
    True
    """
    names = [data] if isinstance(data, str | Path) else data
    if not isinstance(names, list | tuple):
        return None
    folder = store_folder([str(n) for n in names if isinstance(n, str | Path)])
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
        _refuse_cut(folder, as_of)
        return stored, folder
    note, shop = found
    before = build_config(note.config)
    _refuse_columns(folder, before, config)
    base = Path(note.side_table_base)
    if as_of is None and gives_same_lines(shop, before, config):
        return shop, base
    try:
        raw = raw_batches.merge_batches(raw_batches.load_batches(folder, note.batches))
    except TamperedFileError:
        if store.is_current(stored):
            raise
        return read_store(folder, config, as_of)  # a newer one has taken its place
    return readers.check_raw_lines(raw, bad_record_mode(config.cleaning)), base


def _opened(
    folder: Path,
) -> tuple[store.StoredTransactions, tuple[raw_batches.StoreNote, Transactions] | None]:
    """Return a store and the note on it, also while a newer one takes its place."""
    while True:
        stored = store.open_store(folder)
        found = raw_batches.read_note(folder, stored)
        if found is not None or store.is_current(stored):
            return stored, found


def gives_same_lines(shop: Transactions, earlier: Config, current: Config) -> bool:
    """Return whether another config would leave the lines of a store as they are."""
    is_sound = shop.ledger.total("rejected").rows == 0
    plans = (_deciding(config.cleaning, is_sound=is_sound) for config in (earlier, current))
    one, other = plans
    lists = earlier.side_tables.products == current.side_tables.products
    return one == other and lists


def _deciding(plan: CleaningOptions, *, is_sound: bool) -> CleaningOptions:
    """Return a plan without what changes no line: where all rows are sound, much."""
    plan = replace(plan, max_guest_share=1.0)
    return replace(plan, on_bad_rows="fail", max_bad_rows="1%") if is_sound else plan


def _refuse_cut(folder: Path, as_of: DateLike) -> None:
    if as_of is not None:
        raise UsageError(
            f"The store {quote_value(folder)} keeps no raw rows, so it cannot be cut.",
            fix="fill it with segpredict ingest, or leave out --as-of.",
            file=str(folder),
        )


def _refuse_columns(folder: Path, before: Config, now: Config) -> None:
    if before.source.columns != now.source.columns:
        raise UsageError(
            f"The columns of {quote_value(folder)} were named when its files were added.",
            fix="leave out --map and --config, or fill it anew with segpredict ingest --replace.",
            file=str(folder),
        )
