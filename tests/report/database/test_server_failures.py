"""A server that stops or whose disk is full in the middle: a clear error, and the old state."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest
import sqlalchemy as sa

from segpredict.core.database import DatabaseAddress
from segpredict.errors import DatabaseError
from segpredict.report.database import DatabaseTarget, _write, scores_table

DAY = date(2024, 1, 1)
TABLE = scores_table("customer_scores")
OPTIONS = ("--bind-address=127.0.0.1", "--innodb-log-file-size=8M")
SMALL_DISK = "24m"  # a new database takes 8 MB of it


@dataclass(frozen=True)
class OwnServer:
    """A server of our own, which may be stopped."""

    folder: Path
    port: int
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    programs: ClassVar[tuple[str, ...]]
    user: ClassVar[str]  # whom it runs as, where we are root
    address: ClassVar[str]

    def start(self) -> None:
        raise NotImplementedError

    def stop(self, mode: str) -> None:
        raise NotImplementedError

    def use_disk(self, place: Path) -> None:
        """Make a database ``small`` whose tables are at a place."""
        raise NotImplementedError

    def own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, self.user)

    def run(self, *statements: str, database: str = "") -> list[tuple[object, ...]]:
        url = DatabaseAddress.parse(self.url(database)).resolved()
        engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for each in statements:
                done = connection.exec_driver_sql(each)
            return [tuple(row) for row in done] if done.returns_rows else []

    def target(self, database: str = "") -> DatabaseTarget:
        made = DatabaseTarget(DatabaseAddress.parse(self.url(database)), create=True)
        made.prepare(TABLE)
        return made

    def url(self, database: str) -> str:
        home = database or self.address.rpartition("/")[2]
        return self.address.rpartition("/")[0].format(self.port) + "/" + home


class PostgreSQL(OwnServer):
    programs = ("initdb", "pg_ctl")
    user = "postgres"
    address = "postgresql://postgres@127.0.0.1:{}/postgres"

    def start(self) -> None:
        data = str(self.folder / "data")
        if not (self.folder / "data").exists():
            self._call("initdb", "-D", data, "-A", "trust", "-U", "postgres")
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses=127.0.0.1"
        log = str(self.folder / "log")
        self._call("pg_ctl", "-D", data, "start", "-o", options, "-l", log, "-w")

    def stop(self, mode: str) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self._call("pg_ctl", "-D", str(self.folder / "data"), "stop", "-m", mode, "-w")

    def use_disk(self, place: Path) -> None:
        self.run(f"CREATE TABLESPACE small LOCATION '{place}'")
        self.run("CREATE DATABASE small TABLESPACE small")

    def _call(self, name: str, *words: str) -> None:
        as_user = ("runuser", "-u", self.user, "--") if os.geteuid() == 0 else ()
        command = [*as_user, str(program(name)), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


class MariaDB(OwnServer):
    programs = ("mariadb-install-db", "mariadbd")
    user = "mysql"
    address = "mariadb://root@127.0.0.1:{}/shop"

    def start(self) -> None:
        data = self.folder / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        common += [f"--user={self.user}"] if os.geteuid() == 0 else []
        if not data.exists():
            more = ["--auth-root-authentication-method=normal", "--skip-test-db"]
            install = [str(program("mariadb-install-db")), *common, *more]
            subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        places = [f"--port={self.port}", f"--socket={self.folder}/socket", *OPTIONS]
        with (self.folder / "log").open("ab") as log:
            command = [str(program("mariadbd")), *common, *places]
            self.running.append(subprocess.Popen(command, stdout=log, stderr=log))
        for _ in range(600):
            with suppress(sa.exc.OperationalError):
                self.run("SELECT 1", database="mysql")
                break
            time.sleep(0.1)
        self.run("CREATE DATABASE IF NOT EXISTS shop", database="mysql")

    def stop(self, mode: str) -> None:
        if self.running:
            process = self.running.pop()
            process.send_signal({"fast": signal.SIGTERM, "immediate": signal.SIGKILL}[mode])
            process.wait()

    def use_disk(self, place: Path) -> None:
        (self.folder / "data" / "small").symlink_to(place)


def program(name: str) -> Path | None:
    """Return where a program of a server is, if it is here."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    places = [Path(found)] if found else [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    return places[0] if places else None


@pytest.fixture(scope="module", params=[PostgreSQL, MariaDB], ids=lambda kind: kind.__name__)
def own_server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    kind: type[OwnServer] = request.param
    absent = [name for name in kind.programs if program(name) is None]
    if absent:
        pytest.skip(f"no {absent[0]} here: the server's package brings it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = kind(Path(tempfile.mkdtemp(prefix="segpredict_server_")), port)
    made.own(made.folder)
    try:
        made.start()
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(made.folder)


def scores(rows: int, segment: str) -> pl.DataFrame:
    """Return scores of so many customers, all in one segment."""
    given = pl.DataFrame({"customer_id": pl.int_range(rows, eager=True).cast(pl.String)})
    known = {"as_of": DAY, "is_eligible": True}
    texts = {"model": "m", "segmentation": "g", "segment_id": segment, "segment": "x" * 100}
    rest = [pl.lit(None).alias(n) for n in TABLE.names if n not in {"customer_id", *known, *texts}]
    named = given.with_columns(*(pl.lit(v).alias(n) for n, v in (known | texts).items()), *rest)
    return named.select(column.as_expression for column in TABLE.columns)


def write(target: DatabaseTarget, frame: pl.DataFrame) -> None:
    target.write(TABLE, (DAY, "m"), [(TABLE, frame)])


STATE = "SELECT segment_id, count(*) FROM customer_scores GROUP BY segment_id"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_stops_in_the_middle_keeps_the_old_state(
    own_server, mode, monkeypatch
) -> None:
    target = own_server.target()
    write(target, scores(1_000, "S1"))
    with monkeypatch.context() as patch:
        # The last thing that is asked in the transaction, when all else is written.
        patch.setattr(_write, "_moves", lambda *_: own_server.stop(mode))
        with pytest.raises(DatabaseError, match="the connection was lost"):
            write(target, scores(2_000, "S2"))
    with pytest.raises(DatabaseError, match="does not answer"):
        write(target, scores(2_000, "S2"))
    own_server.start()
    assert own_server.run(STATE) == [("S1", 1_000)]
    write(target, scores(2_000, "S2"))
    assert own_server.run(STATE) == [("S2", 2_000)]
    own_server.run("TRUNCATE customer_scores")


@pytest.mark.slow
def test_a_full_disk_is_named_and_keeps_the_old_state(own_server) -> None:
    place = own_server.folder / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted by this user")
    try:
        own_server.own(place)
        own_server.use_disk(place)
        target = own_server.target("small")
        write(target, scores(1_000, "S1"))
        with pytest.raises(DatabaseError, match="its disk is full"):
            write(target, scores(100_000, "S2"))
        assert own_server.run(STATE, database="small") == [("S1", 1_000)]
        write(target, scores(1_500, "S3"))
        assert own_server.run(STATE, database="small") == [("S3", 1_500)]
    finally:
        own_server.stop("immediate")
        subprocess.run(["umount", str(place)], check=True)
