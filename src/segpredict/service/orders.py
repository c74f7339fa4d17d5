"""The orders that a shop sends between two runs, kept in SQLite or PostgreSQL."""

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from segpredict.core.database import CONNECT_SECONDS, DRIVERS, DatabaseAddress, is_address
from segpredict.core.removal import Removal
from segpredict.core.types import JSON
from segpredict.errors import MismatchError, UsageError

TABLE = "segpredict_orders"
DIALECTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
LOCK_MILLISECONDS = 10_000
LOCK_NUMBER = 7_345_101  # of the lock under which PostgreSQL makes the table
STATEMENT_SECONDS = 10  # which no statement of one customer needs


def _times() -> dict[str, Any]:
    """Return how long a server of PostgreSQL may be silent, busy or locked."""
    patience = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={STATEMENT_SECONDS}s"
    return {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": CONNECT_SECONDS * 1_000,
        "options": patience,
    }


class OrderConflictError(MismatchError, code="SP-X002"):
    """Another order is known under this number and day."""

    def __init__(self) -> None:
        super().__init__(
            "Another order of this customer is known under this number and day.",
            fix="send what was bought later as an order of its own; what was returned has "
            "quantities below zero.",
        )


@dataclass(frozen=True, slots=True)
class Order:
    """What one customer bought, or returned, under one number on one day."""

    customer_id: str
    order_id: str
    day: date
    is_return: bool
    lines: tuple[Mapping[str, JSON], ...]  # as `OnlineScorer.score` takes them

    @property
    def key(self) -> dict[str, Any]:
        """What an order is told from others by."""
        names = ("customer_id", "order_id", "day", "is_return")
        return {name: getattr(self, name) for name in names}

    @property
    def text(self) -> str:
        """The lines as canonical JSON: equal text, equal order."""
        rows = sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in self.lines)
        return f"[{','.join(rows)}]"


class OrderStore:
    """Orders by customer, number, day and direction: each is kept once.

    >>> store = OrderStore.open("sqlite:///:memory:")
    >>> order = Order("a", "1", date(2024, 1, 5), False, ({"amount": 2},))
    >>> store.add(order), store.add(order), store.newest_day()
    (True, False, datetime.date(2024, 1, 5))
    """

    def __init__(self, engine: sa.Engine, address: DatabaseAddress) -> None:
        self._engine, self._address = engine, address
        # SQLite takes one writer at a time, in whatever process; within ours nobody need fail.
        self._writing = threading.Lock()
        self._table = sa.Table(
            TABLE,
            sa.MetaData(),
            sa.Column("customer_id", sa.Text, primary_key=True),
            sa.Column("order_id", sa.Text, primary_key=True),
            sa.Column("day", sa.Date, primary_key=True),
            sa.Column("is_return", sa.Boolean, primary_key=True),
            sa.Column("lines", sa.Text, nullable=False),
        )
        index = sa.Index(f"{TABLE}_day", self._table.c.day)
        # Two processes may begin at once: what the other one has made is there.
        with self._connection() as connection:
            if address.kind == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))
            connection.execute(sa.schema.CreateTable(self._table, if_not_exists=True))
            connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    @classmethod
    def open(cls, place: str) -> Self:
        """Return the store in a SQLite file, which is made, or at an address of PostgreSQL."""
        url = place if is_address(place) else f"sqlite:///{Path(place).absolute()}"
        address = DatabaseAddress.parse(url)
        if address.kind not in DIALECTS:
            message = f"Orders cannot be kept in a database of the kind {address.kind!r}."
            raise UsageError(message, fix="give --orders FILE.sqlite, or postgresql://.")
        with address.translate_errors():
            kept: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
            if url.endswith(":memory:"):
                kept["poolclass"] = sa.StaticPool
            target = sa.make_url(address.resolved())
            if address.kind == "postgresql" and address.scheme in DRIVERS:
                # An address may say otherwise.
                times = {key: value for key, value in _times().items() if key not in target.query}
                kept["connect_args"] = times
            engine = sa.create_engine(target, **kept)
            if address.kind == "sqlite":
                sa.event.listen(engine, "connect", _safe_and_patient)
        return cls(engine, address)

    def add(self, order: Order) -> bool:
        """Keep an order; return whether it is new. It is on the disk when this returns.

        Raises `OrderConflictError` when another order is known under its number and day.
        """
        insert = DIALECTS[self._engine.dialect.name](self._table)
        statement = insert.values(**order.key, lines=order.text).on_conflict_do_nothing()
        with self._writing, self._connection() as connection:
            if connection.scalar(statement.returning(self._table.c.order_id)) is not None:
                return True
        return not self.has(order)

    def has(self, order: Order) -> bool:
        """Return whether an order is known.

        Raises `OrderConflictError` when another one is, under its number and day.
        """
        columns = self._table.c
        same = sa.and_(*(columns[name] == value for name, value in order.key.items()))
        with self._connection() as connection:
            known = connection.scalar(sa.select(columns.lines).where(same))
        if known not in (None, order.text):
            raise OrderConflictError
        return known is not None

    def lines_of(self, customers: Iterable[str]) -> list[dict[str, JSON]]:
        """Return all lines that are kept of some customers."""
        columns = self._table.c
        wanted = sa.select(columns.lines).where(columns.customer_id.in_(list(customers)))
        with self._connection() as connection:
            found = connection.scalars(wanted.order_by(*self._table.primary_key)).all()
        return [line for text in found for line in json.loads(text)]

    @contextmanager
    def removing(self, customers: Collection[str]) -> Iterator[Removal]:
        """Yield the orders without some customers; committed where nothing fails after it.

        A SQLite file is then packed, so that no page of it holds what was deleted.
        """
        gone = sa.delete(self._table).where(self._table.c.customer_id.in_(list(customers)))
        with self._writing, self._connection() as connection:
            number = connection.execute(gone).rowcount
            yield Removal({TABLE: number} if number else {}, (), lambda: None)
        if number and self._address.kind == "sqlite":
            self._pack()

    def _pack(self) -> None:
        with self._address.translate_errors(), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql("VACUUM")
            alone.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def newest_day(self) -> date | None:
        """Return the day of the newest order that is kept."""
        with self._connection() as connection:
            found: date | None = connection.scalar(sa.select(sa.func.max(self._table.c.day)))
        return found

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with self._address.translate_errors(), self._engine.begin() as connection:
            yield connection


def _safe_and_patient(connection: Any, _: object) -> None:
    """Let SQLite keep what it has confirmed, and wait for other writers."""
    connection.execute(f"PRAGMA busy_timeout={LOCK_MILLISECONDS}")  # before all that may lock
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
