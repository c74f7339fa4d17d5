"""Commands that read from a database and publish to one, and keep its password to themselves."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

USER = f"canary_{os.getpid()}"  # test processes share the server
SECRET = "canary-7f3a"  # looked for in everything that a command prints or writes


@pytest.fixture
def guarded(server, monkeypatch):
    """Return an address of an empty database whose password is in a variable."""
    server.clear()
    host = "" if server.kind == "postgresql" else "@'127.0.0.1'"
    password = f"PASSWORD '{SECRET}'" if not host else f"IDENTIFIED BY '{SECRET}'"
    server.run(f"DROP USER IF EXISTS {USER}{host}", f"CREATE USER {USER}{host} {password}")
    database = server.url.rpartition("/")[2]
    if host:
        server.run(f"GRANT ALL ON {database}.* TO {USER}{host}")
    else:
        server.run(
            f"GRANT ALL ON DATABASE {database} TO {USER}", f"GRANT ALL ON SCHEMA public TO {USER}"
        )
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    yield f"{server.kind}://{USER}:${{DB_PASSWORD}}@{server.url.partition('@')[2]}"
    if not host:
        server.run(f"DROP OWNED BY {USER}")
    server.run(f"DROP USER {USER}{host}")


@pytest.mark.slow
def test_a_run_is_published_twice_and_is_there_once(
    segpredict, server, run_folder, guarded
) -> None:
    options = ("publish", "--run", run_folder, "--to", guarded, "--create", "--json", "--shop")
    first, second = segpredict(*options), segpredict(*options)
    assert (first[0], second[0]) == (0, 0), first
    rows = json.loads(first[1])["rows"]
    assert rows == json.loads(second[1])["rows"]
    assert SECRET not in "".join(map(str, (*first, *second)))
    tables = ("report", "--run", run_folder, "--format", "bi", "--to", guarded, "--json")
    assert json.loads(segpredict(*tables)[1])["rows"] == rows
    for name, count in rows.items():
        assert server.run(f"SELECT count(*) FROM {name}") == [(count,)], name
    today = server.run("SELECT count(*) FROM segpredict_scores_today")
    assert today == [(rows["segpredict_scores"],)]
    shares = server.run(
        "SELECT sum(probability) FROM segpredict_probabilities GROUP BY customer_id"
    )
    assert all(abs(share - 1) < 1e-9 for (share,) in shares)
    revenues = {
        server.run(f"SELECT sum(revenue) FROM segpredict_{name}")[0]
        for name in ("customers", "orders", "lines")
    }
    assert len(revenues) == 1
    joined = server.run(
        "SELECT count(*) FROM segpredict_lines l "
        "JOIN segpredict_orders o ON o.order_key = l.order_key AND o.customer_id = l.customer_id "
        "JOIN segpredict_customers c ON c.customer_id = o.customer_id "
        "JOIN segpredict_dates d ON d.date = l.date"
    )
    assert joined == [(rows["segpredict_lines"],)]


def test_scores_go_into_a_table(segpredict, server, run_folder, sample_file, tmp_path) -> None:
    to = ("--to", server.url, "--table", "who_next")
    options = ("score", "--run", run_folder, "--data", sample_file, *to)
    code, _, said = segpredict(*options)
    assert code == 9
    assert "--create" in said
    out = tmp_path / "scores.csv"
    code, _, said = segpredict(*options, "--create", "--out", out)
    assert code == 0, said
    assert "who_next: " in said
    customers = len(out.read_text(encoding="utf-8").splitlines()) - 1
    assert server.run("SELECT count(*) FROM who_next") == [(customers,)]


def test_no_password_is_printed_or_kept(segpredict, server, guarded, tmp_path, monkeypatch) -> None:
    server.run("DROP TABLE IF EXISTS sales")
    rows = [(n, f"c{n % 3}", f"2024-01-{n:02}", n) for n in range(1, 20)]
    columns = "order_id varchar(9), customer_id varchar(9), date varchar(10), amount bigint"
    server.load("sales", columns, rows)
    server.run(
        f"GRANT SELECT ON sales TO {USER}" + ("" if "postgres" in guarded else "@'127.0.0.1'")
    )
    store = tmp_path / "store"
    source = ("--data", guarded, "--table", "sales", "--set", "cleaning.amount_level=line")
    said = [*segpredict("ingest", *source, "--store", store, "--verbose")]
    assert said[0] == 0, said
    said += segpredict("check", *source, "--verbose", "--html", tmp_path / "page.html")
    said += segpredict("check", *source, "--json", "--set", "source.table=nosuch")
    said += segpredict("check", "--data", guarded.replace("127.0.0.1", "nosuch.invalid"))
    monkeypatch.setenv("DB_PASSWORD", SECRET + "-wrong")
    said += segpredict("check", *source)
    files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in "".join(map(str, said))


@pytest.mark.slow
def test_no_password_is_left_by_a_night_or_shown_in_the_list_of_processes(
    server, guarded, sample_file, tmp_path
) -> None:
    rows = pl.read_csv(sample_file, infer_schema=False)
    columns = ", ".join(f"{server.quote(name)} varchar(99)" for name in rows.columns)
    server.load("sales", columns, rows.rows())
    server.run(
        f"GRANT SELECT ON sales TO {USER}" + ("" if "postgres" in guarded else "@'127.0.0.1'")
    )
    source = ("--data", guarded, "--table", "sales")
    quick = ("--set", 'classifier.families=["rfm"]', "--set", "time.test_windows=1")
    (tmp_path / "tmp").mkdir()
    for command in (
        ("ingest", *source, "--store", "store", "--verbose"),
        ("run", *source, "--out", "run", *quick, "--verbose"),
        ("score", "--run", "run", *source, "--history", "history", "--out", "scores.csv"),
        ("score", "--run", "run", "--data", "store", "--to", guarded, "--create", "--json"),
        ("publish", "--run", "run", "--to", guarded, "--create", "--shop"),
        ("report", "--run", "run", "--format", "bi"),
        ("export", "--run", "run", "--out", "segments.sql"),
    ):
        assert watched(command, tmp_path) == (0, False), command[0]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 40
    assert [path for path in files if SECRET.encode() in told_by(path)] == []
    inspector = sa.inspect(server.engine)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    assert len(names) > 15
    for name in names:
        assert SECRET not in str(server.run(f"SELECT * FROM {server.quote(name)}")), name


def watched(command: tuple[str, ...], folder: Path) -> tuple[int, bool]:
    """Run a command; return its exit code, and whether any process showed the secret."""
    env = os.environ | {"TMPDIR": str(folder / "tmp")}
    shown = False
    with (folder / f"said-{command[0]}").open("wb") as said:
        program = [sys.executable, "-m", "segpredict", *command]
        process = subprocess.Popen(program, cwd=folder, env=env, stdout=said, stderr=said)
        while process.poll() is None:
            for listed in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # one that has ended
                    shown |= SECRET.encode() in listed.read_bytes()
            time.sleep(0.02)
    return process.returncode, shown


def told_by(path: Path) -> bytes:
    """Return what a file holds, unpacked."""
    if path.suffix == ".parquet":
        rows = io.BytesIO()
        pl.read_parquet(path).write_ndjson(rows)
        return path.read_bytes() + rows.getvalue()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    return path.read_bytes()


@pytest.mark.parametrize("option", ["--data", "--to", "--set"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_password_on_the_command_line_is_refused(
    segpredict, run_folder, sample_file, option: str, as_json: bool
) -> None:
    address = f"mysql://shop:{SECRET}@db.example/sales#orders"
    more = ("--json",) if as_json else ()
    if option == "--data":
        said = segpredict("check", "--data", address, *more)
    elif option == "--to":
        said = segpredict("publish", "--run", run_folder, "--to", address, *more)
    else:
        side = f"returns.data={json.dumps(address)}"
        said = segpredict("check", "--data", sample_file, "--set", side, *more)
    assert said[0] == 2
    assert "environment variable" in said[1] + said[2]
    assert SECRET not in said[1] + said[2]
