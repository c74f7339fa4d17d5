"""A folder made by `segpredict sample` is read whole; other folders as before."""

from pathlib import Path

import polars as pl
import pytest

from segpredict.config.load import load_config
from segpredict.data.ingest import read_transactions, store_settings
from segpredict.data.readers import expand_names
from segpredict.data.sample import sample
from segpredict.data.sample.folder import DRIVERS_FILE, TRUTH_FILE
from segpredict.data.sample.known_future import KnownFuture
from segpredict.errors import SourceError
from segpredict.features import choose_families
from segpredict.pipeline import stages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sample") / "shop"
    sample.write_sample(sample.generate_sample(120, 5), found)
    return found


def test_a_sample_folder_brings_its_settings_and_all_its_tables(folder: Path) -> None:
    settings = store_settings(str(folder))
    assert settings == load_config("sample")
    shop = read_transactions([str(folder)], settings)
    tables = shop.side_tables
    assert tables.customers is not None
    assert tables.products is not None
    assert tables.events is not None
    assert tables.dates is not None
    assert tables.dates["last"].max() > shop.end_day  # sales are planned
    chosen = choose_families(shop, settings.classifier.families)
    assert {"web", "discount", "category", "demographics"} <= set(chosen.names)


def test_of_a_sample_folder_only_the_transactions_are_lines(folder: Path) -> None:
    assert expand_names([str(folder)]) == (folder / "transactions.csv",)
    truth = {"dropout_p", "p_silent", "is_alive", "sale_kind"}
    shop = read_transactions([str(folder)], load_config("sample"))
    known = shop.side_tables.customers
    assert known is not None
    assert not truth & {*shop.lines.collect_schema(), *known.columns}


def test_a_sample_folder_that_lacks_a_table_is_refused(tmp_path: Path) -> None:
    sample.write_sample(sample.generate_sample(20, 5), tmp_path)
    (tmp_path / "events.parquet").unlink()
    with pytest.raises(SourceError, match=r"lacks events\.parquet") as caught:
        expand_names([str(tmp_path)])
    assert "segpredict sample --out" in caught.value.fix


def test_a_folder_without_the_truth_is_a_folder_of_exports(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes((folder / "transactions.csv").read_bytes())
    assert store_settings(str(tmp_path)) is None
    assert expand_names([str(tmp_path)]) == (tmp_path / "sales.csv",)


def test_no_stage_of_a_run_can_read_the_truth(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        is_truth = file.name in (TRUTH_FILE, DRIVERS_FILE)
        (tmp_path / file.name).write_bytes(b"unreadable" if is_truth else file.read_bytes())
    config = load_config("sample")
    known, unknown = (stages.prepare([str(where)], config) for where in (folder, tmp_path))
    # Stages are functions of what `prepare` returns: what it does not hold, no model has seen.
    assert unknown.transactions.fingerprint == known.transactions.fingerprint
    assert unknown.side_table_frames.keys() == known.side_table_frames.keys()
    for name, frame in known.side_table_frames.items():
        assert unknown.side_table_frames[name].equals(frame)


def test_the_truth_of_a_folder_is_drawn_again_unless_another_version_made_it(
    folder: Path, tmp_path: Path
) -> None:
    assert KnownFuture.of_folder(folder) is not None
    truth = pl.read_parquet(folder / TRUTH_FILE)
    truth.write_parquet(tmp_path / TRUTH_FILE)
    assert KnownFuture.of_folder(tmp_path) is None
    drawn = {"customers": "120", "seed": "6", "days": "728", "start": "2022-01-03"}
    truth.write_parquet(tmp_path / TRUTH_FILE, metadata=drawn)
    assert KnownFuture.of_folder(tmp_path) is None
