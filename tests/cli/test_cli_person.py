"""``segpredict person``: looks, erases with a receipt, and takes old rows out of a store."""

import json

import pytest


@pytest.fixture
def store(segpredict, tmp_path):
    rows = ["customer_id,date,amount", "ann,2011-01-31,2.5", "bob,2011-02-01,3", "bob,2012-02-01,3"]
    (tmp_path / "sales.csv").write_text("\n".join(rows))
    (tmp_path / "secret.txt").write_text("a secret of 16 or more bytes")
    code, _, said = segpredict(
        "ingest", "--data", tmp_path / "sales.csv", "--store", tmp_path / "s"
    )
    assert code == 0, said
    return tmp_path / "s"


def test_a_person_is_shown_and_erased(segpredict, store, tmp_path):
    receipts, named = tmp_path / "receipts", ("--store", store, "--json")
    secret = ("--secret-file", tmp_path / "secret.txt", "--receipts", receipts)
    held = json.loads(segpredict("person", "--export", " ann\u200b", *named)[1])
    (rows,) = held["places"][0]["rows"].values()
    assert [row["customer_id"] for row in rows] == ["ann"]
    assert segpredict("person", "--erase", "ann", "--dry-run", *secret, *named)[0] == 0
    assert not receipts.exists()
    code, said, _ = segpredict("person", "--erase", " ann", *secret, *named)
    assert code == 0
    assert json.loads(said) == json.loads((receipts / "0001.json").read_text())
    assert segpredict("person", "--erase", "ann", *secret, *named)[0] == 2


def test_old_rows_leave_a_store(segpredict, store):
    code, said, _ = segpredict("person", "--older-than", "2012-01-01", "--store", store, "--json")
    assert (code, json.loads(said)["before"]) == (0, "2012-01-01")
    assert sum(json.loads(said)["places"][0]["rows"].values()) == 2


@pytest.mark.parametrize(
    "options", [(), ("--export", "a", "--older-than", "3y"), ("--older-than", "old")]
)
def test_what_cannot_be_meant_is_refused(segpredict, store, options):
    assert segpredict("person", *options, "--store", store)[0] == 2
