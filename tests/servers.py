"""Real servers for the tests of databases, each with a database of its own for this process."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

PLACES = {  # where a server is looked for, and how to start one
    "postgresql": (
        "postgresql://postgres@127.0.0.1:5432/test",
        "docker run -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust -e POSTGRES_DB=test postgres",
    ),
    "mariadb": (
        "mariadb://root@127.0.0.1:3306/test",
        "docker run -p 3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 "
        "-e MARIADB_DATABASE=test mariadb",
    ),
}
DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}


@dataclass(frozen=True)
class Server:
    """A server that runs, and an empty database on it."""

    kind: str
    url: str  # as a user writes it

    @property
    def engine(self) -> sa.Engine:
        address = sa.make_url(self.url).set(drivername=DRIVERS[self.kind])
        return sa.create_engine(address, poolclass=sa.NullPool)

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements; return the rows of the last."""
        with self.engine.begin() as connection:
            for each in statements:
                done = connection.exec_driver_sql(each)
            return [tuple(row) for row in done] if done.returns_rows else []

    def clear(self) -> None:
        """Remove whatever earlier tests left in the database."""
        if self.kind == "postgresql":
            self.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        else:
            name = self.url.rpartition("/")[2]
            self.run(f"DROP DATABASE {name}", f"CREATE DATABASE {name}")

    def quote(self, name: str) -> str:
        return self.engine.dialect.identifier_preparer.quote_identifier(name)

    def load(self, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Make a table of rows; types are as PostgreSQL calls them."""
        types = columns
        if self.kind == "mariadb":
            types = types.replace("timestamptz", "timestamp").replace("timestamp", "datetime(6)")
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {self.quote(name)} ({types})")
            marks = ", ".join(["%s"] * len(rows[0]))
            connection.exec_driver_sql(
                f"INSERT INTO {self.quote(name)} VALUES ({marks})", list(rows)
            )


@contextmanager
def running(kind: str, name: str) -> Iterator[Server]:
    """Yield a server with a new database; skip where none runs, and fail where CI wants one."""
    place, start = PLACES[kind]
    given = os.environ.get(f"SEGPREDICT_TEST_{kind.upper()}", place)
    home = Server(kind, given)
    try:
        admin = home.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    except sa.exc.OperationalError:
        message = f"no {kind} at {given}; start one: {start}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with admin:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
        admin.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield Server(kind, given.rpartition("/")[0] + "/" + name)
        finally:
            admin.exec_driver_sql(f"DROP DATABASE {name}{force}")
