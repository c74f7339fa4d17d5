"""Transactions in a store: lazy lines for everyone, coded lines for fast reading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from segpredict.core.orders import is_head
from segpredict.core.transactions import Transactions
from segpredict.data.store import codes as _codes
from segpredict.data.store.manifest import StoreManifest, has_values_before, read_manifest
from segpredict.data.store.parts import StorePart, digest_path

PRODUCT_NAME_COLUMNS = ("product_id", "name", "rows", "descriptions")

LINES_KIND = "lines"
MAX_TRIES = 20  # to open the files of a store that is just replaced
ORDER_HEAD_FLAG = "is_order_head"  # found again after reading, from the order of lines
ORDER_KEY = ("customer_id", "day", "minute", "order_id")


class TransactionStore:
    """The files of a store, opened for reading.

    Parameters
    ----------
    folder
        Where the store is.
    manifest
        What it contains.
    """

    def __init__(self, folder: Path, manifest: StoreManifest) -> None:
        self.folder, self.manifest = folder, manifest
        # Held from now on: a newer store may remove them while they are read.
        self._files = {name: _opened(folder / name) for name in manifest.file_names}
        self._parts: dict[str, StorePart] = {}
        self._tails: dict[str, pl.DataFrame] = {}
        self.lines = register_io_source(self._serve, schema=self.column_types)

    @cached_property
    def codes(self) -> dict[str, pl.Series]:
        """The dictionaries: ids by code."""
        names = self.manifest.dictionaries
        return _codes.load_codes({column: self._part(name) for column, name in names.items()})

    @cached_property
    def is_sorted(self) -> bool:
        """Whether all codes follow the order of ids: not so after `renew_store` added some."""
        return all(ids.is_sorted() for ids in self.codes.values())

    @cached_property
    def base_lines(self) -> StorePart:
        """All lines but the newest days."""
        return self.rows_of_file(LINES_KIND, self.manifest.base)

    @cached_property
    def moved_customers(self) -> pl.Series:
        """Codes of the customers whose lines are all in the tail."""
        if not self.manifest.moved:
            return pl.Series("customer_id", [], dtype=pl.UInt32)
        return _codes.load_code_numbers(self._part(self.manifest.moved))

    @property
    def product_names(self) -> pl.DataFrame | None:
        """The names of products, if there are any."""
        if not self.manifest.product_names:
            return None
        return self._part(self.manifest.product_names).read(PRODUCT_NAME_COLUMNS)

    def settled_rows(
        self, columns: Iterable[str], number: int, kind: str = LINES_KIND
    ) -> pl.DataFrame:
        """Return rows of a chunk of the base that count: of customers who stayed."""
        own = self.rows_of_file(kind, self.manifest.base).read(columns, [number])
        if self.moved_customers.is_empty():
            return own
        return own.filter(~pl.col("customer_id").is_in(self.moved_customers.implode()))

    def column_types(self) -> pl.Schema:
        """Return the columns of canonical lines and their types."""
        text = dict.fromkeys(self.manifest.dictionaries, pl.String())
        known: dict[str, pl.DataType]
        known = {**self.base_lines.column_types, **text, ORDER_HEAD_FLAG: pl.Boolean()}
        return pl.Schema({name: known[name] for name in self.manifest.columns})

    def rows_of_file(self, kind: str, file: str) -> StorePart:
        """Return the rows of a kind that belong to the lines in a file, opened once."""
        return self._part(file if kind == LINES_KIND else digest_path(Path(file), kind).name)

    @property
    def is_whole(self) -> bool:
        """Whether all files were there when the store was opened."""
        return None not in self._files.values()

    def _part(self, name: str) -> StorePart:
        if name not in self._parts:
            self._parts[name] = StorePart(self.folder / name, self._files.get(name))
        return self._parts[name]

    def _newest(self, kind: str) -> pl.DataFrame | None:
        """Return the rows of the tail, which is small and read once."""
        if not self.manifest.tail:
            return None
        if kind not in self._tails:
            part = self.rows_of_file(kind, self.manifest.tail)
            self._tails[kind] = part.read(part.column_types)
        return self._tails[kind]

    def has_values_before(self, column: str, until: int | None) -> bool | None:
        """Return whether a column has values before a day, if that is known."""
        return has_values_before(self.manifest.first_value_days[column], until)

    @property
    def chunk_numbers(self) -> range:
        """Numbers of the chunks, in the order of codes."""
        return range(max(1, self.base_lines.n_row_groups))

    def read_chunk(
        self, number: int, columns: Iterable[str], kind: str = LINES_KIND
    ) -> pl.DataFrame:
        """Return coded rows of a range of customers, whole customers only.

        Parameters
        ----------
        number
            One of `chunks`.
        columns
            Names of the store's columns; ``customer_id`` comes always.
        kind
            ``lines``, or one of `orders.DIGEST_KINDS`.
        """
        names = ["customer_id", *(name for name in columns if name != "customer_id")]
        own = self.settled_rows(names, number, kind)
        newest = self._newest(kind)
        if newest is None:
            return own
        code = newest["customer_id"]
        start = int(code.search_sorted(self.base_lines.first_customer(number))) if number else 0
        is_last = number + 1 == len(self.chunk_numbers)
        end = None if is_last else self.base_lines.first_customer(number + 1)
        stop = newest.height if end is None else int(code.search_sorted(end))
        newer = newest[start:stop].select(names)
        if newer.is_empty():
            return own
        # All of the tail is newer than all of the base that counts for a customer.
        return pl.concat([own, newer]).sort("customer_id", maintain_order=True)

    def batch(self, number: int) -> pl.LazyFrame:
        """Return a chunk as lazy lines with numbers for customers and orders.

        Other text is of type Enum. Lines of one order or credit note are together,
        those of one product among them too, and ``starts`` marks the first. Only the
        columns that a query asks for are read.
        """

        def serve(
            columns: list[str] | None, predicate: pl.Expr | None, *_: int | None
        ) -> Iterator[pl.DataFrame]:
            wanted = columns or types.names()
            lines = self._as_numbers(self.read_chunk(number, self._needed(wanted)))
            chosen = lines if predicate is None else lines.filter(predicate)
            yield chosen.select(wanted)

        types = self._number_types()
        return register_io_source(serve, schema=types)

    def encode_table(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a side table with customers and products coded as in `batch`.

        Rows about customers or products that the store does not have are dropped.
        """
        if "customer_id" in table.columns:
            ids = self.codes["customer_id"]
            numbers = pl.int_range(ids.len(), dtype=pl.UInt32, eager=True)
            dictionary = pl.DataFrame({"customer_id": ids, "number": numbers})
            both = table.join(dictionary, on="customer_id", maintain_order="left")
            coded = both.with_columns(customer_id="number")
            table = coded.select(table.columns)
        if "product_id" in table.columns and "product_id" in self.codes:
            kind = self._enums["product_id"]
            known = table.filter(pl.col("product_id").is_in(kind.categories.implode()))
            table = known.with_columns(pl.col("product_id").cast(kind))
        return table

    def _needed(self, wanted: list[str]) -> list[str]:
        known = {name for name in wanted if name not in {"order_id", ORDER_HEAD_FLAG}}
        more = {"starts"} if "order_id" in wanted else set()
        flag = {"starts", "is_return"} if ORDER_HEAD_FLAG in wanted else set()
        return sorted(known | more | flag)

    def _as_numbers(self, lines: pl.DataFrame) -> pl.DataFrame:
        numbers = [
            lines[name].cat.to(dtype)
            for name, dtype in self._enums.items()
            if name in lines.columns
        ]
        marks = []
        if "starts" in lines.columns:
            marks.append(pl.col("starts").cum_sum().cast(pl.UInt32).alias("order_id"))
        if {"starts", "is_return"} <= set(lines.columns):
            marks.append((pl.col("starts") & ~pl.col("is_return")).alias(ORDER_HEAD_FLAG))
        return lines.with_columns(*numbers, *marks)

    @cached_property
    def _enums(self) -> dict[str, pl.Enum]:
        texts = {n: ids for n, ids in self.codes.items() if n != "customer_id"}
        return {name: pl.Enum(ids) for name, ids in texts.items()}

    def _number_types(self) -> pl.Schema:
        numbers = dict.fromkeys(("customer_id", "order_id"), pl.UInt32())
        flags = {"starts": pl.Boolean()}
        return pl.Schema({**self.column_types(), **numbers, **self._enums, **flags})

    def _serve(
        self,
        columns: list[str] | None,
        predicate: pl.Expr | None,
        rows: int | None,
        _: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Yield canonical lines, chunk by chunk, in their one and only order."""
        wanted = columns or list(self.manifest.columns)
        left = rows
        for lines in self.canonical_lines():
            chosen = lines if predicate is None else lines.filter(predicate)
            part = chosen.select(wanted)
            if left is not None:
                part = part.head(left)
                left -= part.height
            yield part
            if left == 0:
                return

    def canonical_lines(self) -> Iterator[pl.DataFrame]:
        """Yield decoded lines; new customers are placed by their ids."""
        names = [name for name in self.manifest.columns if name != ORDER_HEAD_FLAG]
        chunks = (self.read_chunk(number, names) for number in self.chunk_numbers)
        if not self.is_sorted:
            chunks = (lines for lines in [pl.concat(chunks)])
        rest = (n for n in self.manifest.columns if n not in {*ORDER_KEY, ORDER_HEAD_FLAG})
        in_order = [*(n for n in ORDER_KEY if n in self.manifest.columns), *rest]
        for lines in chunks:
            ordered = _codes.decode_ids(lines, self.codes).sort(in_order)
            yield ordered.with_columns(is_head()).select(self.manifest.columns)


@dataclass(frozen=True, slots=True)
class StoredTransactions(Transactions):
    """Transactions whose lines are in a store."""

    # the store's files
    store: TransactionStore | None = field(default=None, compare=False, repr=False)

    @property
    def coded(self) -> TransactionStore | None:
        """The store, as long as the lines are the whole of it.

        A copy with other lines (``dataclasses.replace``) is not the store any more.
        """
        is_whole = self.store is not None and self.lines is self.store.lines
        return self.store if is_whole else None


@dataclass(frozen=True, slots=True)
class StoreBatch(Transactions):
    """A share of a store's customers, with numbers in the place of ids."""

    # the store's files
    store: TransactionStore | None = field(default=None, compare=False, repr=False)
    number: int = 0  # one of its chunks

    def rows(self, kind: str, columns: Iterable[str]) -> pl.DataFrame:
        """Return columns of the orders, credits or repeats of these customers."""
        assert self.store is not None
        return self.store.read_chunk(self.number, columns, kind)


def _opened(path: Path) -> pa.NativeFile | None:
    """Open a file of a store; one that is not there is refused when it is needed."""
    try:
        return pa.OSFile(str(path))
    except OSError:
        return None


def is_current(stored: StoredTransactions) -> bool:
    """Whether a store is still what stands in its folder, and no newer one does."""
    assert stored.store is not None
    return not _is_replaced(stored.store)


def _is_replaced(store: TransactionStore) -> bool:
    return read_manifest(store.folder).generation != store.manifest.generation


def open_store(folder: str | Path) -> StoredTransactions:
    """Open a store.

    Parameters
    ----------
    folder
        What `write` made.

    Returns
    -------
    Stored
        Transactions; lines are read when they are collected, and checksums verified.

    Raises
    ------
    FileMissingError
        When there is no store.
    ArtifactError
        When it is damaged or from a newer version.

    Examples
    --------
    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> from tempfile import TemporaryDirectory
    >>> from segpredict.data.store import write_store
    >>> with TemporaryDirectory() as folder:
    ...     _ = write_store(shop, folder)
    ...     open_store(folder).lines.collect()["customer_id"].to_list()
    ['a', 'b']
    """
    opened = TransactionStore(Path(folder), read_manifest(Path(folder)))
    for _ in range(MAX_TRIES):
        if opened.is_whole or not _is_replaced(opened):
            break
        opened = TransactionStore(Path(folder), read_manifest(Path(folder)))
    manifest = opened.manifest
    return StoredTransactions(
        lines=opened.lines,
        first_day=manifest.first_day,
        end_day=manifest.end_day,
        fingerprint=manifest.fingerprint,
        ledger=manifest.ledger,
        currency=manifest.currency,
        files=manifest.sources,
        product_names=opened.product_names,
        store=opened,
    )
