import ast
import re
from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.classifier import compare_horizons, require_forecast, schedule_folds
from segpredict.config.classifier import TimeOptions
from segpredict.errors import SupportError, TooShortHistoryError


def every(step, customers=5, days=400):
    rows = [
        (f"c{i}", f"o{i}-{day}", day, 10.0)
        for i in range(customers)
        for day in range(i, days, step)
    ]
    names = ["customer_id", "order_id", "day", "amount"]
    return shop.transactions(pl.DataFrame(rows, schema=names, orient="row"), days)


def row(found, horizon):
    return found.row(by_predicate=pl.col("horizon") == horizon, named=True)


def test_customers_who_come_every_forty_days_are_not_asked_about_four_weeks():
    found = compare_horizons(every(40), TimeOptions(lookback=112))
    short = row(found, 28)
    assert short["median_gap_days"] == 40
    assert not short["is_long_enough"]
    assert "shorter than the usual time" in short["reason"]
    # Within 56 days they always come again: nothing is left to forecast.
    assert row(found, 56)["repeat_share"] == 1.0
    assert not row(found, 56)["is_uncertain"]


def test_the_repeat_share_of_three_windows_worked_out_by_hand():
    orders = pl.DataFrame(
        # Windows of 28 days back from day 84: [0, 28), [28, 56), [56, 84).
        [
            ("a", "1", 0, 1.0),
            ("a", "2", 30, 1.0),
            ("b", "3", 29, 1.0),
            ("b", "4", 83, 1.0),
        ],
        schema=["customer_id", "order_id", "day", "amount"],
        orient="row",
    )
    found = compare_horizons(shop.transactions(orders, end_day=84), TimeOptions(lookback=28))
    # a came back once of two times, b once of one.
    assert row(found, 28)["repeat_share"] == 2 / 3
    assert row(found, 28)["tests"] == 1
    assert row(found, 364)["repeat_share"] is None
    assert row(found, 364)["tests"] == 0


def test_the_smallest_sound_horizon_is_chosen_and_only_one(small):
    found = compare_horizons(small.transactions, small.schedule.time)
    sound = found.filter(pl.col("reason") == "meets all conditions")["horizon"]
    chosen = found.filter("is_selected")["horizon"].to_list()
    assert chosen == ([sound.min()] if len(sound) else [])


def test_the_horizon_of_the_run_is_weighed_too(small):
    found = compare_horizons(small.transactions, TimeOptions(horizon=35, lookback=112))
    assert found["horizon"].to_list() == [28, 35, 56, 91, 182, 364]


def test_nobody_who_came_twice_gives_no_gap():
    once = shop.transactions(
        pl.DataFrame({"customer_id": ["a"], "order_id": ["1"], "day": [3], "amount": [1.0]}),
        end_day=400,
    )
    found = compare_horizons(once, TimeOptions())
    assert found["median_gap_days"].null_count() == found.height
    assert not found["is_long_enough"].any()


def followed(time, fix):
    """Return the lengths with the settings that an error suggests."""
    found = re.search(r"config=(\{.*?\}\})", fix)
    return replace(time, **ast.literal_eval(found[1])["time"])


@pytest.mark.parametrize("days", [34, 60, 120, 300])
def test_lengths_that_are_suggested_work(days):
    found = every(5, days=days)
    with pytest.raises(TooShortHistoryError) as caught:
        require_forecast(found, TimeOptions())
    shorter = followed(TimeOptions(), caught.value.fix)
    assert shorter != TimeOptions()
    require_forecast(found, shorter)


def test_too_few_days_for_any_horizon_are_counted_in_weeks():
    with pytest.raises(TooShortHistoryError) as caught:
        require_forecast(every(5, days=20), TimeOptions())
    assert "with 2 more weeks the shortest horizon, 7 days" in caught.value.fix
    assert "config=" not in caught.value.fix
    schedule_folds(0, 20 + 14, TimeOptions(horizon=7, lookback=28))


def test_customers_who_never_come_back_are_no_forecast():
    rows = [(f"c{day}", f"o{day}", day, 10.0) for day in range(400)]
    names = ["customer_id", "order_id", "day", "amount"]
    once = shop.transactions(pl.DataFrame(rows, schema=names, orient="row"), 400)
    with pytest.raises(SupportError, match="No customer comes back") as caught:
        require_forecast(once, TimeOptions(horizon=28, lookback=112))
    assert "config=" not in caught.value.fix


def test_customers_who_come_back_late_get_a_longer_horizon():
    time = TimeOptions(horizon=28, lookback=28)
    with pytest.raises(SupportError, match="No customer comes back") as caught:
        require_forecast(every(70, customers=70), time)
    require_forecast(every(70, customers=70), followed(time, caught.value.fix))


def test_nobody_in_the_last_look_back_is_nobody_to_forecast():
    time = TimeOptions(horizon=28, lookback=28)
    gone = replace(every(5, days=300), end_day=400)
    with pytest.raises(SupportError, match="nobody to forecast") as caught:
        require_forecast(gone, time)
    require_forecast(gone, followed(time, caught.value.fix))


def test_a_look_back_that_is_no_longer_than_the_horizon_is_no_pair(small):
    found = compare_horizons(small.transactions, TimeOptions(horizon=35, lookback=56))
    by_length = dict(found.select("horizon", "reason").iter_rows())
    assert "time.lookback=224" in by_length[56]
    assert "nobody could be inactive" not in by_length[35]
