"""Figures of small shops, worked out by hand."""

from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.analytics.kpis import KPIS, OrderBook, compute_kpis, kpi_tables, monthly_figures
from segpredict.analytics.kpis._concentration import lorenz_curve
from segpredict.errors import UnknownNameError

# Two windows of 91 days: Ann stays and grows, Bob stays and shrinks, Cid leaves, Dot
# comes, Eve only sends something back.
ROWS = [
    ("ann", 5, 100.0),
    ("ann", 100, 150.0),
    ("ann", 101, 50.0),
    ("bob", 6, 80.0),
    ("bob", 110, 20.0),
    ("cid", 7, 20.0),
    ("cid", 120, -5.0),
    ("dot", 130, 40.0),
    ("eve", 131, -7.0),
]


def books() -> OrderBook:
    return OrderBook.from_orders(ROWS, end_day=182)


def value(metric: str, **where: object) -> float | None:
    found = compute_kpis(books(), [metric]).filter(**where)
    assert found.height == 1
    return found["value"].item()


def test_windows_are_laid_back_from_the_end_and_only_whole_ones_count() -> None:
    longer = OrderBook.from_orders([("zoe", 0, 1.0), *((c, d + 30, a) for c, d, a in ROWS)], 212)
    found = compute_kpis(longer, ["orders"])
    assert found.select("start", "end", "value").rows() == [
        (121, 212, 4.0),
        (30, 121, 3.0),
    ]


def test_revenue_orders_and_customers_are_counted() -> None:
    assert value("revenue", end=182) == 150 + 50 + 20 - 5 + 40 - 7
    assert value("orders", end=182) == 4
    assert value("customers", end=182) == 3


def test_order_value_and_frequency_leave_returns_aside() -> None:
    assert value("order_value", end=182) == 260 / 4
    assert value("order_value_median", end=182) == 45.0
    assert value("purchase_frequency", end=182) == pytest.approx(4 / 3)


def test_retention_from_window_to_window_counts_those_who_order_again() -> None:
    assert value("window_retention") == pytest.approx(2 / 3)


def test_net_and_gross_revenue_retention_see_the_same_customers() -> None:
    # Next window: Ann 200, Bob 20, Cid −5; before: 100 + 80 + 20.
    assert value("net_revenue_retention") == 215 / 200
    assert value("gross_revenue_retention") == (100 + 20 - 5) / 200


def test_the_repeat_rate_asks_only_who_was_followed_long_enough() -> None:
    # Within 91 days: of Ann, Bob and Cid nobody ordered before day 96, 97 or 98.
    rates = compute_kpis(books(), ["repeat_rate"]).select("scope", "part", "whole")
    assert rates.rows() == [
        ("28 days", 0, 4),
        ("91 days", 0, 3),
        ("182 days", 0, 0),
        ("364 days", 0, 0),
    ]
    nearer = [*ROWS, ("cid", 97, 1.0), ("bob", 97, 1.0)]  # 90 and 91 days later
    found = compute_kpis(OrderBook.from_orders(nearer, 182), ["repeat_rate"])
    assert found.filter(scope="91 days").select("part", "whole").row(0) == (1, 3)


def test_a_repeat_rate_without_anybody_is_unknown_not_zero() -> None:
    assert value("repeat_rate", scope="364 days") is None


def cohort(metric: str) -> list[tuple[str, int, float | None]]:
    return compute_kpis(books(), [metric]).select("scope", "age", "value").rows()


def test_cohorts_are_followed_by_calendar_month() -> None:
    # January: Ann, Bob and Cid; May: Dot. The data end with the first of July.
    assert cohort("cohort_retention")[:10] == [
        ("1970-01", 0, 1.0),
        ("1970-01", 1, 0.0),
        ("1970-01", 2, 0.0),
        ("1970-01", 3, 2 / 3),
        *(("1970-01", age, 0.0) for age in (4, 5)),
        ("1970-01", 6, None),
        ("1970-05", 0, 1.0),
        ("1970-05", 1, 0.0),
        ("1970-05", 2, None),
    ]


def test_rolling_retention_waits_for_those_who_come_back() -> None:
    assert [row[2] for row in cohort("rolling_retention")[:7]] == [
        *(1.0, 2 / 3, 2 / 3, 2 / 3, 0.0, 0.0),
        None,
    ]


def test_cohort_revenue_is_per_customer_of_the_cohort_returns_included() -> None:
    by_age = [row[2] for row in cohort("cohort_revenue")[:7]]
    assert by_age == [200 / 3, 0.0, 0.0, 220 / 3, -5 / 3, 0.0, None]
    to_date = [row[2] for row in cohort("cohort_revenue_cumulative")[:7]]
    assert to_date == [200 / 3, 200 / 3, 200 / 3, 140.0, 415 / 3, 415 / 3, None]


def test_over_all_cohorts_the_first_is_left_out() -> None:
    rows = cohort("cohort_retention")[10:]
    assert rows == [("all", 0, 1.0), ("all", 1, 0.0)]
    assert cohort("cohort_revenue")[10:] == [("all", 0, 40.0), ("all", 1, 0.0)]


def test_stays_are_counted_without_newcomers() -> None:
    moves = pl.DataFrame(
        {"from_id": ["S1", "S1", "NEW"], "to_id": ["S0", "S1", "S1"], "n": [1, 3, 9]}
    )
    found = compute_kpis(replace(books(), transitions=moves), ["segment_retention"])
    assert found.select("scope", "start", "end", "n", "value").rows() == [
        ("all", 91, 182, 4, 0.75),
        ("S1", 91, 182, 4, 0.75),
    ]


def test_shares_of_sales_are_those_of_the_newest_window() -> None:
    named = {"ann": "S2", "bob": "S1", "cid": "S0", "dot": "S1"}
    found = compute_kpis(
        OrderBook.from_orders(ROWS, 182, segments=named), ["segment_revenue_share"]
    )
    assert found.select("scope", "n", "part", "whole").rows() == [
        ("S0", 1, -50_000, 2_550_000),
        ("S1", 2, 600_000, 2_550_000),
        ("S2", 1, 2_000_000, 2_550_000),
    ]


def test_spread_measures_take_those_who_ordered_and_never_below_zero() -> None:
    # Ann 300, Bob 100, Cid 15, Dot 40; Eve has no order.
    # Rising: 15, 40, 100, 300 with −3, −1, 1, 3: 915 over 4 × 455.
    assert value("gini") == pytest.approx(915 / (4 * 455))
    assert value("top_decile_share") == pytest.approx(300 / 455)
    assert lorenz_curve(books()).rows()[1:3] == [(0.25, 15 / 455), (0.5, 55 / 455)]


def test_a_shop_without_sales_has_no_spread() -> None:
    given = OrderBook.from_orders([("ann", 0, 5.0), ("ann", 1, -9.0)], 91)
    assert compute_kpis(given, ["gini", "top_decile_share"]).is_empty()
    assert lorenz_curve(given).is_empty()


LINES = pl.DataFrame(
    [
        ("ann", "o1", 0, 60.0, None, 6.0),
        ("ann", "o1", 0, 40.0, None, None),
        ("ann", "r1", 3, -10.0, None, None),
        ("bob", "o2", 1, 30.0, 9, None),
        ("bob", "r2", 9, -30.0, 9, None),
        ("cid", "o3", 2, 20.0, 95, None),
        ("cid", "o4", 50, 20.0, None, 2.0),
    ],
    schema=["customer_id", "order_id", "day", "amount", "void_day", "discount"],
    orient="row",
)


def test_the_bridge_goes_from_list_value_to_net_revenue() -> None:
    found = compute_kpis(OrderBook.from_shop(shop.transactions(LINES, 91)), ["gross_net_bridge"])
    assert found.select("scope", "part").rows() == [
        ("list_value", 1_780_000),
        ("discounts", -80_000),
        ("gross_sales", 1_700_000),
        ("refunded_orders", -300_000),
        ("returned", -100_000),
        ("net_revenue", 1_300_000),
    ]


def test_an_order_sent_back_whole_counts_no_more_and_one_later_still_counts() -> None:
    given = OrderBook.from_shop(shop.transactions(LINES, 91))
    found = compute_kpis(given, ["orders", "customers", "revenue"])
    assert found["value"].to_list() == [3.0, 2.0, 130.0]
    assert given.customers["first"].to_list() == [0, None, 2]


def test_lines_after_the_end_are_not_seen() -> None:
    cut = replace(shop.transactions(LINES, 91), end_day=50)
    assert OrderBook.from_shop(cut).entries["day"].max() == 9


def test_months_tell_who_is_new_and_which_are_short() -> None:
    found = monthly_figures(books())
    assert found.height == 7
    assert found["is_whole"].to_list() == [True] * 6 + [False]
    april = found.row(3, named=True)
    assert (april["scope"], april["orders"], april["customers"]) == ("1970-04", 3, 2)
    assert (april["revenue"], april["new_customers"]) == (2_200_000, 0)
    assert found["returned"].to_list() == [0, 0, 0, 0, -120_000, 0, 0]
    assert found["new_customers"].sum() == 4


def test_each_metric_has_a_name_of_its_own_and_says_all_that_it_must() -> None:
    assert len({metric.name for metric in KPIS}) == 19
    for metric in KPIS:
        for text in (metric.title, metric.formula, metric.interval, metric.meaning):
            assert text
        assert ">>> " in (metric.measure.__doc__ or "")


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="repeat_rate"):
        compute_kpis(books(), ["repeat_rates"])


def test_a_shop_shorter_than_a_window_has_only_figures_of_longer_spans() -> None:
    short = OrderBook.from_orders([("ann", 0, 5.0), ("bob", 2, 7.0)], end_day=40)
    found = set(compute_kpis(short)["kpi"])
    assert "orders" not in found
    assert {"gini", "cohort_retention", "gross_net_bridge"} <= found


def test_a_run_saves_three_tables() -> None:
    tables = kpi_tables(books())
    assert list(tables) == ["figures", "months", "lorenz"]
    assert tables["figures"].equals(compute_kpis(books()))
