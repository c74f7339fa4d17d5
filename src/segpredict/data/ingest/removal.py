"""Take rows out of a store for good: those of erased people, and those that are too old."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from segpredict.config.load import build_config
from segpredict.core import disk
from segpredict.core.ledger import EXPIRED
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.removal import Removal
from segpredict.core.transactions import RawLines
from segpredict.core.work_folder import WorkFolder
from segpredict.core.write_errors import translate_write_errors
from segpredict.data import cleaning, readers, store
from segpredict.data.ingest import raw_batches
from segpredict.data.ingest.ingest import sweep
from segpredict.data.ingest.read import bad_record_mode, clean_with_side_tables
from segpredict.data.ingest.suppression import without_people, without_rows, written_as


@contextmanager
def removing_people(folder: Path, ids: Collection[str], names: Pseudonymizer) -> Iterator[Removal]:
    """Yield a store without some people, who are never let in again.

    It is the store of all files without their rows: all that is left is cleaned anew.

    * `names`: gives the keyed hashes by which they are kept out.
    """
    with _opened(folder) as (work, note):
        now = replace(note, suppression=note.suppression.with_people(ids, names))
        batches = _batches(folder, note)
        left = {}
        for name, raw in batches.items():
            columns, cells = written_as(raw, ids)
            left[name] = without_people(raw, columns, cells)
        if now == note and all(left[name] is raw for name, raw in batches.items()):
            yield Removal({}, (), lambda: None)  # done by an earlier call
            return
        yield _drafted(work, folder, now, batches, left)


@contextmanager
def removing_before(folder: Path, day: int) -> Iterator[Removal]:
    """Yield a store without the rows that are dated before a day; undated ones stay."""
    with _opened(folder) as (work, note):
        batches = _batches(folder, note)
        whole = raw_batches.merge_batches(list(batches.values()))
        days = cleaning.read_days(whole, build_config(note.config).cleaning)
        old = days.filter(pl.col("day") < day)["text"]
        is_old = pl.col("time").is_in(old.implode())
        left = {name: without_rows(raw, is_old, EXPIRED) for name, raw in batches.items()}
        yield _drafted(work, folder, note, batches, left)


def people_in_store(folder: Path, ids: Collection[str]) -> Mapping[str, pl.DataFrame]:
    """Return the raw rows of some people, by file of the store."""
    stored = store.open_store(folder)
    found = {}
    for name, raw in _batches(folder, raw_batches.require_note(folder, stored)[0]).items():
        texts, _ = written_as(raw, ids)
        rows = raw.rows.filter(pl.col("customer_id").is_in(list(texts))).collect(engine=raw.engine)
        files = pl.Series([fact.name for fact in raw.files], dtype=pl.String)
        found[f"{raw_batches.RAW_FOLDER}/{name}"] = rows.with_columns(
            pl.lit(files).gather(pl.col("file")).alias("file")
        )
    return {name: rows for name, rows in found.items() if rows.height}


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[WorkFolder, raw_batches.StoreNote]]:
    store.open_store(folder)  # before anything is made
    with disk.lock_folder(folder) as work:
        sweep(work, folder)
        try:
            yield work, raw_batches.require_note(folder, store.open_store(folder))[0]
        finally:
            sweep(work, folder)


def _batches(folder: Path, note: raw_batches.StoreNote) -> dict[str, RawLines]:
    return {name: raw_batches.load_batch(folder, name) for name in note.batches}


def _drafted(
    work: WorkFolder,
    folder: Path,
    note: raw_batches.StoreNote,
    before: Mapping[str, RawLines],
    left: Mapping[str, RawLines],
) -> Removal:
    """Write what is left beside the store; ``store.json``, the last, makes it count."""
    rows = {
        f"{raw_batches.RAW_FOLDER}/{name}": _rows(before[name]) - _rows(left[name])
        for name in before
        if left[name] is not before[name]
    }
    config = build_config(note.config)
    raw = raw_batches.merge_batches(list(left.values()))
    settled = readers.check_raw_lines(raw, bad_record_mode(config.cleaning))
    base = Path(note.side_table_base)
    shop = clean_with_side_tables(settled, config, None, base, work.new_folder())
    with translate_write_errors(folder):
        work.announce(store.named_files(folder))
        names = [
            name if left[name] is before[name] else raw_batches.save_batch(work, folder, left[name])
            for name in before
        ]
        now = replace(note, batches=tuple(names), notes=shop.notes)
        beside = raw_batches.write_note(work, folder, shop, now)
        publish = store.draft_store(shop, folder, work, beside)
    drafts = tuple(folder / raw_batches.RAW_FOLDER / name for name in names)
    return Removal(rows, drafts, publish)


def _rows(raw: RawLines) -> int:
    broken = 0 if raw.rejects is None else raw.rejects.height
    return int(raw.rows.select(pl.len()).collect(engine=raw.engine).item()) + broken
