"""``segpredict report`` in its formats, and ``--hash-ids``."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from door import Door

from segpredict.core.pseudonyms import Pseudonymizer

SECRET = "0123456789abcdef"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET + "\n")
    return path


def test_tables_are_written_and_counted(segpredict: Door, run_folder: Path, tmp_path: Path) -> None:
    asked = ("report", "--run", run_folder, "--format", "bi", "--out", tmp_path / "bi")
    code, out, _ = segpredict(*asked, "--json")
    told = json.loads(out)
    assert code == 0
    orders = pl.read_csv(tmp_path / "bi" / "orders.csv")
    assert told["rows"]["orders"] == orders.height
    assert segpredict(*asked)[0] == 11
    assert segpredict(*asked, "--force")[0] == 0


def test_scores_and_tables_get_the_same_hashes(
    segpredict: Door, run_folder: Path, sample_file: Path, tmp_path: Path, secret: Path
) -> None:
    hidden = ("--run", run_folder, "--hash-ids", "--secret-file", secret)
    scored, tables = tmp_path / "scores.parquet", tmp_path / "bi"
    segpredict("score", "--data", sample_file, "--out", scored, *hidden)
    segpredict("report", "--format", "bi", "--out", tables, *hidden)
    ids = pl.read_parquet(scored)["customer_id"]
    assert ids.is_sorted()
    assert ids.str.contains("^[0-9a-f]{32}$").all()
    known = pl.read_parquet(run_folder / "scores.parquet")["customer_id"]
    named = Pseudonymizer(SECRET.encode()).hash_ids(known)
    assert set(ids) == set(named)
    assert set(ids) <= set(pl.read_parquet(tables / "customers.parquet")["customer_id"])


def test_the_secret_may_come_from_the_environment(
    segpredict: Door,
    run_folder: Path,
    tmp_path: Path,
    secret: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("report", "--run", run_folder, "--format", "bi", "--hash-ids", "--out")
    segpredict(*asked, tmp_path / "file", "--secret-file", secret)
    monkeypatch.setenv("SEGPREDICT_SECRET", SECRET)
    segpredict(*asked, tmp_path / "variable")
    told = [(tmp_path / n / "customers.csv").read_text() for n in ("file", "variable")]
    assert told[0] == told[1]
    written = [path.read_bytes() for path in (tmp_path / "file").iterdir()]
    assert not any(SECRET.encode() in content for content in written)


def test_without_a_secret_nothing_is_written(
    segpredict: Door,
    run_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SEGPREDICT_SECRET", raising=False)
    asked = ("report", "--run", run_folder, "--format", "bi", "--out", tmp_path / "bi")
    code, _, err = segpredict(*asked, "--hash-ids")
    assert (code, "SP-L003" in err) == (2, True)
    assert "openssl rand" in err
    assert not (tmp_path / "bi").exists()


def test_a_short_secret_is_refused_and_not_shown(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "short").write_text("hunter2")
    told = ("--hash-ids", "--secret-file", tmp_path / "short")
    code, _, err = segpredict("report", "--run", run_folder, *told)
    assert code == 2
    assert "hunter2" not in err


def test_a_secret_for_nothing_is_refused(segpredict: Door, run_folder: Path, secret: Path) -> None:
    code, _, err = segpredict("report", "--run", run_folder, "--secret-file", secret)
    assert code == 2
    assert "add --hash-ids" in err


def test_a_secret_file_that_is_not_there_is_named(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    told = ("--hash-ids", "--secret-file", tmp_path / "none")
    code, _, err = segpredict("report", "--run", run_folder, *told)
    assert (code, "none" in err) == (4, True)


def test_help_teaches_what_each_format_is_for(segpredict: Door) -> None:
    code, out, _ = segpredict("report", "--help")
    text = re.sub(r"\W+", " ", out)
    assert code == 0
    assert "a star schema as Parquet and CSV" in text
    assert "who holds the secret can identify the customers" in text
