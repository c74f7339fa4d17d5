"""A store replaces the files that were added to it."""

import json
from pathlib import Path

import polars as pl
import pytest
from nightly import DAYS, PLAN, put
from typer.testing import CliRunner

from segpredict import pipeline
from segpredict.cli._main import app
from segpredict.config import load
from segpredict.data import store
from segpredict.data.ingest import raw_batches, store_settings
from segpredict.errors import TamperedFileError, UsageError


def test_a_store_says_what_its_files_say(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops)
    files, shop = (
        pipeline.read_transactions([str(name)], PLAN) for name in (drops, tmp_path / "store")
    )
    assert shop.lines.collect().equals(files.lines.collect())
    assert (shop.ledger, shop.notes, shop.files) == (
        *(files.ledger, files.notes),
        files.files,
    )
    assert shop.fingerprint == files.fingerprint
    assert shop.rejects is not None
    assert shop.rejects.equals(files.rejects)
    assert shop.rejects.rows() == [(str(drops / "4.csv"), 2, "quantity", "many", "is not a number")]


def test_a_store_remembers_its_settings(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    assert store_settings(str(tmp_path / "store")) == PLAN
    assert store_settings([str(drops)]) is None
    assert store_settings(pl.DataFrame()) is None


def test_other_settings_clean_all_rows_of_a_store_again(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv", drops / "2.csv")
    other = load.load_config(overrides=["cleaning.excluded_rules=['refunded_orders']"])
    names = [str(drops / "1.csv"), str(drops / "2.csv")]
    files = pipeline.read_transactions(names, other)
    again = pipeline.read_transactions([str(tmp_path / "store")], other)
    assert again.fingerprint == files.fingerprint
    assert again.ledger == files.ledger
    changed = put(tmp_path / "store", drops / "1.csv", plan=other)
    assert changed.shop.fingerprint == files.fingerprint
    assert store_settings(str(tmp_path / "store")) == other


def test_a_cutoff_is_laid_through_a_store_as_through_files(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops)
    files, shop = (
        pipeline.read_transactions([str(name)], PLAN, "2021-03-25")
        for name in (drops, tmp_path / "store")
    )
    assert shop.fingerprint == files.fingerprint
    assert (shop.ledger, shop.end_day) == (files.ledger, files.end_day)
    assert shop.lines.collect().height == 2


def test_columns_of_a_store_cannot_be_named_later(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    other = load.load_config(overrides=["source.columns.customer_id='order_id'"])
    with pytest.raises(UsageError, match="named when its files were added"):
        pipeline.read_transactions([str(tmp_path / "store")], other)


def test_a_store_beside_files_is_refused(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops / "1.csv")
    with pytest.raises(UsageError, match="segpredict ingest"):
        pipeline.read_transactions([str(tmp_path / "store"), str(drops)], PLAN)


def test_parts_of_a_store_are_no_exports(drops: Path, tmp_path: Path) -> None:
    put(drops / "store", drops / "1.csv")
    shop = pipeline.read_transactions([str(drops)], PLAN)
    assert [Path(fact.name).name for fact in shop.files] == list(DAYS)


def test_a_store_without_raw_rows_can_be_read_and_not_added_to(drops: Path, tmp_path: Path) -> None:
    shop = pipeline.read_transactions([str(drops)], PLAN)
    store.write_store(shop, tmp_path / "store")
    again = pipeline.read_transactions([str(tmp_path / "store")], PLAN)
    assert again.fingerprint == shop.fingerprint
    with pytest.raises(UsageError, match="--as-of"):
        pipeline.read_transactions([str(tmp_path / "store")], PLAN, "2021-03-25")
    with pytest.raises(UsageError, match="--replace"):
        put(tmp_path / "store", drops)


@pytest.mark.parametrize("suffix", ["json", "rejects"])
def test_a_damaged_note_is_refused(drops: Path, tmp_path: Path, suffix: str) -> None:
    put(tmp_path / "store", drops)
    (path,) = (tmp_path / "store" / raw_batches.RAW_FOLDER).glob(f"*.{suffix}")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(TamperedFileError, match="differs from its recorded hash"):
        pipeline.read_transactions([str(tmp_path / "store")], PLAN)


def test_a_run_scores_a_store_as_it_scores_files(
    sample_file: Path, small_config, run_folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", sample_file, plan=small_config)
    files, stored = (
        pipeline.score_into_history(None, run_folder, [str(name)])[0]
        for name in (sample_file, tmp_path / "store")
    )
    assert stored.equals(files)
    early = [
        pipeline.score_into_history(None, run_folder, [str(name)], as_of="2022-10-01")[0]
        for name in (sample_file, tmp_path / "store")
    ]
    assert early[0].equals(early[1])


def test_segments_of_a_store_are_those_of_its_files(
    sample_file: Path, small_config, run_folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "store", sample_file, plan=small_config)
    target = pipeline.RunTarget(tmp_path / "run", "then")
    made = pipeline.run_clustering([str(tmp_path / "store")], small_config, target)
    name = "segmentation/assignments.parquet"
    assert made.read_parquet(name).equals(pl.read_parquet(run_folder / name))


def test_check_of_a_store_takes_its_settings(drops: Path, tmp_path: Path) -> None:
    put(tmp_path / "store", drops)
    done = CliRunner().invoke(app, ["check", "--data", str(tmp_path / "store"), "--json"])
    found = json.loads(done.stdout)
    assert found["adds_up"]
    assert found["bad_rows"] == [{"reason": "quantity is not a number", "rows": 1}]
    assert found["bad_examples"][0]["value"] == "many"
