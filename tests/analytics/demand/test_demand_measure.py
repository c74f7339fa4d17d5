"""The whole way: tests in time, what is published, and what each segment likes."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from by_days import ByDays

import shop
from segpredict.analytics import demand
from segpredict.analytics.demand.assortment import (
    DEMAND_FORECAST_SCHEMA,
    affinity_index,
    order_quantities,
    suggest_products,
)
from segpredict.analytics.demand.backtest import (
    BACKTEST_SCHEMA,
    DISPERSION_COLUMNS,
    PUBLISHABLE_LEVELS_SCHEMA,
)
from segpredict.analytics.demand.forecast import LAST_WINDOW_NAIVE, SEGMENT_METHOD, LevelForecast
from segpredict.analytics.demand.sales import PRODUCT_LEVEL, WindowSales
from segpredict.config.outputs import DemandOptions
from segpredict.core.transactions import SideTables
from segpredict.errors import ConfigError


def scored(small) -> pl.DataFrame:
    newest = small.training.panel.at_cutoffs(small.schedule.end_day)
    size = len(small.segmentation.segments)
    return newest.select(
        "customer_id",
        is_eligible=pl.lit(value=True),
        **{f"p_S{code}": pl.lit(1 / size) for code in range(size)},
    )


def measured(small, transactions=None) -> dict[str, pl.DataFrame]:
    shop = small.transactions if transactions is None else transactions
    given = (shop, small.segmentation, small.training, scored(small))
    return demand.forecast_demand(*given, draws=100, seed=1)


@pytest.fixture(scope="module")
def found(small) -> dict[str, pl.DataFrame]:
    return measured(small)


def test_all_tables_are_there_and_only_published_levels_are_forecast(found) -> None:
    assert tuple(found) == demand.DEMAND_TABLES
    assert dict(found["backtest"].schema) == BACKTEST_SCHEMA
    assert list(found["levels"].columns) == list(PUBLISHABLE_LEVELS_SCHEMA)
    assert list(found["forecast"].columns) == list(DEMAND_FORECAST_SCHEMA)
    assert found["levels"]["level"].to_list() == ["total", "product"]
    published = found["levels"].filter("is_published")["level"].to_list()
    assert set(found["forecast"]["level"]) == set(published)


def test_customers_to_come_are_those_of_today_and_newcomers(small, found) -> None:
    asked = small.training.panel.at_cutoffs(small.schedule.end_day).height
    assert found["expected_customers"]["existing"].sum() == pytest.approx(asked)
    assert found["expected_customers"]["newcomers"][0] == 0
    assert found["expected_customers"]["units_per_customer"][0] == 0


def test_what_comes_after_a_test_changes_nothing_that_it_was_told(small, found) -> None:
    first = small.schedule.test_folds[0].cutoff
    late = pl.col("day") >= first
    more = pl.when(late).then(pl.col("quantity") * 9).otherwise("quantity")
    other = replace(small.transactions, lines=small.transactions.lines.with_columns(quantity=more))
    rows = measured(small, other)["backtest"].filter(window=found["backtest"]["window"].sort()[0])
    before = found["backtest"].filter(window=found["backtest"]["window"].sort()[0])
    assert rows["expected"].to_list() == before["expected"].to_list()
    assert rows["actual"].to_list() != before["actual"].to_list()


def test_the_same_seed_gives_the_same_tables(small, found) -> None:
    for name, table in measured(small).items():
        assert table.equals(found[name]), name


def planted_tastes() -> WindowSales:
    """Segment 1 takes cups twice as often as segment 2; bowls are as for everybody."""
    rng = np.random.default_rng(8)
    rows = []
    for i in range(600):
        code = 1 + i % 2
        for item, mean in (("cup", 4 if code == 1 else 2), ("bowl", 3), ("jug", 3)):
            lines = int(rng.poisson(mean))
            if lines:
                rows.append((f"c{i:03d}", code, "all", "", item, lines * 10_000, lines))
    schema = [
        "customer_id",
        "segment",
        "total",
        "category",
        "product",
        "units",
        "lines",
    ]
    bought = pl.DataFrame(rows, schema=schema, orient="row")
    bought = bought.with_columns(pl.col("segment").cast(pl.Int8))
    return WindowSales((0, 28), bought, np.array([0, 300, 300]), np.zeros(3, dtype=int))


def test_a_planted_taste_is_found_and_chance_is_not() -> None:
    table = affinity_index(planted_tastes(), ByDays.segments, PRODUCT_LEVEL)
    cup = table.filter(item="cup", segment_id="S1").to_dicts()[0]
    # 4 of 10 lines where all take 6 of 18.
    assert cup["low"] < 0.4 / (6 / 18) < cup["high"]
    assert cup["is_significant"]
    shown = suggest_products(table).select("segment_id", "item").rows()
    assert shown[0] == ("S1", "cup")
    assert ("S2", "cup") not in shown


def test_cost_decides_how_much_is_held_of_a_published_level_and_of_no_other() -> None:
    mean = np.array([1.0, 1.0])
    predicted = {SEGMENT_METHOD: mean, LAST_WINDOW_NAIVE: mean * 2}
    rates = np.zeros((2, 3))
    outlooks = [
        LevelForecast(level, ("cup", "jug"), predicted, rates) for level in ("category", "product")
    ]
    levels = pl.DataFrame(
        {
            "level": ["category", "product"],
            "is_published": [False, True],
            "best_method": [SEGMENT_METHOD] * 2,
            **{name: [1.0, 1.0] for name in DISPERSION_COLUMNS},
        }
    )
    goods = pl.DataFrame({"product_id": ["cup"], "price": ["10"], "cost": ["2.5"]})
    line = {"customer_id": "a", "order_id": "1", "day": 0, "amount": 1.0}
    lines = shop.transactions(pl.DataFrame([line]))
    lines = replace(lines, side_tables=SideTables(products=goods))
    found = order_quantities(lines, outlooks, levels, DemandOptions(service_level=0.9))
    assert found.select("level", "item", "critical_ratio", "order_up_to").rows() == [
        ("product", "cup", 0.75, 1.0),  # three in four: one or none is enough
        ("product", "jug", 0.9, 3.0),
    ]
    assert found["seasonal_naive"].to_list() == [None, None]


@pytest.mark.parametrize(
    "wrong", [{"service_level": 1.0}, {"service_level": 0.0}, {"salvage_share": 1.0}]
)
def test_options_out_of_range_are_refused(wrong) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DemandOptions(**wrong)
