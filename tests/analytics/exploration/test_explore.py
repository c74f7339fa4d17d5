"""What the data look like is counted once each, by segment, country and month."""

import polars as pl
import pytest

import shop
from segpredict.analytics.exploration import explore_shop
from segpredict.analytics.exploration.explore import OTHER_COUNTRIES, exploration_data
from segpredict.core.transactions import MONEY_SCALE

SEGMENTS = ("S0", "S1")
DAY = 15000  # 2011-01-26, a Wednesday
ROWS = [
    ("a", "1", DAY, 30.0, 605, "UK"),
    ("a", "2", DAY + 10, 50.0, 605, "UK"),
    ("a", "3", DAY + 10, 20.0, 900, "UK"),
    ("b", "4", DAY + 1, 70.0, None, "France"),
    ("b", "5", DAY + 41, -15.0, 605, "France"),
]
NAMES = ("customer_id", "order_id", "day", "amount", "minute", "country")


def books(rows=ROWS):
    frame = pl.DataFrame(rows, schema=list(NAMES), orient="row")
    return shop.transactions(frame.with_columns(pl.col("minute").cast(pl.Int16)))


def members() -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ["a"], "segment_id": ["S1"], "is_eligible": [True]})


def counted(name: str, rows=ROWS) -> dict[str, int]:
    found = explore_shop(books(rows), members(), SEGMENTS)
    sums = found["cells"].filter(chart=name).group_by("bin").agg(pl.col("value").sum())
    labels = found["facts"]["bins"][name]
    return {labels[i]: value for i, value in sums.sort("bin").iter_rows()}


def test_customers_are_counted_by_their_orders_and_returns_are_none():
    assert counted("frequency") == {"1": 1, "3": 1}


def test_gaps_lie_between_days_and_not_between_orders_of_a_day():
    assert counted("gaps") == {"8 to 14": 1}


def test_orders_fall_into_their_hour_and_those_without_one_nowhere():
    assert counted("week") == {"Wed 10:00": 1, "Sat 10:00": 1, "Sat 15:00": 1}


def test_a_shop_without_hours_has_weekdays():
    rows = [(*row[:4], None, row[5]) for row in ROWS]
    assert counted("week", rows) == {"Wed": 1, "Thu": 1, "Sat": 2}


def test_money_is_exact_and_what_was_sent_back_is_counted_in_its_month():
    assert counted("sales") == {"2011-01": 100 * MONEY_SCALE, "2011-02": 70 * MONEY_SCALE}
    assert counted("returns") == {"2011-03": 15 * MONEY_SCALE}


def test_every_order_is_in_one_bin_of_value():
    assert sum(counted("order_value").values()) == 4


def test_each_row_carries_segment_country_and_period():
    cells = explore_shop(books(), members(), SEGMENTS)["cells"].filter(chart="order_value")
    by = cells.group_by("segment").agg(pl.col("value").sum()).sort("segment")
    assert by.rows() == [(0, 1), (1, 3)]
    assert set(cells["period"]) == {0, 1}  # January and February


def test_small_countries_are_one():
    held = exploration_data(books(), members(), SEGMENTS)
    assert held.countries == (OTHER_COUNTRIES,)
    many = [(f"c{i}", f"{i}", DAY, 5.0, 600, "UK") for i in range(30)]
    assert exploration_data(books([*ROWS, *many]), members(), SEGMENTS).countries == (
        "UK",
        OTHER_COUNTRIES,
    )


def test_row_order_changes_nothing():
    many = [(f"c{i}", f"{i}", DAY + i, 5.0 + i, 600, "UK") for i in range(30)]
    first = explore_shop(books(many), members(), SEGMENTS)
    again = explore_shop(books(many[::-1]), members(), SEGMENTS)
    assert first["cells"].equals(again["cells"])
    assert first["map"].equals(again["map"])
    assert first["facts"] == again["facts"]


def test_the_map_spreads_spend_to_the_right_and_names_no_customer():
    many = [
        (f"c{i:02d}", f"{i}.{k}", DAY + 3 * k, 5.0 * 1.2**i, 600, "UK")
        for i in range(30)
        for k in range(1 + i // 3)
    ]
    drawn = explore_shop(books(many), members(), SEGMENTS)
    assert drawn["map"].columns == ["segment", "x", "y"]
    assert drawn["map"]["x"].is_sorted()
    assert drawn["facts"]["axes"][0]["share"] > 0.5


def test_a_shop_of_few_has_no_map():
    assert explore_shop(books(), members(), SEGMENTS)["map"].is_empty()


@pytest.mark.parametrize("chart", ["frequency", "order_value", "gaps", "sales"])
def test_bins_have_as_many_names_as_numbers(chart):
    found = explore_shop(books(), members(), SEGMENTS)
    assert found["cells"].filter(chart=chart)["bin"].max() < len(found["facts"]["bins"][chart])
