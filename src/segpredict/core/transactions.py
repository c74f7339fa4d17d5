"""A shop's data as they flow from room to room: raw lines, side tables, transactions.

Money and quantities are whole units of 10⁻⁴ in Int64 (`MONEY_SCALE` to one), since sums of
whole numbers are equal on every run and every thread count; sums of floats are not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

from segpredict.core.ledger import Ledger

MONEY_SCALE = 10_000
ZONE_FORMAT = r"(^| )(UTC|offset of the shop|to [A-Z]\S+)$"  # how times with offsets were read
EVENT_KINDS = ("sessions", "views", "carts", "searches")  # kinds of web events
CONTACT_KINDS = ("sent", "opened")  # kinds of marketing contacts


@dataclass(frozen=True, slots=True)
class Detected:
    """What reading found out about a file; fields that do not apply are empty."""

    format: str = ""  # the kind of file
    # of text
    encoding: str = ""
    separator: str = ""
    # of a workbook, of a database
    sheet: str = ""
    table: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # role → column
    # how its times and numbers are written
    time_format: str = ""
    decimal_mark: str = ""
    others: Mapping[str, str] = field(default_factory=dict)  # other findings, by topic, in words

    @classmethod
    def of(cls, found: Mapping[str, str], columns: Mapping[str, str]) -> "Detected":
        """Return what a reader found and which column plays which role."""
        own = ("format", "encoding", "separator", "sheet", "table")
        typed = {name: found[name] for name in own if name in found}
        others = {name: text for name, text in found.items() if name not in own}
        return cls(**typed, columns=dict(columns), others=others)

    @property
    def listed(self) -> tuple[str, ...]:
        """The roles and their columns, as text."""
        return tuple(f"{role} = {column}" for role, column in self.columns.items())

    def shown(self) -> dict[str, str]:
        """Return everything found, as text by topic."""
        own = ("format", "encoding", "separator", "sheet", "table")
        found = {
            **{name: getattr(self, name) for name in own},
            **self.others,
            "columns": ", ".join(self.listed),
            "time_format": self.time_format,
            "decimal_mark": self.decimal_mark,
        }
        return {topic: text for topic, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class InputFile:
    """What was read from one input file."""

    name: str  # the file's name as it was given
    rows: int  # data rows read
    sha256: str = ""  # hash of the bytes; empty for frames in memory
    detected: Detected = field(default_factory=Detected)  # what reading found out


@dataclass(frozen=True, slots=True)
class RawLines:
    """Lines as they were read: canonical column names, values still as text."""

    # ``file`` (index into `files`), ``row`` (physical row, header = 1) and one column per mapped
    # role, all of them text or null (`core.schemas.RAW_LINES_SCHEMA`)
    frame: pl.DataFrame
    files: tuple[InputFile, ...]  # one entry per file
    # records that are no rows of the table (a cell too few, a stray quote, a total): file, row,
    # column, value, reason, fix; ``None`` where there is none. They are not in `frame`.
    rejects: pl.DataFrame | None = None
    # the rows of large files, which are on a disk; `frame` then has none
    on_disk: pl.LazyFrame | None = field(default=None, compare=False)
    # what removes that disk's files when nobody reads the rows any more
    keeper: Any = field(default=None, compare=False, repr=False)
    # rows of the files that are not kept, by the rule that left them out (`core.ledger.LEFT_OUT`)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> pl.LazyFrame:
        """All rows, to be read when they are needed."""
        return self.frame.lazy() if self.on_disk is None else self.on_disk

    @property
    def engine(self) -> Literal["auto", "streaming"]:
        """How queries of the rows are to be run."""
        return "auto" if self.on_disk is None else "streaming"


@dataclass(frozen=True, slots=True)
class CustomerLog:
    """Events of customers by day and kind."""

    frame: pl.DataFrame  # ``customer_id``, ``day`` and one Int64 count per kind
    first_day: int | None  # the day on which the records begin; ``None`` without a row


@dataclass(frozen=True, slots=True)
class CustomerAttribute:
    """One column about customers, and how it becomes numbers."""

    name: str  # the column, as a word that can be part of a feature's name
    # ``number`` (also the lower end of a band such as 25-34), ``date`` or ``level``
    kind: Literal["number", "date", "level"]
    given: str = ""  # its name in the input table
    # of a ``level``: the values that get a column, frozen on training customers
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SideTables:
    """Tables in addition to the transactions, and what was frozen of them."""

    # ``customer_id``, ``since`` and ``until`` (days between which a row held, null where it always
    # did) and one column per attribute: Float64 for numbers, Int32 for dates, text for levels
    customers: pl.DataFrame | None = None
    attributes: tuple[CustomerAttribute, ...] = ()  # the columns of `customers`
    # ``product_id`` with any of ``category``, ``price`` and ``cost``, as text
    products: pl.DataFrame | None = None
    events: CustomerLog | None = None  # sessions, views, carts and searches in the web shop
    contacts: CustomerLog | None = None  # what was sent to customers, and what they opened
    # the shop's own segments: ``customer_id``, ``day`` and ``segment`` (null: none from then on)
    own_segments: pl.DataFrame | None = None
    # days that the shop plans: ``first`` and ``last`` of each row, its ``kind`` (`DATE_KINDS`), and
    # ``known``, the day from which it was known (null: always)
    dates: pl.DataFrame | None = None
    # countries that get a column of their own, most customers first
    countries: tuple[str, ...] = ()
    # ``product_id`` and ``percentile``, the price's place in its category (0 to 1)
    prices: pl.DataFrame | None = None
    files: tuple[InputFile, ...] = ()  # what was read
    notes: tuple[str, ...] = ()  # remarks on the tables for readers of the run

    def frozen_as(self, run: "SideTables") -> "SideTables":
        """Return these tables as a finished run reads them.

        Levels and prices frozen in training come from the run, as does a table of
        customers or products that is missing here. A log does not: an old log would say
        that nothing has happened since.
        """
        return replace(
            self,
            customers=run.customers if self.customers is None else self.customers,
            products=run.products if self.products is None else self.products,
            attributes=run.attributes,
            countries=run.countries,
            prices=run.prices,
        )


@dataclass(frozen=True, slots=True)
class Transactions:
    """The shop's canonical lines, cleaned once and read by all later steps."""

    lines: pl.LazyFrame  # `core.schemas.LINES_SCHEMA`, sorted by customer, day, minute and order
    # the data cover ``[first_day, end_day)`` (day numbers)
    first_day: int
    end_day: int
    fingerprint: str  # SHA-256 over the canonical lines; row order and file format do not change it
    ledger: Ledger  # what cleaning did
    currency: str = ""  # a symbol or code to print before money; may be empty
    files: tuple[InputFile, ...] = ()  # what was read
    # rows that could not be read as data: file, row, column, value, reason
    rejects: pl.DataFrame | None = None
    side_tables: SideTables = field(default_factory=SideTables)  # tables in addition to the lines
    # values of the status column: status, rows, money, meaning; ``None`` where there is none
    statuses: pl.DataFrame | None = None
    # ``product_id``, ``name`` (its commonest description), ``rows`` that have it, and how many
    # different ``descriptions`` it had; ``None`` where no product is described
    product_names: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()  # remarks on the quality of the data, as sentences
    # lines and the orders that were made of them (`features.with_orders`): they serve as long as
    # `lines` are these very lines
    orders: tuple[pl.LazyFrame, pl.DataFrame] | None = field(default=None, compare=False)

    @property
    def has_offsets(self) -> bool:
        """Whether times were written with an offset to UTC."""
        return any(re.search(ZONE_FORMAT, fact.detected.time_format) for fact in self.files)

    def known_at(self, cutoff: int) -> pl.LazyFrame:
        """Return the lines as they were known at a cutoff: the one cut in time.

        Rows on or after the cutoff are gone; so are orders that had been wholly
        refunded by then (an order refunded later still counts, as it did that day).
        """
        voided = (pl.col("void_day") < cutoff).fill_null(value=False)
        return self.lines.filter((pl.col("day") < cutoff) & ~voided)

    def order_days(self) -> "Transactions":
        """Return the days with an order alone, in memory: one row a customer, day and `void_day`.

        Then `known_at` of many cutoffs reads the lines once.
        """
        heads = self.lines.filter("is_order_head").select("customer_id", "day", "void_day")
        return replace(self, lines=heads.unique().collect().lazy())

    def parts(self) -> Iterator["Transactions"]:
        """Yield the shop in parts of whole customers that fit into memory; here it is one."""
        yield self

    def by_parts(self, compute: Callable[["Transactions"], pl.DataFrame]) -> pl.DataFrame:
        """Return what is computed of each part, one after the other, for results by customer."""
        return pl.concat([compute(part) for part in self.parts()])
