"""The rows of a store's files as they were read, stored next to its clean lines.

Cleaning looks at all rows at once: a refund of today voids an order of last month, a
column proves its format by all its cells. So what was read is stored, one Parquet file
per ingest. Which of them make the lines of ``store.json``, and what else a reader needs,
is in a note, named by hashes of that file and of its own content.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from segpredict.core import disk
from segpredict.core.named_files import open_file, read_json, translate_damage
from segpredict.core.schemas import COLUMN_ROLES, RAW_LINES_SCHEMA, validate_schema
from segpredict.core.state import from_plain
from segpredict.core.transactions import InputFile, RawLines, Transactions
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder
from segpredict.data import readers, store
from segpredict.data.ingest.suppression import Suppression
from segpredict.data.store.parts import read_manifest
from segpredict.errors import UsageError, quote_value

RAW_FOLDER = "raw"
METADATA_KEY = b"segpredict"  # where the Parquet schema keeps facts of the files and rejects


@dataclass(frozen=True, slots=True)
class StoreNote:
    """What a store's lines were made with."""

    config: JSON  # all settings, as `Config.to_state` gives them
    side_table_base: str  # the folder in which side tables are looked for
    # names of the files with raw rows, in the order in which they were added
    batches: tuple[str, ...]
    notes: tuple[str, ...]  # what a careful reader would ask about the data
    suppression: Suppression = field(default_factory=Suppression)  # who never comes back


def store_key(shop: Transactions) -> str:
    """Return the key of this state of a store."""
    entries = [asdict(entry) for entry in shop.ledger.entries]
    files = [[fact.name, fact.rows, fact.sha256] for fact in shop.files]
    return _hash([shop.fingerprint, entries, files])


def merge_batches(batches: Sequence[RawLines]) -> RawLines:
    """Return batches as if they had been read in one go: sorted by name of the file."""
    files = [
        (fact.name, batch, file, fact)
        for batch, raw in enumerate(batches)
        for file, fact in enumerate(raw.files)
    ]
    files.sort(key=lambda found: found[:3])
    places = {(batch, file): i for i, (_, batch, file, _) in enumerate(files)}
    frames = []
    for batch, raw in enumerate(batches):
        new = pl.Series([places[batch, file] for file in range(len(raw.files))], dtype=pl.Int32)
        frames.append(raw.rows.with_columns(file=pl.lit(new).gather(pl.col("file"))))
    bad = [raw.rejects for raw in batches if raw.rejects is not None]
    lines = pl.concat(frames, how="diagonal")
    known = lines.collect_schema().names()
    lines = lines.select("file", "row", *(role for role in COLUMN_ROLES if role in known))
    is_on_disk = any(raw.on_disk is not None for raw in batches)
    return RawLines(
        validate_schema((lines.limit(0) if is_on_disk else lines).collect(), RAW_LINES_SCHEMA),
        tuple(fact for *_, fact in files),
        pl.concat(bad).sort("file", "row") if bad else None,
        lines if is_on_disk else None,
        [raw.keeper for raw in batches],
        dict(sum((Counter(raw.left_out) for raw in batches), Counter())),
    )


def save_batch(work: WorkFolder, folder: Path, raw: RawLines) -> str:
    """Write a batch, checksums on, and return its name."""
    rejects = [] if raw.rejects is None else raw.rejects.to_dicts()
    facts: JSON = {"files": [asdict(fact) for fact in raw.files], "rejects": rejects}
    facts |= {"left_out": dict(raw.left_out)} if raw.left_out else {}
    name = f"{_hash(facts)}.parquet"
    schema = raw.frame.to_arrow().schema.with_metadata({METADATA_KEY: json.dumps(facts)})
    frames = [raw.frame] if raw.on_disk is None else raw.on_disk.collect_batches()

    def write(path: Path) -> None:
        options = {"compression": "zstd", "write_page_checksum": True}
        with pq.ParquetWriter(path, schema, **options) as writer:
            for frame in frames:
                writer.write_table(frame.to_arrow().cast(schema))

    work.announce([f"{RAW_FOLDER}/{name}"])
    disk.place_file(work, folder / RAW_FOLDER / name, write)
    return name


def load_batch(folder: Path, name: str) -> RawLines:
    """Return a batch as it was read; a large one stays on the disk."""
    place = f"{RAW_FOLDER}/{name}"
    fact = read_manifest(folder).files.get(place)
    with open_file(folder / place, place, fact) as stream, translate_damage(place):
        file = pq.ParquetFile(stream, page_checksum_verification=True)
        facts = json.loads(file.schema_arrow.metadata[METADATA_KEY])
        files = from_plain(tuple[InputFile, ...], facts["files"])
        is_large = file.metadata.num_rows > readers.MAX_ROWS_IN_MEMORY
        frame = pl.DataFrame(file.schema_arrow.empty_table() if is_large else file.read())
        rejects = pl.DataFrame(facts["rejects"]) if facts["rejects"] else None
        left_out = facts.get("left_out", {})
    if not is_large:
        return RawLines(frame, files, rejects, left_out=left_out)

    def serve(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        # Threads share no reader.
        with open_file(folder / place, place, fact) as stream, translate_damage(place):
            own = pq.ParquetFile(stream, page_checksum_verification=True)
            left = own.metadata.num_rows if n_rows is None else n_rows
            for group in range(own.num_row_groups):
                if left <= 0:
                    return
                rows = pl.DataFrame(own.read_row_group(group, columns=columns)).head(left)
                left -= rows.height
                yield rows if predicate is None else rows.filter(predicate)

    rows = register_io_source(serve, schema=frame.schema)
    return RawLines(frame, files, rejects, rows, left_out=left_out)


def write_note(
    work: WorkFolder, folder: Path, shop: Transactions, note: StoreNote
) -> tuple[str, ...]:
    """Write what a reader of the lines needs to know, before they are published.

    The names of all files with what was read are returned.
    """
    text = json.dumps(asdict(note), indent=1, ensure_ascii=False)
    # The same lines may get another note: the one that counts is never written over.
    name, bad = _note_files(f"{store_key(shop)}-{_hash(asdict(note))}")
    work.announce([name, bad])
    disk.place_file(work, folder / name, text.encode())
    batches = tuple(f"{RAW_FOLDER}/{batch}" for batch in note.batches)
    if shop.rejects is None:
        return (name, *batches)
    disk.place_file(work, folder / bad, shop.rejects.write_parquet)
    return (name, bad, *batches)


def read_note(
    folder: Path, stored: store.StoredTransactions
) -> tuple[StoreNote, Transactions] | None:
    """Return the note on a store, and the store.

    None where there is no note: somebody wrote the lines without `ingest`.
    """
    assert stored.store is not None
    facts = stored.store.manifest.files
    start = f"{RAW_FOLDER}/{store_key(stored)}"
    name = next((each for each in facts if each.startswith(start) and each.endswith(".json")), "")
    if not name:
        return None
    _, bad = _note_files(Path(name).stem)
    with open_file(folder / name, name, facts[name]) as file, translate_damage(name):
        note = from_plain(StoreNote, read_json(file, name))
    rejects = None
    if bad in facts:
        with open_file(folder / bad, bad, facts[bad]) as file, translate_damage(bad):
            rejects = pl.read_parquet(file, glob=False)
    return note, replace(stored, notes=note.notes, rejects=rejects)


def require_note(folder: Path, stored: store.StoredTransactions) -> tuple[StoreNote, Transactions]:
    """Return the note on a store, and the store; refuse one without raw rows."""
    found = read_note(folder, stored)
    if found is None:
        message = f"The store {quote_value(folder)} keeps no raw rows."
        fix = "fill it anew from all files: segpredict ingest --replace."
        raise UsageError(message, fix=fix, file=str(folder))
    return found


def _note_files(key: str) -> tuple[str, str]:
    """Return the names of the note of a state of a store, and of its rejects."""
    return f"{RAW_FOLDER}/{key}.json", f"{RAW_FOLDER}/{key}.rejects"


def _hash(state: JSON) -> str:
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]
