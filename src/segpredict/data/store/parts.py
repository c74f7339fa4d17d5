"""The files of a store: Parquet parts of coded lines with ids by code, and the manifest.

Each row group of a part holds whole customers. The manifest says which files belong together,
and what they hold.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from segpredict.core.disk import HASH_BYTES, open_plain, sync
from segpredict.core.ledger import Ledger
from segpredict.core.named_files import (
    FileFacts,
    read_json,
    require_file_facts,
    require_signature,
    signature_of,
    translate_damage,
)
from segpredict.core.orders import KEY
from segpredict.core.state import from_plain
from segpredict.core.transactions import InputFile
from segpredict.core.types import JSON
from segpredict.data.store.orders import DIGEST_KINDS, digest_lines
from segpredict.errors import ArtifactError, FileMissingError, TamperedFileError

IdDictionaries = Mapping[str, pl.Series]  # column → its ids, by code
# All lines of an order, and of a credit note, are together; `starts` marks the first.
SORT_COLUMNS = ("customer_id", "day", "is_return", "order_id", "void_day")
RUN = (*KEY, "is_return", "void_day")
TIE_COLUMN = "product_id"  # so that the lines of one product are together as well
ROWS_PER_GROUP = 1 << 19  # lines of a row group, more where one customer has more
FirstValueDays = Mapping[str, tuple[int | None, int | None]]  # first day; first never voided

_ALWAYS = {  # or never queried
    *("customer_id", "order_id", "is_order_head"),
    *("day", "void_day", "quantity", "amount"),
}


def learn_codes(lines: pl.LazyFrame, columns: list[str]) -> dict[str, pl.Series]:
    """Return the ids in each column, sorted, so that codes follow the order of ids."""
    queries = [lines.select(pl.col(c).drop_nulls().unique().sort()) for c in columns]
    found = pl.collect_all(queries, engine="streaming")
    return {name: ids[name] for name, ids in zip(columns, found, strict=True)}


def encode_ids(lines: pl.LazyFrame, codes: IdDictionaries) -> pl.LazyFrame:
    """Replace ids by codes."""
    for name, ids in codes.items():
        numbers = pl.int_range(ids.len(), dtype=pl.UInt32, eager=True)
        dictionary = pl.LazyFrame({"id": ids, "code": numbers})
        coded = lines.join(dictionary, left_on=name, right_on="id", how="left")
        lines = coded.drop(name).rename({"code": name})
    return lines


def decode_ids(lines: pl.DataFrame, codes: IdDictionaries) -> pl.DataFrame:
    """Replace codes by ids."""
    present = [name for name in codes if name in lines.columns]
    return lines.with_columns(codes[name].gather(lines[name]).alias(name) for name in present)


def save_table(table: pl.DataFrame, path: Path) -> None:
    """Write a small table, such as ids by code, checksums on."""
    pq.write_table(table.to_arrow(), path, compression="zstd", write_page_checksum=True)
    sync(path)


def sort_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Sort coded lines and mark where each order and credit note starts."""
    place = [name for name in SORT_COLUMNS if name in lines.columns]
    rest = [name for name in lines.columns if name not in place]
    rest.sort(key=lambda name: name != TIE_COLUMN)
    differs = [pl.col(name).ne_missing(pl.col(name).shift()) for name in RUN]
    starts = pl.any_horizontal(pl.int_range(pl.len()) == 0, *differs)
    return lines.sort(*place, *rest).with_columns(starts=starts)


def save_part(
    arranged: Iterable[pl.DataFrame], path: Path, earlier: pl.DataFrame | None = None
) -> None:
    """Write arranged lines, each frame holding whole customers, and their digest."""
    writers: dict[Path, pq.ParquetWriter] = {}
    try:
        for group in _groups(arranged):
            known = None
            if earlier is not None and not group.is_empty():
                first, last = group["customer_id"][0], group["customer_id"][-1]
                known = earlier.filter(pl.col("customer_id").is_between(first, last))
            _write(path, group, writers)
            for kind, rows in digest_lines(group, known).items():
                _write(digest_path(path, kind), rows, writers)
    finally:
        for writer in writers.values():
            writer.close()
    for written in writers:
        sync(written)


def digest_path(path: Path, kind: str) -> Path:
    """Return the path of the rows of a kind that belong to the lines at a path."""
    return path.with_name(f"{kind}-{path.name}")


def _write(path: Path, rows: pl.DataFrame, writers: dict[Path, pq.ParquetWriter]) -> None:
    """Write one row group: the groups of a number hold the same customers in every file."""
    table = rows.to_arrow()
    if path not in writers:
        plain = {"customer_id", "order_id", "is_return", "starts", "net"}
        writers[path] = pq.ParquetWriter(
            path,
            table.schema,
            compression="lz4",  # a tenth larger than zstd, and read in two thirds the time
            use_dictionary=[name for name in table.schema.names if name not in plain],
            column_encoding={"customer_id": "DELTA_BINARY_PACKED"},
            write_page_checksum=True,
        )
    writers[path].write_table(table, row_group_size=max(1, rows.height))


def _groups(arranged: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the lines of each row group: whole customers, and one group at least.

    However lines come in frames, the groups are the same.
    """
    rest: pl.DataFrame | None = None
    is_any = False
    for frame in arranged:
        rest = frame if rest is None or rest.is_empty() else pl.concat([rest, frame])
        customer = rest["customer_id"]
        firsts = np.flatnonzero(np.diff(customer.to_numpy(), prepend=-1.0))
        start = 0
        # A group ends where a customer begins; the last may go on in the next frame.
        while (after := int(np.searchsorted(firsts, start + ROWS_PER_GROUP))) < firsts.size:
            yield rest[start : (start := int(firsts[after]))].rechunk()
            is_any = True
        rest = rest[start:]
    if rest is not None and (rest.height or not is_any):
        yield rest.rechunk()


class StorePart:
    """One open Parquet file whose hash is that of the manifest, read by row group.

    It is read as it was when it was opened, also after a newer store has removed it. Checksums of
    pages are verified as well: what is read may have changed since.
    """

    def __init__(self, name: str, file: pa.NativeFile, fact: Mapping[str, JSON]) -> None:
        self.name = name
        _require_bytes(file, name, fact)
        self._file = file
        with translate_damage(name):
            self._facts = pq.read_metadata(file)

    @property
    def n_row_groups(self) -> int:
        """Number of row groups."""
        return int(self._facts.num_row_groups)

    @property
    def column_types(self) -> dict[str, pl.DataType]:
        """Columns and their types."""
        with translate_damage(self.name):
            empty = pl.from_arrow(self._facts.schema.to_arrow_schema().empty_table())
        assert isinstance(empty, pl.DataFrame)
        return dict(empty.schema)

    def first_customer(self, group: int) -> int:
        """Return the lowest code in a row group, from the file's statistics."""
        with translate_damage(self.name):
            at = self._facts.schema.names.index("customer_id")
            return int(self._facts.row_group(group).column(at).statistics.min)

    def read(self, columns: Iterable[str], groups: Sequence[int] | None = None) -> pl.DataFrame:
        """Return columns of row groups, of all when none is named."""
        names = list(columns)
        chosen = list(range(self.n_row_groups)) if groups is None else list(groups)
        # A reader of its own: one reader must not be asked from two threads at a time.
        with (
            translate_damage(self.name),
            pq.ParquetFile(
                self._file, metadata=self._facts, page_checksum_verification=True
            ) as file,
        ):
            table = file.read_row_groups(chosen, columns=names)
            frame = pl.from_arrow(table.select(names), rechunk=False)
        assert isinstance(frame, pl.DataFrame)
        return frame


def _require_bytes(file: pa.NativeFile, name: str, fact: Mapping[str, JSON]) -> None:
    """Refuse a file whose bytes are not those of its hash.

    Read by place: another thread may do the same.
    """
    digest, size = hashlib.sha256(), fact["bytes"]
    for place in range(0, size, HASH_BYTES):
        digest.update(file.read_at(HASH_BYTES, place))
    if file.size() != size or digest.hexdigest() != fact["sha256"]:
        raise TamperedFileError(name)


def first_value_days(lines: pl.LazyFrame) -> FirstValueDays:
    """Return since when each column has values, ``is_return`` since when it holds."""
    day, lasts = pl.col("day"), pl.col("void_day").is_null()
    names = [name for name in lines.collect_schema() if name not in _ALWAYS]
    there = {name: pl.col(name).is_not_null() for name in names}
    there["is_return"] = pl.col("is_return")
    queries = [
        pl.when(where & also).then(day).min().alias(f"{name}/{i}")
        for name, where in there.items()
        for i, also in enumerate((pl.lit(value=True), lasts))
    ]
    row = lines.select(queries).collect(engine="streaming").row(0, named=True)
    return {name: (row[f"{name}/0"], row[f"{name}/1"]) for name in names}


STORE_MANIFEST_NAME = "store.json"
STORE_FORMAT = 6
KIND = "store"


@dataclass(frozen=True, slots=True)
class StoreManifest:
    """What ``store.json`` says: which files belong together, and what they hold."""

    columns: tuple[str, ...]  # the lines' columns, in order
    dictionaries: Mapping[str, str]  # file of the dictionary of each coded column
    # file of all lines but the newest days, and file of those; none is ""
    base: str
    tail: str
    # file of the customers whose lines are all in the tail, so that those in the base count no
    # more; none is ""
    moved: str
    product_names: str  # file of the names of products; none is ""
    # as in `Transactions`
    first_day: int
    end_day: int
    fingerprint: str
    currency: str
    ledger: Ledger
    sources: tuple[InputFile, ...]
    # the day after the last of the base; every line of the tail is on it or later, but for
    # customers who moved
    base_end: int
    # how many
    rows: int
    customers: int
    generation: int  # rises with each change, so that files are never overwritten
    first_value_days: FirstValueDays  # since when each column has values (`first_value_days`)
    # hash and size of every file of the store, those of `file_names` and those that stand beside
    files: FileFacts = field(default_factory=dict)

    @property
    def file_names(self) -> set[str]:
        """Names of the files that are read for the lines."""
        lines = {self.base, self.tail} - {""}
        digests = {name for file in lines for name in digest_names(file)}
        others = {self.moved, self.product_names} - {""}
        return {*self.dictionaries.values(), *lines, *digests, *others}

    def to_json(self) -> str:
        """Return the manifest as JSON, with its digest, and signed where a key is set."""
        facts = {"format": STORE_FORMAT, **asdict(self)}
        facts["digest"] = _digest(facts)
        if signature := signature_of(KIND, facts["digest"]):
            facts["signature"] = signature
        return _text(facts)


def _digest(facts: Mapping[str, JSON]) -> str:
    content = {key: value for key, value in facts.items() if key not in ("digest", "signature")}
    return hashlib.sha256(_text(content).encode()).hexdigest()


def _text(facts: Mapping[str, JSON]) -> str:
    return json.dumps(facts, indent=2, default=dict) + "\n"


def digest_names(file: str) -> set[str]:
    """Return the names of the files that are written with a file of lines."""
    return {digest_path(Path(file), kind).name for kind in DIGEST_KINDS}


def named_files(folder: Path) -> set[str]:
    """Return the names of all files of the store in a folder; none where there is no store."""
    try:
        return set(read_manifest(folder).files)
    except FileMissingError:
        return set()


def read_manifest(folder: Path) -> StoreManifest:
    """Read ``store.json``.

    Raises `FileMissingError` when there is none; `ArtifactError` when it is damaged, of another
    format, or not signed by the key that is set.
    """
    facts = _read_facts(folder / STORE_MANIFEST_NAME)
    if facts["format"] != STORE_FORMAT:
        raise ArtifactError(
            f"The store {folder} has format {facts['format']}; this version reads {STORE_FORMAT}.",
            fix="make it again from the shop's files.",
            file=str(folder / STORE_MANIFEST_NAME),
        )
    if facts.get("digest") != _digest(facts):
        raise TamperedFileError(STORE_MANIFEST_NAME, "differs from its own digest")
    require_signature(KIND, facts["digest"], facts.get("signature"), str(folder))
    require_file_facts(facts.get("files"), STORE_MANIFEST_NAME)
    with translate_damage(STORE_MANIFEST_NAME):
        own = {each.name for each in fields(StoreManifest)}
        found = from_plain(StoreManifest, {k: v for k, v in facts.items() if k in own})
    if unknown := found.file_names - found.files.keys():
        raise TamperedFileError(STORE_MANIFEST_NAME, f"gives no hash for {min(unknown)}")
    return found


def _read_facts(path: Path) -> dict[str, JSON]:
    try:
        with open_plain(path) as file:
            facts = read_json(file, path.name)
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissingError(str(path)) from None
    except OSError as error:
        raise TamperedFileError(path.name, f"cannot be read ({error.strerror})") from None
    if not isinstance(facts, dict) or type(facts.get("format")) is not int:
        raise TamperedFileError(path.name, "is not a manifest of segpredict")
    return facts
