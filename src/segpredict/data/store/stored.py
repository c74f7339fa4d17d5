"""Transactions in a store: lazy lines for everyone, coded lines for fast reading."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from segpredict.core.disk import open_plain
from segpredict.core.orders import is_head
from segpredict.core.transactions import Transactions
from segpredict.data.store import parts
from segpredict.errors import TamperedFileError

PRODUCT_NAME_COLUMNS = ("product_id", "name", "rows", "descriptions")

LINES_KIND = "lines"
MAX_TRIES = 20  # to open the files of a store that is just replaced
ORDER_HEAD_FLAG = "is_order_head"  # found again after reading, from the order of lines
ORDER_KEY = ("customer_id", "day", "minute", "order_id")
CHUNKS_PER_PART = 4  # chunks of lines that are looked at together


class TransactionStore:
    """The files of a store, opened for reading."""

    def __init__(self, folder: Path, manifest: parts.StoreManifest) -> None:
        self.folder, self.manifest = folder, manifest
        # Held from now on: a newer store may remove them while they are read.
        self._files: dict[str, pa.NativeFile] = {}
        for name in manifest.file_names:
            # One that is not there is refused when it is needed.
            with suppress(OSError):
                open_plain(folder / name).close()
                self._files[name] = pa.OSFile(str(folder / name))
        self._parts: dict[str, parts.StorePart] = {}
        self._tails: dict[str, pl.DataFrame] = {}
        self.chunk_numbers = self._all_chunks  # in the order of codes
        self.lines = register_io_source(self._serve, schema=self.column_types)

    @cached_property
    def codes(self) -> dict[str, pl.Series]:
        """The dictionaries: ids by code."""
        files = {column: self._part(name) for column, name in self.manifest.dictionaries.items()}
        return {
            column: pl.Series(column, part.read(["id"])["id"], dtype=pl.String)
            for column, part in files.items()
        }

    @cached_property
    def is_sorted(self) -> bool:
        """Whether all codes follow the order of ids: not so after `renew_store` added some."""
        return all(ids.is_sorted() for ids in self.codes.values())

    @cached_property
    def base_lines(self) -> parts.StorePart:
        """All lines but the newest days."""
        return self.rows_of_file(LINES_KIND, self.manifest.base)

    @cached_property
    def moved_customers(self) -> pl.Series:
        """Codes of the customers whose lines are all in the tail."""
        file = self.manifest.moved
        codes = self._part(file).read(["code"])["code"] if file else pl.Series([])
        return pl.Series("customer_id", codes, dtype=pl.UInt32)

    @property
    def product_names(self) -> pl.DataFrame | None:
        """The names of products, if there are any."""
        file = self.manifest.product_names
        return self._part(file).read(PRODUCT_NAME_COLUMNS) if file else None

    def column_types(self) -> pl.Schema:
        """Return the columns of canonical lines and their types."""
        text = dict.fromkeys(self.manifest.dictionaries, pl.String())
        known: dict[str, pl.DataType]
        known = {**self.base_lines.column_types, **text, ORDER_HEAD_FLAG: pl.Boolean()}
        return pl.Schema({name: known[name] for name in self.manifest.columns})

    def rows_of_file(self, kind: str, file: str) -> parts.StorePart:
        """Return the rows of a kind that belong to the lines in a file, opened once."""
        return self._part(file if kind == LINES_KIND else parts.digest_path(Path(file), kind).name)

    @property
    def is_whole(self) -> bool:
        """Whether all files were there when the store was opened."""
        return self._files.keys() == self.manifest.file_names

    @property
    def is_current(self) -> bool:
        """Whether it is still what stands in its folder, and no newer one does."""
        return parts.read_manifest(self.folder).generation == self.manifest.generation

    def _part(self, name: str) -> parts.StorePart:
        if name not in self._parts:
            if name not in self._files:
                raise TamperedFileError(name, "is not there, or no plain file")
            fact = self.manifest.files[name]
            self._parts[name] = parts.StorePart(name, self._files[name], fact)
        return self._parts[name]

    def _newest(self, kind: str) -> pl.DataFrame | None:
        """Return the rows of the tail, which is small and read once."""
        if self.manifest.tail and kind not in self._tails:
            part = self.rows_of_file(kind, self.manifest.tail)
            self._tails[kind] = part.read(part.column_types)
        return self._tails.get(kind)

    def has_values_before(self, column: str, until: int | None) -> bool | None:
        """Return whether a column has values before a day; ``None`` if lines must be queried.

        That is so where all that there is by then was voided at some time.
        """
        first, lasting = self.manifest.first_value_days[column]
        if first is None or (until is not None and first >= until):
            return False
        if until is None or (lasting is not None and lasting < until):
            return True
        return None

    @property
    def _all_chunks(self) -> range:
        return range(max(1, self.base_lines.n_row_groups))

    def limited_to(self, chunks: range) -> "TransactionStore":
        """Return the same store, of which only these chunks are read."""
        limited = copy(self)
        limited.chunk_numbers = chunks
        limited.lines = register_io_source(limited._serve, schema=self.column_types)
        return limited

    def read_chunk(
        self, number: int, columns: Iterable[str], kind: str = LINES_KIND
    ) -> pl.DataFrame:
        """Return coded rows of a range of customers, whole customers only.

        ``customer_id`` comes always. The kind is ``lines``, or one of `orders.DIGEST_KINDS`.
        """
        names = ["customer_id", *(name for name in columns if name != "customer_id")]
        own = self.rows_of_file(kind, self.manifest.base).read(names, [number])
        if not self.moved_customers.is_empty():
            own = own.filter(~pl.col("customer_id").is_in(self.moved_customers.implode()))
        newest = self._newest(kind)
        if newest is None:
            return own
        code, first = newest["customer_id"], self.base_lines.first_customer
        is_last = number + 1 == len(self._all_chunks)
        start = int(code.search_sorted(first(number))) if number else 0
        stop = newest.height if is_last else int(code.search_sorted(first(number + 1)))
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
            numbers = self.codes["customer_id"].to_frame().with_row_index("number")
            both = table.join(numbers, on="customer_id", maintain_order="left")
            table = both.with_columns(customer_id="number").select(table.columns)
        if "product_id" in table.columns and "product_id" in self.codes:
            kind = self._enums["product_id"]
            known = table.filter(pl.col("product_id").is_in(kind.categories.implode()))
            table = known.with_columns(pl.col("product_id").cast(kind))
        return table

    def _needed(self, wanted: list[str]) -> list[str]:
        found_from = {"order_id": {"starts"}, ORDER_HEAD_FLAG: {"starts", "is_return"}}
        return sorted({column for name in wanted for column in found_from.get(name, {name})})

    def _as_numbers(self, lines: pl.DataFrame) -> pl.DataFrame:
        enums = {name: dtype for name, dtype in self._enums.items() if name in lines.columns}
        numbers = [lines[name].cat.to(dtype) for name, dtype in enums.items()]
        marks = self._heads(lines)
        if "starts" in lines.columns:
            marks.append(pl.col("starts").cum_sum().cast(pl.UInt32).alias("order_id"))
        return lines.with_columns(*numbers, *marks)

    @cached_property
    def _enums(self) -> dict[str, pl.Enum]:
        return {name: pl.Enum(ids) for name, ids in self.codes.items() if name != "customer_id"}

    def _number_types(self) -> pl.Schema:
        numbers = dict.fromkeys(("customer_id", "order_id"), pl.UInt32())
        flags = {"starts": pl.Boolean()}
        return pl.Schema({**self.column_types(), **numbers, **self._enums, **flags})

    def _serve(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield canonical lines, chunk by chunk.

        Whole lines come in their one and only order. Single columns are in that of the store, by
        customer and day, as far as codes follow the order of ids: then nothing is read beside them.
        """
        wanted = columns or list(self.manifest.columns)
        is_whole = set(self.manifest.columns) <= set(wanted)
        left = rows
        for lines in self._whole_lines() if is_whole else self._columns_of_lines(wanted):
            chosen = lines if predicate is None else lines.filter(predicate)
            part = chosen.select(wanted)
            if left is not None:
                part = part.head(left)
                left -= part.height
            yield part
            if left == 0:
                return

    def _columns_of_lines(self, wanted: list[str]) -> Iterator[pl.DataFrame]:
        found_from = {ORDER_HEAD_FLAG: {"starts", "is_return"}}
        needed = sorted({column for name in wanted for column in found_from.get(name, {name})})
        for number in self.chunk_numbers:
            lines = self.read_chunk(number, needed)
            known = lines if "customer_id" in wanted else lines.drop("customer_id")
            yield parts.decode_ids(known, self.codes).with_columns(self._heads(lines))

    @staticmethod
    def _heads(lines: pl.DataFrame) -> list[pl.Expr]:
        is_known = {"starts", "is_return"} <= set(lines.columns)
        return (
            [(pl.col("starts") & ~pl.col("is_return")).alias(ORDER_HEAD_FLAG)] if is_known else []
        )

    def _whole_lines(self) -> Iterator[pl.DataFrame]:
        """Yield decoded lines; new customers are placed by their ids."""
        names = [name for name in self.manifest.columns if name != ORDER_HEAD_FLAG]
        chunks = (self.read_chunk(number, names) for number in self.chunk_numbers)
        in_order = [n for n in dict.fromkeys([*ORDER_KEY, *names]) if n in names]
        for lines in chunks if self.is_sorted else [pl.concat(chunks)]:
            ordered = parts.decode_ids(lines, self.codes).sort(in_order)
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
        return self.store if self.store is not None and self.lines is self.store.lines else None

    def parts(self) -> Iterator[Transactions]:
        """Yield the shop in parts of whole customers, a few chunks each."""
        store = self.coded
        if store is None:
            yield self
            return
        _ = store.codes  # read once for all parts
        numbers = store.chunk_numbers
        for start in range(0, len(numbers), CHUNKS_PER_PART):
            limited = store.limited_to(numbers[start : start + CHUNKS_PER_PART])
            yield replace(self, lines=limited.lines, store=limited)

    def order_days(self) -> Transactions:
        """Return the days with an order, of the orders that the store keeps."""
        store = self.coded
        if store is None:
            return Transactions.order_days(self)
        names = ["day", "void_day"]
        coded = (store.read_chunk(n, names, "orders").unique() for n in store.chunk_numbers)
        days = pl.concat([parts.decode_ids(orders, store.codes) for orders in coded])
        return replace(self, lines=days.lazy(), store=None)


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


def open_store(folder: str | Path) -> StoredTransactions:
    """Open a store: lines are read when they are collected, and checksums verified.

    Raises `FileMissingError` when there is no store; `ArtifactError` when it is damaged or from a
    newer version.

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
    for _ in range(MAX_TRIES):
        opened = TransactionStore(Path(folder), parts.read_manifest(Path(folder)))
        if opened.is_whole or opened.is_current:
            break
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
