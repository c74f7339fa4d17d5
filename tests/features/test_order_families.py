"""Families that read orders, worked out by hand on the twelve-line shop."""

import math

import polars as pl
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import compute_features


def test_a_customer_with_three_products_on_seven_lines():
    # cup, jug; cup, cup; pan; cup; jug. In the last 91 days the jug alone, an old one.
    assert answer("assortment", "ann") == {
        "products_unique": 3,
        "product_repeat_rate": round(1 - 3 / 7, 6),
        "product_new_rate": 0,
    }


def test_a_product_is_new_if_it_was_first_bought_in_the_last_quarter():
    # From day 120 on, the jug of day 100 is beyond the history.
    new = answer("assortment", "ann", lookback=280, max_history=280)
    assert new["product_new_rate"] == 1


def test_without_product_numbers_there_is_nothing_to_say():
    assert set(answer("assortment", "bob").values()) == {None}


def test_nobody_is_called_new_where_the_data_begin_with_the_quarter():
    assert answer("assortment", "ann", first_day=300)["product_new_rate"] is None


def test_an_average_order():
    # Orders of 15, 25, 20, 16 and 30: mean 21.2, sample sd √(158.8 / 4).
    assert answer("basket", "ann") == {
        "lines_per_order": 1.4,
        "units_per_order": 2.2,
        "products_per_order": 1.2,  # the cup twice in one order is one product
        "order_max": 30,
        "order_last": 30,
        "order_first": 15,
        "order_cv": 0.297207,
    }


def test_a_one_order_customer_without_product_ids():
    assert answer("basket", "bob") == {
        "lines_per_order": 1,
        "units_per_order": 1,
        "products_per_order": None,
        "order_max": 7,
        "order_last": 7,
        "order_first": 7,
        "order_cv": None,
    }


def test_the_first_order_is_the_first_within_the_history():
    assert answer("basket", "ann", lookback=182)["order_first"] == 15
    assert answer("basket", "ann", lookback=182, max_history=182)["order_first"] == 20


def test_of_two_orders_on_one_day_the_later_by_the_clock_is_the_last():
    rows = {"order_id": ["9", "1"], "minute": [600, 700], "amount": [5.0, 8.0]}
    lines = pl.DataFrame(rows).with_columns(customer_id=pl.lit("a"), day=pl.lit(390))
    frame = compute_features(shop.transactions(lines), Window(400), ["basket"]).frame
    assert frame.select("order_first", "order_last").row(0) == (5, 8)


def test_btyd_statistics_count_days_and_not_orders():
    assert answer("btyd", "ann") == {"x_days": 3, "t_x_days": 290, "age_days": 300}


def test_a_one_order_customer_has_not_returned():
    assert answer("btyd", "bob") == {"x_days": 0, "t_x_days": 0, "age_days": 1}


def test_the_lifetime_ends_where_the_history_ends():
    capped = answer("btyd", "ann", lookback=91, max_history=250)
    assert capped == {"x_days": 2, "t_x_days": 190, "age_days": 200}


def test_windows_further_back_are_told_one_by_one():
    assert answer("history", "ann") == {
        "days_back_2": 1,  # [127, 218): two lines of one order
        "spend_back_2": 25,
        "days_back_3": 1,  # [36, 127)
        "spend_back_3": 15,
        "days_back_4": None,  # [-55, 36): the shop was not observed that long
        "spend_back_4": None,
        "days_back_5": None,
        "spend_back_5": None,
    }


def test_silence_that_was_observed_is_none_bought():
    found = answer("history", "bob")
    assert (found["days_back_2"], found["spend_back_2"]) == (0, 0)


def test_earlier_windows_are_as_long_as_the_horizon():
    found = answer("history", "ann", horizon=5)
    # Ten to fifteen days back and so on: the order of day 390 was 10 days before.
    assert found["days_back_2"] == 0
    assert answer("history", "ann", horizon=40)["days_back_2"] == 1  # [280, 320)


def test_a_customer_early_in_the_usual_pause():
    # 10 days into a pause of usually 100; ((10/96.667)^⅓ - (1 - v)) / √v with
    # v = 1 / (9 · 2.304336).
    assert answer("overdue", "ann") == {"overdue_ratio": 0.1, "overdue_sigma": -2.196618}


def test_a_one_order_customer_is_never_called_overdue():
    unknown = {"overdue_ratio": None, "overdue_sigma": None}
    assert answer("overdue", "bob") == unknown


def test_the_same_pause_is_later_for_the_more_regular_customer():
    days = {"clock": [10, 40, 70, 100], "burst": [10, 12, 98, 100]}
    lines = pl.DataFrame(
        [(c, f"{c}{d}", d, 1.0) for c, ds in days.items() for d in ds],
        schema=["customer_id", "order_id", "day", "amount"],
        orient="row",
    )
    frame = compute_features(shop.transactions(lines), Window(190), ["overdue"]).frame
    sigma = dict(frame.select("customer_id", "overdue_sigma").iter_rows())
    assert sigma["clock"] > sigma["burst"] > 0


def test_one_credit_note_of_six_after_five_orders_of_a_hundred_and_six():
    assert answer("returns", "ann") == {
        "return_share": round(6 / 106, 6),
        "return_rate": 0.2,
        "return_days": 5,
    }


def test_who_sent_nothing_back_has_zeros_and_no_last_return():
    expected = {"return_share": 0, "return_rate": 0, "return_days": None}
    assert answer("returns", "bob") == expected


def test_rfm_of_a_customer_with_a_return():
    assert answer("rfm", "ann") == {
        "recency_days": 10,
        "freq_days_28": 1,
        "freq_days_91": 1,
        "freq_days_182": 2,
        "freq_days_364": 4,  # two orders on day 300 are one day
        "spend_28": 24,  # 30 bought, 6 returned
        "spend_91": 24,
        "spend_182": 60,
        "spend_364": 100,
        "aov": 21.2,  # 106 in five orders, returns left aside
    }


def test_rfm_of_a_one_order_customer():
    spans = (28, 91, 182, 364)
    assert answer("rfm", "bob") == {
        "recency_days": 1,
        **{f"freq_days_{span}": 1 for span in spans},
        **{f"spend_{span}": 7 for span in spans},
        "aov": 7,
    }


def test_the_average_order_belongs_to_the_look_back():
    assert answer("rfm", "ann", lookback=182)["aov"] == 22  # (20 + 16 + 30) / 3


def test_a_customer_active_in_every_window():
    assert answer("state", "ann") == {
        "windows_since": 0,
        "windows_active": 4,
        "days_now": 1,
        "spend_now": 24,
        "days_before": 1,
        "spend_before": 36,
        "observed_days": 364,
    }


def test_a_new_customer():
    assert answer("state", "bob") == {
        "windows_since": 0,
        "windows_active": 1,
        "days_now": 1,
        "spend_now": 7,
        "days_before": 0,
        "spend_before": 0,
        "observed_days": 364,
    }


def test_windows_are_as_long_as_the_horizon():
    short = answer("state", "ann", horizon=5)
    # The last order is 10 days ago, the return 5 days.
    assert short["windows_since"] == 1
    assert (short["days_now"], short["spend_now"]) == (0, -6)
    assert (short["days_before"], short["spend_before"]) == (1, 30)


def test_a_window_that_nobody_observed_is_unknown():
    young = answer("state", "ann", first_day=219)
    assert (young["days_before"], young["spend_before"]) == (None, None)
    assert young["observed_days"] == 181


def test_trend_of_a_customer_with_two_quarters():
    assert answer("trend", "ann") == {
        "trend_days": 0,  # one day in either quarter
        "trend_spend": round(math.log(24 / 36), 6),
        "trend_slope": round(4 / 35, 6),  # counts 0 0 1 0 0 1
        "share_first_half": 0.5,
    }


def test_trend_of_a_new_customer():
    assert answer("trend", "bob") == {
        "trend_days": round(math.log(1.5 / 0.5), 6),
        "trend_spend": round(math.log(7 / 1), 6),
        "trend_slope": round(5 / 35, 6),
        "share_first_half": 0,
    }


def test_no_trend_against_a_time_that_nobody_observed():
    assert answer("trend", "bob", first_day=T_OF_181_DAYS) == {
        "trend_days": None,
        "trend_spend": None,
        "trend_slope": round(5 / 35, 6),  # needs 168 days only
        "share_first_half": None,
    }


T_OF_181_DAYS = 400 - 181
