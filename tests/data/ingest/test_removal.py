"""A store without some rows is the store of files without these rows."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from segpredict.config.load import as_config
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.window import day_number
from segpredict.data.ingest import ingest, read_transactions
from segpredict.data.ingest.removal import people_in_store, removing_before, removing_people
from segpredict.data.store import open_store

NAMES = Pseudonymizer(b"a secret of 16 or more bytes")
SETTINGS = {"cleaning": {"on_bad_rows": "quarantine", "max_bad_rows": "50%"}}
HEAD = "customer_id,order_id,product_id,quantity,date,amount\n"
# Ids as shops write them: with blanks, with .0, and in a record with a cell too much.
ROWS = """\
17850,1,p,1,2011-01-31,2.5
 17850 ,2,q,1,2011-02-01,3.5
17850.0,3,q,x,2011-02-02,3.5
a,4,p,1,2011-02-03,1
a,5,r,1,2011-03-03,9
b,6,17850,1,2011-03-04,4
,7,p,1,2011-03-05,5
17850,8,p,1,2011-03-06,5,,too many
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "sales.csv").write_text(HEAD + ROWS)
    ingest(tmp_path / "sales.csv", tmp_path / "store", SETTINGS)
    return tmp_path / "store"


def counts(store: Path) -> dict[str, int]:
    entries = open_store(store).ledger.entries
    return {each.rule: each.count.rows for each in entries if each.count.rows}


def test_a_person_leaves_however_the_id_is_written(store, tmp_path):
    before = counts(store)
    held = people_in_store(store, {"17850"})
    assert sum(rows.height for rows in held.values()) == 3
    with removing_people(store, {"17850"}, NAMES) as removal:
        assert counts(store) == before
        removal.publish()
    assert sum(removal.rows.values()) == 4
    ledger = open_store(store).ledger
    assert ledger.adds_up
    assert counts(store)["read"] == before["read"]
    assert counts(store)["erased"] == 4
    left = HEAD + "".join(line + "\n" for line in ROWS.splitlines()[3:7])
    (tmp_path / "left.csv").write_text(left)
    other = ingest(tmp_path / "left.csv", tmp_path / "other", SETTINGS)
    assert open_store(store).fingerprint == other.shop.fingerprint
    assert ledger.total("used") == other.shop.ledger.total("used")
    texts = [p.read_bytes() for p in store.rglob("*") if p.suffix in (".json", ".rejects")]
    assert not any(b"17850" in text for text in texts)


def test_a_killed_removal_leaves_the_store_as_it_was(store):
    before = {path.name: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    with pytest.raises(KeyboardInterrupt), removing_people(store, {"a"}, NAMES):
        raise KeyboardInterrupt
    after = {path.name: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert after == before


def test_old_rows_leave(store):
    before = counts(store)
    with removing_before(store, day_number(date(2011, 2, 3))) as removal:
        removal.publish()
    shop = open_store(store)
    assert shop.first_day == day_number(date(2011, 2, 3))
    assert shop.ledger.adds_up
    assert counts(store)["expired"] == 3
    assert counts(store)["read"] == before["read"]
    with removing_before(store, day_number(date(2011, 2, 3))) as removal:
        assert not removal.rows
        removal.publish()
    assert open_store(store).fingerprint == shop.fingerprint


def test_side_tables_do_not_bring_a_person_back(store, tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,age\na,40\nb,50\n17850,60\n")
    config = {**SETTINGS, "customers": {"data": "people.csv", "time_invariant": ["age"]}}
    ingest(tmp_path / "sales.csv", store, config)

    def known() -> list[str]:
        shop = read_transactions([str(store)], as_config(config))
        assert shop.side_tables.customers is not None
        return shop.side_tables.customers["customer_id"].sort().to_list()

    assert known() == ["17850", "a", "b"]
    with removing_people(store, {"17850"}, NAMES) as removal:
        removal.publish()
    assert known() == ["a", "b"]


def test_people_are_kept_out_of_rows_and_of_records_that_are_none(store, tmp_path):
    with removing_people(store, {"17850"}, NAMES) as removal:
        removal.publish()
    new = HEAD + "17850,9,p,1,2011-04-01,5\nc,10,p,1,2011-04-02,5\n17850,1,p,1,2011-04-01,5,,x\n"
    (tmp_path / "new.csv").write_text(new)
    done = ingest(tmp_path / "new.csv", store, SETTINGS, pseudonyms=NAMES)
    found = done.shop.lines.select(pl.col("customer_id").unique().sort()).collect()
    assert found["customer_id"].to_list() == ["a", "b", "c"]
    assert done.shop.ledger.adds_up
    assert counts(store)["erased"] == 6
