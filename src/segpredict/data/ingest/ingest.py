"""Put files into a store, night after night, as if all had come at once."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path

import polars as pl

from segpredict.config.load import Config, ConfigLike, as_config, build_config
from segpredict.config.source import SourceOptions
from segpredict.core import disk
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.shop_facts import ShopFacts
from segpredict.core.transactions import Detected, InputFile, RawLines, Transactions
from segpredict.core.wording import worded
from segpredict.core.work_folder import WorkFolder, work_place
from segpredict.core.write_errors import translate_write_errors
from segpredict.data import readers, side_tables, store
from segpredict.data.ingest import raw_batches
from segpredict.data.ingest.read import bad_record_mode, clean_with_side_tables, path_names
from segpredict.data.ingest.suppression import Suppression
from segpredict.errors import (
    FileMissingError,
    SegpredictError,
    TamperedFileError,
    UsageError,
    quote_value,
)

MAX_RAW_BATCHES = 64  # batches of raw rows that become one
ALL_SHEETS = "*"  # as `SourceOptions.sheet`; such a file says so with `sheets`


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What `ingest` did."""

    shop: Transactions  # the store as it is now
    added: tuple[str, ...]  # names of the files that were added
    # names of files whose bytes are in the store already → the name they have there
    skipped: Mapping[str, str]


def ingest(
    names: str | Path | Sequence[str | Path],
    folder: str | Path,
    config: ConfigLike,
    *,
    replace: bool = False,
    pseudonyms: Pseudonymizer | None = None,
) -> IngestResult:
    r"""Put files into a store, so that it is as if all had come at once.

    Parameters
    ----------
    names
        A path or several: files, folders or globs with transactions.
    folder
        The store; made if it is not there.
    config
        How the files are read, and how all rows of the store are cleaned: a `Config`, a preset, a
        path or a dict.
    replace
        Forget what the store holds, but not who was erased from it.
    pseudonyms
        The secret by which people were erased from the store; they are left out of new files.

    Raises
    ------
    BusyError
        When another process writes into the store.
    UsageError
        When the folder holds something else, or a store that keeps no raw rows.
    SegpredictError
        Whatever reading and cleaning refuse; the store is then as it was.

    Notes
    -----
    Raw rows are stored next to the lines, and all are cleaned again: matching, doubles and
    the proofs of formats look at all days. So any order and any split of the files ends
    in the same lines, ledger and rejects as one go.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("customer_id,date,amount\na,2011-01-31,2.5\n")
    ...     result = ingest([str(path)], Path(folder, "store"), Config())
    ...     result.shop.ledger.total("used").rows, len(result.added)
    (1, 1)
    """
    target, config, paths = Path(folder), as_config(config), path_names(names)
    if paths is None:
        message = f"A store is filled from files, and a {type(names).__name__} was given."
        raise UsageError(message, fix="name files or folders; save a frame as Parquet first.")
    with disk.lock_folder(target) as work:
        sweep(work, target)
        try:
            done = _ingested(work, paths, target, config, pseudonyms, replace=replace)
            notes = tuple(map(worded, done.shop.notes))
            return changed(done, shop=changed(done.shop, notes=notes))
        finally:
            sweep(work, target)


def sweep(work: WorkFolder, folder: Path) -> None:
    """Remove what was written for a state of the store that never came to be, or is over."""
    with suppress(SegpredictError):  # a damaged store: nobody knows what it needs
        work.settle(store.named_files(folder))
    with suppress(OSError):  # it holds something
        (folder / raw_batches.RAW_FOLDER).rmdir()


def _ingested(
    work: WorkFolder,
    names: Sequence[str],
    target: Path,
    config: Config,
    pseudonyms: Pseudonymizer | None,
    *,
    replace: bool,
) -> IngestResult:
    found, erased = _before(target, replace=replace)
    files = found[1].files if found else ()
    with readers.opened_inputs(names, config.source, _watermarks(files)) as inputs:
        fresh, skipped = _split_known_files(inputs, config.source, files)
        if found and not fresh and build_config(found[0].config) == config:
            return IngestResult(found[1], (), skipped)
        # The one place where erased people are kept out: before anything of them is stored.
        new = [erased.applied_to(_read(fresh, config), pseudonyms)] if fresh else []
        return _added(work, target, config, (found, erased), new, fresh, skipped)


def _watermarks(files: Iterable[InputFile]) -> dict[str, str]:
    """Return up to where the tables of databases were read, by name; the newest come last."""
    read = {fact.name: fact.detected.others.get("watermark_until") for fact in files}
    return {name: until for name, until in read.items() if until}


def _added(
    work: WorkFolder,
    target: Path,
    config: Config,
    before: tuple[tuple[raw_batches.StoreNote, Transactions] | None, Suppression],
    new: Sequence[RawLines],
    fresh: Mapping[readers.OpenedInput, str],
    skipped: Mapping[str, str],
) -> IngestResult:
    found, erased = before
    if found is None:
        first = next(iter(fresh))
        base = Path() if first.detected else first.path.parent  # a database has no folder
        note = raw_batches.StoreNote({}, str(base.resolve()), (), (), erased)
    else:
        note = found[0]
    known = [raw_batches.load_batch(target, name) for name in note.batches]
    raw = raw_batches.merge_batches([*known, *new])
    if len(note.batches) >= MAX_RAW_BATCHES:
        note, new = changed(note, batches=()), [raw]
    settled = readers.check_raw_lines(raw, bad_record_mode(config.cleaning))
    base = Path(note.side_table_base)
    shop = clean_with_side_tables(settled, config, None, base, work.new_folder())
    if found:
        _require_like(found[1], shop)
    note = changed(note, config=config.to_state(), notes=shop.notes)
    stored = _published(work, target, shop, new, note)
    return IngestResult(stored, tuple(each.name for each in fresh), skipped)


def _split_known_files(
    inputs: Sequence[readers.OpenedInput], layout: SourceOptions, known: Iterable[InputFile]
) -> tuple[dict[readers.OpenedInput, str], dict[str, str]]:
    """Return the files that are new → their hash, and name → known name of the others.

    Another sheet or table of a known file is new, and so are equal bytes in another partition.
    """
    met: dict[str, list[InputFile]] = {}
    for fact in known:
        met.setdefault(fact.sha256, []).append(fact)
    # What will be known of a file once it was read.
    others = {"sheets": ALL_SHEETS} if layout.sheet == ALL_SHEETS else {}
    promised = Detected(sheet=layout.sheet or "", table=layout.table or "", others=others)
    fresh: dict[readers.OpenedInput, str] = {}
    skipped: dict[str, str] = {}
    for given in inputs:
        sha256 = readers.file_sha256(given.path)
        alike = met.setdefault(sha256, [])
        same = [fact.name for fact in alike if _is_same(fact, given.path, layout)]
        if same:
            skipped[given.name] = same[0]
        else:
            fresh[given] = sha256
            alike.append(InputFile(given.name, 0, sha256, promised))
    return fresh, skipped


def _is_same(fact: InputFile, path: Path, layout: SourceOptions) -> bool:
    found = fact.detected
    sheet = ALL_SHEETS if "sheets" in found.others else found.sheet
    here, there = ([f for f in p.parent.parts if "=" in f] for p in (path, Path(fact.name)))
    is_part = layout.sheet in (None, sheet) and layout.table in (None, found.table)
    return here == there and is_part


def _require_like(stored: Transactions, shop: Transactions) -> None:
    """Raise where lines of new days contradict those of the store."""
    is_new = ~pl.col("day").is_between(stored.first_day, stored.end_day, closed="left")
    known = {fact.sha256 for fact in stored.files}
    files = tuple(fact for fact in shop.files if fact.sha256 not in known)
    # New settings apply to all rows, so the definition of revenue is the same.
    ShopFacts.of(stored, "").needing(()).require_same(
        changed(shop, lines=shop.lines.filter(is_new), files=files),
        known="those in the store",
        fix="give them in the form of the store's files, or fill it anew with --replace.",
    )


def _before(
    folder: Path, *, replace: bool
) -> tuple[tuple[raw_batches.StoreNote, Transactions] | None, Suppression]:
    """Return what the store holds, and who was erased from it.

    The first is None where there is no store, or it shall be forgotten.
    """
    try:
        stored = store.open_store(folder)
    except FileMissingError:
        own = {work_place(folder, inside=True).name, raw_batches.RAW_FOLDER}
        strangers = {path.name for path in folder.iterdir()} - own
        if strangers:
            raise UsageError(
                f"{quote_value(folder)} holds {quote_value(min(strangers))} and no store.",
                fix="name an empty folder, or one that is not there yet.",
                file=str(folder),
            ) from None
        return None, Suppression()
    if replace:
        found = None
        with suppress(TamperedFileError):  # a damaged store is replaced as well
            found = raw_batches.read_note(folder, stored)
        return None, Suppression() if found is None else found[0].suppression
    found = raw_batches.require_note(folder, stored)
    return found, found[0].suppression


def _read(fresh: Mapping[readers.OpenedInput, str], config: Config) -> RawLines:
    """Read new files; one that is not the file any more that was found new is refused."""
    layout = side_tables.lines_layout(config)
    raw = readers.collect_inputs(list(fresh), layout)
    for fact, sha256 in zip(raw.files, fresh.values(), strict=True):
        if fact.sha256 != sha256:
            raise readers.changed_file_error(fact.name)
    return raw


def _published(
    work: WorkFolder,
    folder: Path,
    shop: Transactions,
    new: Sequence[RawLines],
    note: raw_batches.StoreNote,
) -> Transactions:
    """Write raw rows, note and lines; ``store.json``, the last, makes them count."""
    with translate_write_errors(folder):
        (folder / raw_batches.RAW_FOLDER).mkdir(exist_ok=True)
        names = [raw_batches.save_batch(work, folder, raw) for raw in new]
        whole = changed(note, batches=(*note.batches, *names))
        beside = raw_batches.write_note(work, folder, shop, whole)
        stored = store.renew_store(shop, folder, work, beside)
    return changed(stored, notes=shop.notes, rejects=shop.rejects, side_tables=shop.side_tables)
