"""Features written share by share are the features built at once."""

from pathlib import Path

import polars as pl
import pytest

import shop
from segpredict.core.window import Window
from segpredict.data import store
from segpredict.data.store import parts
from segpredict.features import build_features, write_features

WINDOW = Window(700, first_day=0)


def test_a_file_of_features_holds_what_build_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 100)
    world = shop.world(100)
    stored = store.write_store(world, tmp_path / "store")
    declared = write_features(stored, WINDOW, tmp_path / "features.parquet")
    (table,) = build_features(world, [WINDOW])
    assert declared == table.features
    assert pl.read_parquet(tmp_path / "features.parquet").equals(table.frame)
    assert len(list(tmp_path.iterdir())) == 2


def test_lines_without_a_store_are_written_too(tmp_path: Path) -> None:
    world = shop.world(30)
    write_features(world, WINDOW, tmp_path / "features.parquet", ["rfm"])
    (table,) = build_features(world, [WINDOW], ["rfm"])
    assert pl.read_parquet(tmp_path / "features.parquet").equals(table.frame)
