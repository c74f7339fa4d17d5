"""Tables of servers are read as files are: equal stores, typed cells, no secrets, clear errors."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from segpredict.config.load import build_config
from segpredict.config.source import SourceOptions
from segpredict.core.database import DatabaseAddress
from segpredict.data.ingest import ingest, read_transactions
from segpredict.data.readers import read_raw_lines, read_tables
from segpredict.errors import (
    ConfigError,
    ContractError,
    DatabaseError,
    SegpredictError,
    SourceError,
    UsageError,
)

COLUMNS = "order_id varchar(9), customer_id char(6), date timestamp, amount numeric(12,4)"
ROWS = [
    ("1", "007", datetime.fromisoformat("2024-01-01 08:30"), Decimal("1.2340")),
    ("2", "ünï 😀"[:6], datetime.fromisoformat("2024-01-02"), Decimal("1234.5000")),
    ("3", "007", datetime.fromisoformat("2024-02-03 23:59"), None),
    ("3", "007", datetime.fromisoformat("2024-02-03 23:59"), Decimal("0.1000")),
]
LINES = {"cleaning": {"amount_level": "line"}}
PLAN = build_config({"cleaning": {"on_bad_rows": "drop", "max_bad_rows": "50%"}})


@pytest.fixture
def orders(server):
    name = "orders"
    server.run(f"DROP TABLE IF EXISTS {name}")
    server.load(name, COLUMNS, ROWS)
    return f"{server.url}#{name}"


def dumped(server, folder: Path) -> str:
    """Return the table as the server's own client would dump it."""
    path = folder / "orders.csv"
    with server.engine.connect() as connection:
        raw = connection.connection.driver_connection
        with raw.cursor() as cursor:
            if server.kind == "postgresql":
                with cursor.copy("COPY orders TO STDOUT (FORMAT csv, HEADER)") as copy:
                    path.write_bytes(b"".join(map(bytes, copy)))
                return str(path)
            cursor.execute("SELECT * FROM orders")
            rows = [["" if c is None else str(c) for c in row] for row in cursor.fetchall()]
    head = "order_id,customer_id,date,amount\n"
    path.write_text(head + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_table_its_dump_and_its_parquet_make_equal_lines(server, orders, tmp_path) -> None:
    parquet = tmp_path / "orders.parquet"
    names = ["order_id", "customer_id", "date", "amount"]
    frame = pl.DataFrame([[*row] for row in ROWS], names, orient="row")
    frame.with_columns(pl.col("amount").cast(pl.Decimal(12, 4))).write_parquet(parquet)
    shops = [read_transactions([n], PLAN) for n in (orders, dumped(server, tmp_path), str(parquet))]
    assert {shop.fingerprint for shop in shops} == {shops[0].fingerprint}
    assert shops[0].ledger.total("used").rows == 4
    fact = shops[0].files[0]
    assert (fact.name, fact.detected.table, fact.detected.format) == (
        orders.replace("postgres@", "").replace("root@", ""),
        "orders",
        server.kind,
    )


def test_cells_keep_their_types(server) -> None:
    server.run("DROP TABLE IF EXISTS kinds")
    rows = [
        (None, "ab", Decimal("0.100000000000000001"), True, None, date(2024, 2, 29), 2**62),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), "", Decimal("-2"), False, "x", None, -1),
    ]
    kinds = "a timestamptz, b char(4), c numeric(30,18), d boolean, e text, f date, g bigint"
    server.load("kinds", kinds, rows)
    (table,) = read_tables([f"{server.url}#kinds"], SourceOptions()).values()
    cells = table.frame.sort("g", descending=True)
    assert cells["c"].to_list() == [row[2] for row in rows]
    assert cells["e"].to_list() == [None, "x"]
    assert cells["f"].to_list() == [date(2024, 2, 29), None]
    assert cells["d"].cast(pl.Boolean).to_list() == [True, False]
    assert cells["g"].to_list() == [2**62, -1]
    assert cells["b"].str.strip_chars().to_list() == ["ab", ""]
    assert cells["a"][0] is None
    if server.kind == "postgresql":  # its instant, in the zone of the session
        assert cells["a"][1] == datetime(2024, 1, 1, 12, tzinfo=UTC)


def test_what_arrow_has_no_type_for_is_text(server) -> None:
    query = {
        "postgresql": "SELECT gen_random_uuid() AS u, '{\"a\": [1]}'::jsonb AS j, 'NaN'::numeric n",
        "mariadb": "SELECT uuid() AS u, '{\"a\": [1]}' AS j, cast('0000-00-00' AS date) n",
    }
    (table,) = queried(server, query[server.kind])
    assert len(table.frame["u"][0]) == 36
    assert table.frame["j"][0] == '{"a": [1]}'
    assert table.frame["n"][0] in ("NaN", "0000-00-00")


def queried(server, text: str, **more: object):
    path = Path("asked.sql")
    path.write_text(text, encoding="utf-8")
    return read_tables([server.url], SourceOptions(query=str(path), **more)).values()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_query_is_the_users_own(server, orders) -> None:
    text = "SELECT *, '5%' AS share, ':x' AS colon FROM orders -- the end\n;"
    (table,) = queried(server, text.replace(" -- the end\n;", " -- the end"))
    assert table.frame.height == 4
    assert table.frame.row(0, named=True)["share"] == "5%"
    assert table.frame.row(0, named=True)["colon"] == ":x"
    (empty,) = queried(server, "SELECT * FROM orders WHERE order_id = 'none';")
    assert empty.frame.shape == (0, 4)


@pytest.mark.parametrize("text", ["DELETE FROM orders", "SELECT 1; DELETE FROM orders"])
def test_a_query_that_writes_is_refused(server, orders, text: str) -> None:
    with pytest.raises(SegpredictError):
        queried(server, text)
    assert server.run("SELECT count(*) FROM orders") == [(4,)]


def test_two_columns_of_one_name_are_refused(server, orders) -> None:
    with pytest.raises(SourceError, match="more than one column"):
        queried(server, "SELECT date, date FROM orders")


NAMES = ["order; DROP TABLE x--", 'a"b', "a`b", "sélect", "😀😀😀", "x" * 64, "a.b", "%s"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_table_and_of_columns_is_read(server, name: str) -> None:
    if server.kind == "mariadb" and "😀" in name:
        pytest.skip("MariaDB has no names beyond the basic plane")
    if server.kind == "postgresql":
        name = name[:63]  # its longest
    server.run(f"DROP TABLE IF EXISTS {server.quote(name)}")
    server.load(name, f"{server.quote(name)} varchar(99)", [("'; DROP TABLE orders; -- 😀`\"",)])
    (table,) = read_tables([server.url], SourceOptions(table=name)).values()
    assert table.frame.to_dict(as_series=False) == {name: ["'; DROP TABLE orders; -- 😀`\""]}


@pytest.mark.parametrize("name", ["ordres", "orders; DROP TABLE orders", "x" * 300, "a\x00b"])
def test_a_table_that_is_not_there_is_refused_with_the_nearest(server, orders, name: str) -> None:
    with pytest.raises(SegpredictError) as told:
        read_raw_lines([server.url], SourceOptions(table=name))
    assert told.value.exit_code in (4, 9)
    if name == "ordres":
        assert "'orders'" in told.value.fix


def test_schemas_are_named_with_a_dot(server) -> None:
    if server.kind == "mariadb":
        pytest.skip("a schema is a database there")
    server.run("CREATE SCHEMA IF NOT EXISTS sales", "DROP TABLE IF EXISTS sales.t")
    server.run("CREATE TABLE sales.t AS SELECT 1 AS a")
    (table,) = read_tables([server.url], SourceOptions(table="sales.t")).values()
    assert table.frame["a"].to_list() == [1]


def test_side_tables_are_read_from_a_database_too(server, orders) -> None:
    server.run("DROP TABLE IF EXISTS people")
    server.load("people", "customer_id varchar(9), region varchar(9)", [("007", "north")])
    people = {"data": f"{server.url}#people", "time_invariant": ["region"]}
    shop = read_transactions([orders], build_config({**PLAN.to_state(), "customers": people}))
    assert shop.side_tables.customers["region"].to_list() == ["north"]
    assert shop.side_tables.files[0].name.endswith("#people")


@pytest.mark.parametrize("mark", ["date", pytest.param("nr", marks=pytest.mark.slow)])
def test_ingest_goes_on_from_a_watermark_and_doubles_nothing(server, tmp_path, mark) -> None:
    server.run("DROP TABLE IF EXISTS sales")
    start = datetime.fromisoformat("2024-01-01 09:00")
    days = [(n, "c", start + timedelta(days=n), Decimal(n)) for n in range(1, 21)]
    columns = "nr bigint, customer_id varchar(9), date timestamp, amount numeric(9,2)"
    server.load("sales", columns, days[:12])
    plan = build_config({"source": {"watermark": mark}, **LINES})
    address = [f"{server.url}#sales"]
    first = ingest(address, tmp_path / "store", plan)
    with server.engine.begin() as connection:
        marks = ", ".join(["%s"] * 4)
        connection.exec_driver_sql(f"INSERT INTO sales VALUES ({marks})", [*days[12:], days[9]])
    second = ingest(address, tmp_path / "store", plan)
    # What is new, three days or numbers before, and a line that came late: a true repeat.
    assert first.shop.files[0].rows == 12
    assert second.shop.files[1].rows == 8 + 4 + 1
    third = ingest(address, tmp_path / "store", plan)
    fourth = ingest(address, tmp_path / "store", plan)
    whole = read_transactions(address, build_config(LINES))
    assert {second.shop.fingerprint, third.shop.fingerprint} == {whole.fingerprint}
    assert fourth.added == ()


def test_a_watermark_that_cannot_grow_is_refused(server, orders, tmp_path) -> None:
    plan = build_config({"source": {"watermark": "order_id"}})
    with pytest.raises(ContractError, match="neither whole numbers nor times"):
        ingest([orders], tmp_path / "store", plan)


def test_a_right_that_is_missing_is_named(server, orders) -> None:
    host = "" if server.kind == "postgresql" else "@'127.0.0.1'"
    server.run(
        f"DROP USER IF EXISTS reader{host}",
        f"CREATE USER reader{host}" + ("" if host else " LOGIN"),
        *([] if not host else ["GRANT CREATE TEMPORARY TABLES ON *.* TO reader@'127.0.0.1'"]),
    )
    address = server.url.replace("postgres@", "reader@").replace("root@", "reader@")
    try:
        with pytest.raises(SegpredictError) as told:
            read_raw_lines([f"{address}#orders"])
        assert told.value.exit_code in (4, 9)
        assert "right" in str(told.value) or "for this user" in str(told.value)
    finally:
        server.run(f"DROP USER reader{host}")


def test_a_lock_of_somebody_else_is_waited_for_a_while(server, orders, monkeypatch) -> None:
    monkeypatch.setattr("segpredict.data.readers.database.LOCK_SECONDS", 1)
    lock = {
        "postgresql": "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
        "mariadb": "LOCK TABLES orders WRITE",
    }
    with server.engine.begin() as other:
        other.exec_driver_sql(lock[server.kind])
        with pytest.raises(DatabaseError, match="holds a lock"):
            read_raw_lines([orders])


def test_a_query_that_takes_too_long_is_given_up(server) -> None:
    slow = {"postgresql": "SELECT 1 AS a, pg_sleep(20)", "mariadb": "SELECT 1 AS a, sleep(20)"}
    if server.kind == "mariadb":  # its sleep ends early without an error
        slow["mariadb"] = (
            "SELECT count(*) FROM seq_1_to_100000 a JOIN seq_1_to_100000 b "
            "ON mod(a.seq * b.seq, 7) = 9"
        )
    with pytest.raises(DatabaseError, match="took too long"):
        queried(server, slow[server.kind], query_seconds=1)


def test_a_connection_that_is_lost_is_an_error(server, monkeypatch) -> None:
    """Another ends the session after its first batch."""
    from segpredict.data.readers import database

    server.run("DROP TABLE IF EXISTS many", "CREATE TABLE many (a varchar(200))")
    fill = {
        "postgresql": "INSERT INTO many SELECT repeat('x', 200) FROM generate_series(1, 50000)",
        "mariadb": "INSERT INTO many SELECT repeat('x', 200) FROM seq_1_to_50000",
    }
    server.run(fill[server.kind])
    monkeypatch.setattr(database, "BATCH_ROWS", 100)
    column, killed = database._column, threading.Event()

    def killing(values: list[object]) -> object:
        if not killed.is_set():
            killed.set()
            kill_others(server)
        return column(values)

    monkeypatch.setattr(database, "_column", killing)
    with pytest.raises(DatabaseError, match="the connection was lost"):
        read_tables([f"{server.url}#many"], SourceOptions())


def kill_others(server) -> None:
    """End all other sessions of the database."""
    if server.kind == "postgresql":
        server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return
    query = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> "
    for (number,) in server.run(query + "connection_id()"):
        server.run(f"KILL {number}")


def test_a_server_that_is_not_there_is_an_error_in_time() -> None:
    for kind in ("postgresql", "mysql"):
        with pytest.raises(DatabaseError, match="does not answer"):
            read_raw_lines([f"{kind}://root@127.0.0.1:9/test#orders"])


def test_options_of_tls_reach_the_driver(server, tmp_path) -> None:
    """Servers of tests offer no TLS, so each option that asks for it ends in words about it."""
    (tmp_path / "ca.pem").write_text("no certificate")
    if server.kind == "postgresql":
        asked = ["sslmode=require", f"sslmode=verify-full&sslrootcert={tmp_path}/none.pem"]
    else:
        asked = [f"ssl_ca={tmp_path}/ca.pem"]
    state = {"postgresql": "SHOW ssl", "mariadb": "SELECT @@have_ssl"}
    if server.run(state[server.kind])[0][0] not in ("off", "DISABLED"):
        pytest.skip("this server offers TLS")
    for options in asked:
        # A file that holds no certificate is read before the server is asked.
        with pytest.raises(SegpredictError, match=r"safe as the address|no certificate"):
            read_raw_lines([f"{server.url}?{options}#orders"])


def test_options_that_no_driver_knows_are_named() -> None:
    for options in ("ssl_mode=on", "ssl_ca=/no/such/file.pem"):
        with pytest.raises(UsageError, match="options in the address"):
            read_raw_lines([f"mysql://root@127.0.0.1:9/test?{options}#orders"])


def test_addresses_hand_options_of_tls_to_the_driver() -> None:
    given = {
        "postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem": {
            "sslmode": "verify-full",
            "sslrootcert": "/ca.pem",
        },
        "mysql://h/d?ssl_ca=/ca.pem&ssl_cert=/c.pem&ssl_key=/k.pem": {
            "ssl": {"ca": "/ca.pem", "cert": "/c.pem", "key": "/k.pem"}
        },
    }
    for address, expected in given.items():
        url = sa.make_url(DatabaseAddress.parse(address).resolved())
        _, options = url.get_dialect()().create_connect_args(url)
        assert expected.items() <= options.items()


SECRET = "hunter2@/:%#?;canary"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://shop:CANARY@db/sales#orders",
        "mysql://shop:p@ss:CANARY@db/sales",
        "postgres:://u:CANARY@h",
        "postgresql://db/sales?password=CANARY",
        "https://u:CANARY@db/sales.csv",
        "nosuch://u:CANARY@db/sales#orders",
        "postgresql://db/sales?sslpassword=CANARY#orders",
        "postgresql://[u:CANARY@h]/sales",
        "postgresql://u@db:CANARY@x/sales",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(SegpredictError) as told:
        read_raw_lines([address])
    assert "CANARY" not in str(told.value.to_dict())


def test_a_secret_comes_from_a_variable_and_stays_there(
    server, orders, monkeypatch, capsys
) -> None:
    host = "" if server.kind == "postgresql" else "@'127.0.0.1'"
    create = f"CREATE USER guarded{host} " + ("LOGIN PASSWORD" if not host else "IDENTIFIED BY")
    server.run(f"DROP USER IF EXISTS guarded{host}", create + f" '{SECRET}'".replace("%", "%%"))
    grant = "GRANT SELECT ON orders TO guarded" + host
    server.run(grant)
    place = server.url.partition("@")[2]
    address = f"{server.kind}://guarded:${{CANARY_PASSWORD}}@{place}#orders"
    with pytest.raises(ConfigError, match="CANARY_PASSWORD"):
        read_raw_lines([address])
    monkeypatch.setenv("CANARY_PASSWORD", SECRET)
    try:
        raw = read_raw_lines([address])
        assert "guarded" not in str(raw.files)
        assert SECRET not in str(raw.files)
        monkeypatch.setenv("CANARY_PASSWORD", "wrong-canary")
        if server.kind == "mariadb":  # the other lets everybody in from here
            with pytest.raises(DatabaseError, match="does not let this user in") as told:
                read_raw_lines([address])
            assert "wrong-canary" not in str(told.value.to_dict())
    finally:
        if not host:
            server.run("DROP OWNED BY guarded")
        server.run(f"DROP USER guarded{host}")


def test_a_service_and_an_option_file_give_what_an_address_leaves_out(
    server, orders, tmp_path, monkeypatch
) -> None:
    place = sa.make_url(server.url)
    if server.kind == "postgresql":
        path = tmp_path / "services"
        path.write_text(
            f"[shop]\nhost={place.host}\nport={place.port}\nuser=postgres\n"
            f"dbname={place.database}\n"
        )
        monkeypatch.setenv("PGSERVICEFILE", str(path))
        address = "postgresql://?service=shop#orders"
    else:
        path = tmp_path / "my.cnf"
        path.write_text(f"[client]\nuser=root\nhost={place.host}\nport={place.port}\n")
        address = f"mysql:///{place.database}?read_default_file={path}#orders"
    assert read_raw_lines([address]).frame.height == 4


def test_other_dialects_are_read_by_the_same_door(tmp_path) -> None:
    path = tmp_path / "shop.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (customer_id, date, amount)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('a', '2024-01-01', 2.5), ('b', 3, 'x')")
    engine.dispose()
    (table,) = read_tables([f"sqlite:///{path}#t"], SourceOptions()).values()
    assert table.frame.rows() == [("a", "2024-01-01", "2.5"), ("b", "3", "x")]
    with pytest.raises(UsageError, match="no database of the kind"):
        read_tables(["nosuch://db/x#t"], SourceOptions())


def test_a_column_that_is_empty_at_first_gets_the_type_of_later_rows(server, monkeypatch) -> None:
    from segpredict.data.readers import database

    monkeypatch.setattr(database, "BATCH_ROWS", 2)
    server.run("DROP TABLE IF EXISTS late")
    rows = [(n, None if n < 3 else Decimal(n)) for n in range(6)]
    server.load("late", "n bigint, value numeric(9,2)", rows)
    (table,) = read_tables([f"{server.url}#late"], SourceOptions()).values()
    assert table.frame.sort("n")["value"].to_list() == [row[1] for row in rows]


def test_adbc_is_another_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = tmp_path / "asked.sql"
    query.write_text("SELECT 'a' AS customer_id, 1 AS n", encoding="utf-8")
    layout = SourceOptions(query=str(query))
    address = f"adbc+sqlite:///{tmp_path / 'shop.db'}"
    (table,) = read_tables([address], layout).values()
    assert table.frame.rows() == [("a", 1)]
    monkeypatch.setenv("CANARY", "canary-1")
    with pytest.raises(DatabaseError) as told:
        read_tables(["adbc+postgresql://u:${CANARY}@127.0.0.1:9/canary-1"], layout)
    assert "canary" not in str(told.value).replace("/canary-1", "")
    with pytest.raises(UsageError, match="cannot be named to an ADBC driver"):
        read_tables([f"{address}#t"], SourceOptions())
