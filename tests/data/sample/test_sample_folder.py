"""A folder made by `segpredict sample` is read whole; other folders as before."""

from pathlib import Path

import pytest

from segpredict.config.load import load_config
from segpredict.data.ingest import read_transactions, store_settings
from segpredict.data.readers import expand_names
from segpredict.data.sample import sample
from segpredict.errors import SourceError
from segpredict.features import choose_families


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
