"""Published tables: everything or nothing, nothing twice, and what somebody added stays."""

import threading
import time
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from segpredict.core.database import DatabaseAddress
from segpredict.errors import DatabaseError, UsageError
from segpredict.report.bi import BiColumn
from segpredict.report.database import (
    DatabaseTarget,
    PublishedTable,
    run_tables,
    scores_table,
    shop_tables,
)

FIRST, SECOND = date(2024, 1, 1), date(2024, 2, 1)
NASTY = ["'; DROP TABLE x; --", 'a"b`c\\', "\\", "ünï 😀", "line\nbreak\ttab", "NULL", "%s :x {}"]
TABLE = scores_table("customer_scores")


def scores(segments: dict[str, str | None], day: date = FIRST, model: str = "m1") -> pl.DataFrame:
    """Return scores of customers by id; without a segment a customer is not eligible."""
    rows = pl.DataFrame(
        {"customer_id": list(segments), "segment_id": [s or "S0" for s in segments.values()]},
        schema={"customer_id": pl.String, "segment_id": pl.String},
    ).with_columns(
        as_of=pl.lit(day),
        model=pl.lit(model),
        segmentation=pl.lit("g1"),
        is_eligible=pl.Series([s is not None for s in segments.values()]),
        segment=pl.lit("Core"),
        expected_value=pl.lit(12_3456),
        p_up=pl.lit(0.1) + 0.2,
        p_down=pl.lit(float("nan")),
        segment_set=pl.lit(""),
    )
    missing = [pl.lit(None).alias(n) for n in TABLE.names if n not in rows.columns]
    return rows.with_columns(missing).select(column.as_expression for column in TABLE.columns)


@pytest.fixture
def target(server):
    server.run("DROP VIEW IF EXISTS customer_scores_today")
    for name in ("customer_scores", "customer_scores_moves"):
        server.run(f"DROP TABLE IF EXISTS {name}")
    made = DatabaseTarget(DatabaseAddress.parse(server.url), create=True)
    made.prepare(TABLE)
    return made


def write(target: DatabaseTarget, frame: pl.DataFrame) -> None:
    target.write(TABLE, (frame["as_of"][0], frame["model"][0]), [(TABLE, frame)])


def content(server, columns: str = "customer_id, segment_id", name: str = "customer_scores"):
    return sorted(server.run(f"SELECT {columns} FROM {name}"))


def test_any_text_is_stored_as_it_is_and_numbers_keep_every_digit(server, target) -> None:
    write(target, scores(dict.fromkeys(NASTY, "S1")))
    assert {row[0] for row in content(server, "customer_id")} == set(NASTY)
    expected, up, down, text = server.run(
        "SELECT expected_value, p_up, p_down, segment_set FROM customer_scores"
    )[0]
    assert (str(expected), up, down, text) == ("12.3456", 0.1 + 0.2, None, "")


def test_twice_is_once_and_a_change_is_taken(server, target) -> None:
    write(target, scores({"a": "S1", "A": "S2"}))
    server.run("ALTER TABLE customer_scores ADD COLUMN note varchar(9)")
    server.run("UPDATE customer_scores SET note = 'mine'")
    write(target, scores({"a": "S1", "A": "S2"}))
    write(target, scores({"a": "S3", "b": "S1"}))
    found = content(server, "customer_id, segment_id, coalesce(note, '')")
    assert found == [("A", "S2", "mine"), ("a", "S3", "mine"), ("b", "S1", "")]


def test_days_and_models_stand_side_by_side_and_the_view_shows_the_newest(server, target) -> None:
    write(target, scores({"a": "S1"}, SECOND))
    write(target, scores({"a": "S2"}, FIRST))
    write(target, scores({"a": "S3"}, FIRST, "m2"))
    assert content(server, "segment_id") == [("S1",), ("S2",), ("S3",)]
    assert content(server, name="customer_scores_today") == [("a", "S1")]


def test_who_entered_and_left_is_told(server, target) -> None:
    write(target, scores({"stays": "S1", "moves": "S1", "lapses": "S2", "gone": "S1"}))
    write(target, scores({"stays": "S1", "moves": "S2", "lapses": None, "new": "S3"}, SECOND))
    moves = ("customer_id, from_segment_id, to_segment_id", "customer_scores_moves")
    expected = [("lapses", "S2", "LAPSED"), ("moves", "S1", "S2"), ("new", "NEW", "S3")]
    assert content(server, *moves) == expected
    # Another result of that day: who did not move after all is no longer there.
    write(target, scores({"stays": "S1", "moves": "S1", "lapses": None, "new": "S3"}, SECOND))
    assert content(server, *moves) == [expected[0], expected[2]]
    assert server.run("SELECT DISTINCT since FROM customer_scores_moves") == [(FIRST,)]


def test_rows_of_a_whole_table_that_are_no_more_are_removed(server, target) -> None:
    server.run("DROP TABLE IF EXISTS kpis")
    words = {"as_of": "date", "model": "text", "row": "whole", "value": "number"}
    columns = tuple(BiColumn(name, kind, 'It\'s a "meaning"; 5 %.') for name, kind in words.items())
    kpis = PublishedTable("kpis", "Of 100 % of 'all'.", ("as_of", "model", "row"), columns)
    target.prepare(TABLE, [kpis])
    for n in (3, 2):
        rows = pl.DataFrame({"row": range(n), "value": [float(n)] * n})
        rows = rows.with_columns(as_of=pl.lit(FIRST), model=pl.lit("m1")).select(kpis.names)
        target.write(TABLE, (FIRST, "m1"), [(TABLE, scores({"a": "S1"})), (kpis, rows)])
    assert content(server, f"{server.quote('row')}, value", "kpis") == [(0, 2.0), (1, 2.0)]


def test_tables_have_keys_types_and_comments(server, target) -> None:
    import sqlalchemy as sa

    inspector = sa.inspect(server.engine)
    key = inspector.get_pk_constraint("customer_scores")["constrained_columns"]
    assert key == ["customer_id", "as_of", "model"]
    columns = {c["name"]: c for c in inspector.get_columns("customer_scores")}
    assert all(c["comment"] for c in columns.values())
    assert inspector.get_table_comment("customer_scores")["text"]


def test_an_error_leaves_everything_as_it_was(server, target) -> None:
    write(target, scores({"a": "S1"}))
    before = content(server)
    too_long = scores({"b": "S2", "c" * 300: "S2"})
    with pytest.raises(DatabaseError):
        write(target, too_long)
    assert content(server) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP COLUMN p_up", '"p_up" is not there'),
        ("ADD COLUMN must_be integer NOT NULL", '"must_be" must have a value'),
    ],
)
def test_a_table_of_another_shape_is_refused_by_name(server, target, change, said) -> None:
    server.run("DROP VIEW customer_scores_today", f"ALTER TABLE customer_scores {change}")
    with pytest.raises(DatabaseError, match='"customer_scores" has another shape') as told:
        target.prepare(TABLE)
    assert said in str(told.value)


def test_somebody_elses_table_of_that_name_is_refused(server, target) -> None:
    server.run("DROP TABLE IF EXISTS sales_scores")
    server.run("CREATE TABLE sales_scores (customer_id integer, as_of date, model date)")
    with pytest.raises(DatabaseError, match="no key is") as told:
        target.prepare(scores_table("sales_scores"))
    assert '"customer_id" is of the type' in str(told.value)
    assert server.run("SELECT count(*) FROM sales_scores") == [(0,)]


def test_a_table_is_made_on_request_only(server, target) -> None:
    with pytest.raises(DatabaseError, match="has no table") as told:
        replace(target, create=False).prepare(scores_table("nobody_made_me"))
    assert "--create" in told.value._fix


SAME = ["a", "A", "a ", "a  ", "\u00e4", "a\u0308", "\u00df", "ss"]  # one text in some collations


def test_ids_that_a_collation_takes_for_one_are_customers_of_their_own(server, target) -> None:
    write(target, scores(dict.fromkeys(SAME, "S1")))
    write(target, scores(dict.fromkeys(SAME[:4], "S2"), SECOND))
    write(target, scores(dict(zip(SAME, ["S1", "S2", "S1", "S2"], strict=False)), SECOND))
    stored = "SELECT customer_id FROM customer_scores WHERE as_of = '2024-01-01'"
    assert {row[0] for row in server.run(stored)} == set(SAME)
    assert content(server, "customer_id", "customer_scores_moves") == [("A",), ("a  ",)]


def test_a_table_whose_collation_takes_two_ids_for_one_is_refused(server, target) -> None:
    if server.kind == "postgresql":
        pytest.skip("its tables compare by bytes")
    text = "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"
    server.run(f"ALTER TABLE customer_scores MODIFY model {text}")
    with pytest.raises(DatabaseError, match='"model" has the collation utf8mb4_general_ci'):
        target.prepare(TABLE)
    usual = "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    server.run(f"ALTER TABLE customer_scores {usual}")
    with pytest.raises(DatabaseError, match="utf8mb4_bin, and needs utf8mb4_nopad_bin"):
        target.prepare(TABLE)


def test_each_table_that_keeps_days_has_a_view_of_the_newest(server, target) -> None:
    segments = run_tables("v_")["segments"]
    for name, kind in {"v_segments_today": "VIEW", "v_segments": "TABLE"}.items():
        server.run(f"DROP {kind} IF EXISTS {name}")
    target.prepare(TABLE, [segments])
    for day, names in ((FIRST, ["S1", "S2"]), (SECOND, ["S1"])):
        rows = pl.DataFrame({"segment_id": names}).with_columns(
            pl.lit(None).alias(n) for n in segments.names if n not in ("segment_id", "as_of")
        )
        rows = rows.with_columns(as_of=pl.lit(day), model=pl.lit("m1"))
        rows = rows.select(column.as_expression for column in segments.columns)
        target.write(TABLE, (day, "m1"), [(TABLE, scores({"a": "S1"}, day)), (segments, rows)])
    assert content(server, "as_of, segment_id", "v_segments_today") == [(SECOND, "S1")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a; DROP TABLE x", 'q"u`o', "%s", "x" * 57, "b -- ü"])
def test_any_name_of_a_table_is_written(server, name: str) -> None:
    table = scores_table(name)
    target = DatabaseTarget(DatabaseAddress.parse(server.url), create=True)
    for part in (name, f"{name}_moves"):
        server.run(f"DROP TABLE IF EXISTS {server.quote(part)} CASCADE")
    server.run(f"DROP VIEW IF EXISTS {server.quote(name + '_today')}")
    target.prepare(table)
    target.write(table, (FIRST, "m1"), [(table, scores({"a": "S1"}))])
    target.prepare(table)
    assert server.run(f"SELECT customer_id FROM {server.quote(name)}") == [("a",)]


@pytest.mark.parametrize("name", ["y" * 59, "ü" * 59])
def test_a_name_that_is_too_long_is_refused_before_any_table_is_made(server, name: str) -> None:
    target = DatabaseTarget(DatabaseAddress.parse(server.url), create=True)
    with pytest.raises(UsageError, match="is too long"):
        target.prepare(scores_table(name))
    with pytest.raises(DatabaseError, match="has no table"):
        replace(target, create=False).prepare(scores_table(name[:20]))
    found = server.run(
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_name LIKE 'yyy%%' OR table_name LIKE 'üüü%%'"
    )
    assert found == [(0,)]


def test_names_of_two_bytes_a_letter_fit_up_to_the_last_byte(server) -> None:
    target = DatabaseTarget(DatabaseAddress.parse(server.url), create=True)
    table = scores_table("ö" * 28)  # and "_moves" are 62 bytes
    target.prepare(table)
    target.prepare(table)
    assert server.run(f"SELECT count(*) FROM {server.quote(table.name + '_moves')}") == [(0,)]


def test_a_second_writer_waits_for_the_first(server, target) -> None:
    errors: list[BaseException] = []

    def publish(segment: str) -> None:
        try:
            for _ in range(3):
                write(target, scores({str(n): segment for n in range(200)}))
        except BaseException as error:  # of a thread, which would hide it
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(name,)) for name in ("S1", "S2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    rows, segments = server.run("SELECT count(*), count(DISTINCT segment_id) FROM customer_scores")[
        0
    ]
    assert (rows, segments) == (200, 1)


def test_a_lock_of_somebody_else_is_waited_for_a_while(server, target, monkeypatch) -> None:
    write(target, scores({"a": "S1"}))
    monkeypatch.setattr("segpredict.core.database.LOCK_SECONDS", 1)
    with server.engine.begin() as other:
        other.exec_driver_sql("SELECT * FROM customer_scores FOR UPDATE")
        with pytest.raises(DatabaseError, match="holds a lock"):
            write(target, scores({"a": "S2"}))
    assert content(server) == [("a", "S1")]


def test_a_lost_connection_leaves_everything_as_it_was(server, target, monkeypatch) -> None:
    from segpredict.report.database import _write

    write(target, scores({"a": "S1"}))

    def lost(connection, *_: object) -> None:
        raw = connection.connection.driver_connection
        number = raw.info.backend_pid if server.kind == "postgresql" else raw.thread_id()
        kill = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
        server.run(kill[server.kind].format(number))

    monkeypatch.setattr(_write, "_moves", lambda connection, *_: lost(connection))
    with pytest.raises(DatabaseError, match="connection was lost"):
        write(target, scores({"a": "S2", "b": "S2"}))
    assert content(server) == [("a", "S1")]


def test_a_right_that_is_missing_is_named_before_anything_is_computed(server, target) -> None:
    host = "" if server.kind == "postgresql" else "@'127.0.0.1'"
    server.run(
        f"DROP USER IF EXISTS viewer{host}",
        f"CREATE USER viewer{host}",
        f"GRANT SELECT ON customer_scores TO viewer{host}",
        f"GRANT SELECT ON customer_scores_moves TO viewer{host}",
    )
    address = server.url.replace("postgres@", "viewer@").replace("root@", "viewer@")
    weak = DatabaseTarget(DatabaseAddress.parse(address))
    try:
        with pytest.raises(DatabaseError, match="lacks a right"):
            weak.prepare(TABLE)
        assert content(server) == []
    finally:
        if not host:
            server.run("DROP OWNED BY viewer")
        server.run(f"DROP USER viewer{host}")


def test_a_table_without_transactions_is_refused(server, target) -> None:
    if server.kind == "postgresql":
        pytest.skip("all its tables have transactions")
    server.run("ALTER TABLE customer_scores ENGINE=Aria")
    with pytest.raises(DatabaseError, match="Aria has no transactions"):
        target.prepare(TABLE)


def test_other_databases_are_refused(tmp_path) -> None:
    target = DatabaseTarget(DatabaseAddress.parse(f"sqlite:///{tmp_path / 'x.db'}"), create=True)
    with pytest.raises(UsageError, match="PostgreSQL, MySQL and MariaDB"):
        target.prepare(TABLE)


def test_tables_of_the_shop_hold_what_is_known_now(server, target) -> None:
    products, dates = shop_tables("s_")["products"], shop_tables("s_")["dates"]
    both = DatabaseTarget(target.address, create=True)

    def publish(*ids: str) -> None:
        both.prepare(TABLE, [products, dates])  # which must not take out anything
        named = [(products, product_rows(i)) for i in ids]
        days = (dates, date_rows())
        both.write(TABLE, (FIRST, "m1"), [(TABLE, scores({"a": "S1"})), *named, days])

    publish("p1", NASTY[0], NASTY[1])
    both.prepare(TABLE, [products, dates])
    assert set(content(server, "product_id", "s_products")) == {("p1",), (NASTY[0],), (NASTY[1],)}
    server.run("ALTER TABLE s_products ADD COLUMN shelf varchar(9)")
    server.run("UPDATE s_products SET shelf = 'A' WHERE product_id = 'p1'")
    publish("p1", "p2")
    assert content(server, "product_id, shelf", "s_products") == [("p1", "A"), ("p2", None)]
    assert content(server, "date", "s_dates") == [(FIRST,)]


def product_rows(product: str) -> pl.DataFrame:
    columns = shop_tables("s_")["products"].columns
    given = pl.DataFrame({"product_id": [product], "lines": [3]})
    missing = [pl.lit(None).alias(c.name) for c in columns if c.name not in given.columns]
    return given.with_columns(missing).select(column.as_expression for column in columns)


def date_rows() -> pl.DataFrame:
    columns = shop_tables("s_")["dates"].columns
    missing = [pl.lit(None).alias(c.name) for c in columns if c.name != "date"]
    given = pl.DataFrame({"date": [FIRST]}).with_columns(missing)
    return given.select(column.as_expression for column in columns)


def test_frames_of_tables_may_alternate(server, target) -> None:
    products, dates = shop_tables("t_")["products"], shop_tables("t_")["dates"]
    both = DatabaseTarget(target.address, create=True)
    both.prepare(TABLE, [products, dates])
    mixed = [
        (products, product_rows("p1")),
        (dates, date_rows()),
        (products, product_rows("p2")),
        (TABLE, scores({"a": "S1"})),
    ]
    rows = both.write(TABLE, (FIRST, "m1"), mixed)
    assert rows == {"t_products": 2, "t_dates": 1, TABLE.name: 1, f"{TABLE.name}_moves": 0}
    assert content(server, "product_id", "t_products") == [("p1",), ("p2",)]


@pytest.mark.slow
def test_the_time_of_a_whole_table_does_not_grow_with_the_square_of_its_rows(server, target):
    products = shop_tables("u_")["products"]
    both = DatabaseTarget(target.address, create=True)
    both.prepare(TABLE, [products])
    many = pl.concat([product_rows("p")] * 30_000)
    many = many.with_columns(product_id=pl.int_range(pl.len()).cast(pl.String))
    begin = time.monotonic()
    for frame in (many, many.head(29_000)):
        both.write(TABLE, (FIRST, "m1"), [(TABLE, scores({"a": "S1"})), (products, frame)])
    assert server.run("SELECT count(*) FROM u_products") == [(29_000,)]
    assert time.monotonic() - begin < 120  # each with each took more than 400 seconds
