"""Asked share by share, customers get the answers they get all at once."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from side_shop import side_tables

import shop
from segpredict.core.window import Window
from segpredict.data import store
from segpredict.data.store import parts
from segpredict.features import FEATURE_FAMILIES, build_features, choose_families, clustering_inputs
from segpredict.features.engine import batches, orders

WINDOWS = [Window(700, first_day=0), Window(500, first_day=0)]
SPANS = [(400, 491), (491, 582)]


def test_short_memory_parts_customers_and_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    world = shop.world(150)
    whole, read = build_features(world, WINDOWS), clustering_inputs(world, SPANS)
    rows = world.lines.select(pl.len()).collect().item()
    monkeypatch.setattr(batches, "SMALL_BATCH", 0)
    monkeypatch.setattr(batches, "available_bytes", lambda: rows * batches.BYTES_PER_LINE // 5)
    assert len(list(batches.customer_batches(world))) >= 5
    for table, expected in zip(build_features(world, WINDOWS), whole, strict=True):
        assert table.frame.equals(expected.frame)
    assert clustering_inputs(world, SPANS).equals(read)


def test_a_store_gives_the_features_of_the_lines_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = shop.world(150)
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 100)
    stored = store.write_store(world, tmp_path)
    assert len(list(batches.customer_batches(stored))) > 3
    tables = zip(build_features(stored, WINDOWS), build_features(world, WINDOWS), strict=True)
    for table, expected in tables:
        assert table.frame.equals(expected.frame)
    assert clustering_inputs(stored, SPANS).equals(clustering_inputs(world, SPANS))


def test_blocks_of_customers_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    world = shop.world(150)
    draw = pl.col("order_id").hash(3)
    void = pl.when(draw % 6 == 0).then(pl.col("day") + 20).cast(pl.Int32)
    world = replace(world, lines=world.lines.with_columns(void_day=void))
    whole = build_features(world, WINDOWS)
    monkeypatch.setattr(orders, "ROWS_PER_BLOCK", 7)
    for table, expected in zip(build_features(world, WINDOWS), whole, strict=True):
        assert table.frame.equals(expected.frame)


def test_plenty_of_memory_asks_all_at_once() -> None:
    assert len(list(batches.customer_batches(shop.world(20)))) == 1


def test_a_store_with_tables_beside_gives_the_features_of_all_families(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 20)
    rows = [
        (who, f"{who}{day}", day, "pqr"[day % 3], 5.0 + day % 7, country)
        for who, country in (("a", "DE"), ("b", "FR"), ("c", "DE"), ("d", None))
        for day in range(5, 600, 37)
    ]
    names = ["customer_id", "order_id", "day", "product_id", "amount", "country"]
    lines = pl.DataFrame(rows, schema=names, orient="row")
    tables_given = replace(side_tables(), countries=("DE", "XX"))
    world = replace(shop.transactions(lines, end_day=600), side_tables=tables_given)
    for end in (500, 560, 600):
        lines = world.lines.filter(pl.col("day") < end)
        store.renew_store(replace(world, lines=lines), tmp_path)
    stored = replace(store.open_store(tmp_path), side_tables=tables_given)
    families = FEATURE_FAMILIES.names()
    assert choose_families(stored, families) == choose_families(world, families)
    windows = [Window(600, first_day=0), Window(400, first_day=0)]
    tables = zip(
        build_features(stored, windows, families),
        build_features(world, windows, families),
        strict=True,
    )
    for table, expected in tables:
        assert table.frame.equals(expected.frame)
