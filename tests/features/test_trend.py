import math

from twelve import answer


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
