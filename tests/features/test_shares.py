"""Asked share by share, customers get the answers they get all at once."""

from pathlib import Path

import polars as pl
import pytest

import shop
from segpredict import store
from segpredict.features import _shares, build, instrument
from segpredict.store import _parts
from segpredict.window import Window

WINDOWS = [Window(700, first_day=0), Window(500, first_day=0)]
SPANS = [(400, 491), (491, 582)]


def test_short_memory_parts_customers_and_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = shop.world(150)
    whole, read = build(world, WINDOWS), instrument(world, SPANS)
    rows = world.lines.select(pl.len()).collect().item()
    monkeypatch.setattr(_shares, "available", lambda: rows * _shares.LINE // 5)
    assert len(list(_shares.shares(world))) >= 5
    for table, expected in zip(build(world, WINDOWS), whole, strict=True):
        assert table.frame.equals(expected.frame)
    assert instrument(world, SPANS).equals(read)


def test_a_store_gives_the_features_of_the_lines_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = shop.world(150)
    monkeypatch.setattr(_parts, "GROUP", 100)
    stored = store.write(world, tmp_path)
    assert len(list(_shares.shares(stored))) > 3
    tables = zip(build(stored, WINDOWS), build(world, WINDOWS), strict=True)
    for table, expected in tables:
        assert table.frame.equals(expected.frame)
    assert instrument(stored, SPANS).equals(instrument(world, SPANS))


def test_plenty_of_memory_asks_all_at_once() -> None:
    assert len(list(_shares.shares(shop.world(20)))) == 1
