"""A server that stops or whose disk is full in the middle: a clear error, and the old state."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from segpredict.core.database import DatabaseAddress
from segpredict.errors import DatabaseError
from segpredict.report.database import DatabaseTarget, _write, scores_table

DAY = date(2024, 1, 1)
TABLE = scores_table("customer_scores")
SMALL_DISK = "24m"  # a new database takes 8 MB of it


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of our own, which may be stopped."""

    programs: Path
    folder: Path
    port: int

    def control(self, *words: str) -> None:
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses=127.0.0.1"
        log = self.folder / "log"
        started = ("-o", options, "-l", str(log), "-w") if words[0] == "start" else ("-w",)
        self.call("pg_ctl", "-D", str(self.folder / "data"), *words, *started)

    def call(self, program: str, *words: str) -> None:
        as_user = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        command = [*as_user, str(self.programs / program), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"
        engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for each in statements:
                done = connection.exec_driver_sql(each)
            return [tuple(row) for row in done] if done.returns_rows else []

    def target(self, database: str = "postgres") -> DatabaseTarget:
        url = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        made = DatabaseTarget(DatabaseAddress.parse(url), create=True)
        made.prepare(TABLE)
        return made


def programs() -> Path | None:
    places = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    found = [Path(place) for place in places if place]
    return found[0].parent if found else None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    home = programs()
    if home is None:
        pytest.skip("no initdb here: the package postgresql brings it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="segpredict_cluster_"))
    made = Cluster(home, folder, port)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        made.call("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "postgres")
        made.control("start")
        yield made
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            made.control("stop", "-m", "immediate")
        shutil.rmtree(folder)


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
def test_a_server_that_stops_in_the_middle_keeps_the_old_state(cluster, mode, monkeypatch) -> None:
    target = cluster.target()
    write(target, scores(1_000, "S1"))
    with monkeypatch.context() as patch:
        # The last thing that is asked in the transaction, when all else is written.
        patch.setattr(_write, "_moves", lambda *_: cluster.control("stop", "-m", mode))
        with pytest.raises(DatabaseError, match="the connection was lost"):
            write(target, scores(2_000, "S2"))
    with pytest.raises(DatabaseError, match="does not answer"):
        write(target, scores(2_000, "S2"))
    cluster.control("start")
    assert cluster.run(STATE) == [("S1", 1_000)]
    write(target, scores(2_000, "S2"))
    assert cluster.run(STATE) == [("S2", 2_000)]
    cluster.run("TRUNCATE customer_scores")


@pytest.mark.slow
def test_a_full_disk_is_named_and_keeps_the_old_state(cluster) -> None:
    place = cluster.folder / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted by this user")
    try:
        shutil.chown(place, "postgres")
        cluster.run(f"CREATE TABLESPACE small LOCATION '{place}'")
        cluster.run("CREATE DATABASE small TABLESPACE small")
        target = cluster.target("small")
        write(target, scores(1_000, "S1"))
        with pytest.raises(DatabaseError, match="its disk is full"):
            write(target, scores(100_000, "S2"))
        assert cluster.run(STATE, database="small") == [("S1", 1_000)]
        write(target, scores(1_500, "S3"))
        assert cluster.run(STATE, database="small") == [("S3", 1_500)]
    finally:
        cluster.run("DROP DATABASE IF EXISTS small", "DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", str(place)], check=True)
