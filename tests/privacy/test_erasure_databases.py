"""People leave published tables and the orders of a service, in the same act as files."""

from datetime import date

import polars as pl
import pytest
import sqlalchemy as sa
from whole_shop import NAMES

from segpredict.core.database import DatabaseAddress
from segpredict.errors import ArtifactError
from segpredict.privacy import Places, erase_people, export_person, find_people
from segpredict.report.database import DatabaseTarget, run_tables, scores_table
from segpredict.service.orders import Order, OrderStore

FIRST, MODEL = date(2024, 1, 1), "m1"
SCORES, LISTS = scores_table("nightly"), run_tables("x_")["campaigns"]


def rows_of(table, people: list[str]) -> pl.DataFrame:
    """Return a row of each person, with a value in each column that needs one."""
    keys = {"as_of": FIRST, "model": MODEL, "campaign": "call", "segmentation": "g"}
    known = pl.DataFrame({"customer_id": people}, schema={"customer_id": pl.String})
    return known.with_columns(
        pl.lit(keys.get(column.name, False if column.kind == "flag" else None)).alias(column.name)
        for column in table.columns
        if column.name != "customer_id"
    ).select(column.as_expression for column in table.columns)


@pytest.fixture
def published(server):
    """Return an address with published tables, and a table of the shop's own."""
    for name in ("nightly", "nightly_moves", "x_campaigns", "customers"):
        server.run(f"DROP VIEW IF EXISTS {name}_today", f"DROP TABLE IF EXISTS {name}")
    target = DatabaseTarget(DatabaseAddress.parse(server.url), create=True)
    target.prepare(SCORES, [LISTS])
    people = ["ann", "Ann", NAMES.hash_id("ann"), "bob"]
    given = [(SCORES, rows_of(SCORES, people)), (LISTS, rows_of(LISTS, ["ann", "bob"]))]
    target.write(SCORES, (FIRST, MODEL), given)
    server.load("customers", "customer_id varchar(9), age integer", [("ann", 40)])
    return server


def customers(server, table: str) -> list[str]:
    return sorted(row[0] for row in server.run(f"SELECT customer_id FROM {table}"))


def orders(place: str) -> OrderStore:
    store = OrderStore.open(place)
    for number, person in enumerate(("ann", "bob", "ann")):
        line = ({"amount": 2, "customer_id": person},)
        store.add(Order(person, str(number), FIRST, False, line))
    return store


def test_people_leave_published_tables_and_no_other(published, tmp_path):
    places = Places(databases=(published.url,))
    held = export_person("ann", places)[0]["rows"]
    assert {"nightly", "x_campaigns"} <= held.keys()
    looked = find_people("ann", places, NAMES)
    assert customers(published, "nightly") == sorted(["ann", "Ann", NAMES.hash_id("ann"), "bob"])
    receipt = erase_people("ann", places, NAMES, tmp_path / "receipts")
    assert receipt["places"] == looked
    assert looked[0]["rows"].items() >= {"nightly": 2, "x_campaigns": 1}.items()
    assert customers(published, "nightly") == ["Ann", "bob"]
    assert customers(published, "x_campaigns") == ["bob"]
    assert customers(published, "customers") == ["ann"]
    texts = [path.read_text() for path in (tmp_path / "receipts").iterdir()]
    assert not any("ann" in text for text in texts)


def test_a_database_stays_where_a_folder_cannot_be_written(published, tmp_path):
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "2024-01-01.m.0000.parquet").write_text("damaged")
    places = Places(histories=(str(tmp_path / "history"),), databases=(published.url,))
    with pytest.raises(ArtifactError):
        erase_people("ann", places, NAMES, tmp_path / "receipts")
    assert "ann" in customers(published, "nightly")


def test_no_byte_of_a_person_stays_in_the_orders_of_a_service(tmp_path):
    place = tmp_path / "orders.sqlite"
    store = orders(str(place))
    places = Places(orders=(str(place),))
    assert len(export_person("ann", places)[0]["rows"]["orders"]) == 2
    receipt = erase_people("ann", places, NAMES, tmp_path / "receipts")
    assert receipt["places"][0]["rows"] == {"segpredict_orders": 2}
    assert receipt["searched"]["files"] >= 1
    store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("orders.sqlite*"))
    assert b"ann" not in held
    assert b"bob" in held
    again = OrderStore.open(str(place))
    assert [each["customer_id"] for each in again.lines_of(["bob"])] == ["bob"]
    again.close()


def test_orders_on_a_server_go_too(server, tmp_path):
    if server.kind != "postgresql":
        pytest.skip("orders are kept in SQLite and PostgreSQL")
    orders(server.url).close()
    erase_people("ann", Places(orders=(server.url,)), NAMES, tmp_path / "receipts")
    left = OrderStore.open(server.url)
    assert [each["customer_id"] for each in left.lines_of(["ann", "bob"])] == ["bob"]
    left.close()
    with server.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE segpredict_orders"))
