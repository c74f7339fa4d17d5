"""A store that is looked at in parts gives what its lines in memory give."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import segpredict
from segpredict.analytics.demand import sales
from segpredict.analytics.exploration import explore_shop
from segpredict.analytics.kpis import OrderBook
from segpredict.analytics.transitions.tables import observed_tables
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import Transactions
from segpredict.data import store
from segpredict.pipeline import loading
from segpredict.scoring.predictor import SegmentPredictor

NO_DRAWS = Resampling(10, 0)


@pytest.fixture(scope="module")
def predictor(run_folder: Path) -> SegmentPredictor:
    return segpredict.load(run_folder)


@pytest.fixture(scope="module")
def whole(run_folder: Path) -> Transactions:
    shop = loading.load_transactions(open_run(run_folder))
    return replace(shop, lines=shop.lines.collect().lazy())


@pytest.fixture(scope="module")
def stored(
    whole: Transactions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[store.StoredTransactions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segpredict.data.store.parts.ROWS_PER_GROUP", 2_000)
        patch.setattr("segpredict.data.store.stored.CHUNKS_PER_PART", 2)
        found = store.write_store(whole, tmp_path_factory.mktemp("shop"))
        yield replace(found, side_tables=whole.side_tables)


def test_parts_hold_whole_customers_and_every_line(
    whole: Transactions, stored: store.StoredTransactions
) -> None:
    parts = [part.lines.collect() for part in stored.parts()]
    customers = [set(part["customer_id"]) for part in parts]
    assert len(parts) > 2
    assert sum(map(len, customers)) == len(set.union(*customers))
    assert pl.concat(parts).equals(whole.lines.collect())


def explored(shop: Transactions, predictor: SegmentPredictor) -> dict[str, Any]:
    members = predictor.score_table(shop).select("customer_id", "segment_id", "is_eligible")
    return explore_shop(shop, members, [segment.id for segment in predictor.segments])


def booked(shop: Transactions, predictor: SegmentPredictor) -> dict[str, Any]:
    del predictor
    book = OrderBook.from_shop(shop)
    return {"entries": book.entries, "customers": book.customers}


def moved(shop: Transactions, predictor: SegmentPredictor) -> dict[str, Any]:
    return observed_tables(shop, predictor.segmentation, predictor.time, NO_DRAWS)


def sold(shop: Transactions, predictor: SegmentPredictor) -> dict[str, Any]:
    end, horizon = shop.end_day, predictor.time.horizon
    spans = [(end - horizon, end), (end - 2 * horizon, end - horizon)]
    found = sales.window_sales(shop, predictor.segmentation, predictor.time, spans)
    weeks = sales.weekly_units(sales.sales_by_day(shop), end, "total", ["all"])
    tables = {str(span): window.purchases for span, window in found.items()}
    return {**tables, "weeks": weeks.tolist()}


def scored(shop: Transactions, predictor: SegmentPredictor) -> dict[str, Any]:
    return {"scores": predictor.score_table(shop)}


@pytest.mark.parametrize("compute", [explored, booked, moved, sold, scored])
def test_results_in_parts_are_those_of_the_whole(
    compute: Callable[[Transactions, SegmentPredictor], dict[str, Any]],
    whole: Transactions,
    stored: store.StoredTransactions,
    predictor: SegmentPredictor,
) -> None:
    one, other = compute(whole, predictor), compute(stored, predictor)
    assert one.keys() == other.keys()
    for name, table in one.items():
        is_frame = isinstance(table, pl.DataFrame)
        assert table.equals(other[name]) if is_frame else table == other[name], name


def test_single_columns_are_those_of_the_lines(
    whole: Transactions, stored: store.StoredTransactions
) -> None:
    columns = ["customer_id", "day", "is_order_head", "amount"]
    one, other = (shop.lines.select(columns).collect().sort(columns) for shop in (whole, stored))
    heads = ["customer_id", "day", "is_order_head"]
    assert (
        one.select("amount", "day")
        .sort("amount", "day")
        .equals(other.select("amount", "day").sort("amount", "day"))
    )
    assert one.select(heads).sort(heads).equals(other.select(heads).sort(heads))


def test_days_with_an_order_come_from_the_orders(
    whole: Transactions, stored: store.StoredTransactions
) -> None:
    columns = ["customer_id", "day", "void_day"]
    one, other = (
        shop.order_days().lines.select(columns).collect().sort(columns) for shop in (whole, stored)
    )
    assert one.equals(other)
