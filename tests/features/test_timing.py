import math

import polars as pl
import pytest
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import compute_features


def test_gaps_are_counted_between_purchase_days():
    # Gaps 100, 100, 90: mean 290/3, sd √(100/3). Their deficit is .001219; with two
    # gaps of deficit .577216 it is .231617, and Minka's shape of that is 2.304336.
    assert answer("timing", "ann") == {
        "ipt_mean": 96.666667,
        "ipt_median": 100,
        "ipt_max": 100,
        "ipt_last": 90,
        "ipt_cv": round(math.sqrt(100 / 3) / (290 / 3), 6),
        "regularity": 2.304336,
    }


def test_a_one_order_customer_has_no_gaps():
    assert set(answer("timing", "bob").values()) == {None}


def gaps(*days: int) -> dict[str, float | None]:
    orders = [str(i) for i in range(len(days))]
    lines = pl.DataFrame({"order_id": orders, "day": days}).with_columns(
        customer_id=pl.lit("a"), amount=pl.lit(1.0)
    )
    table = compute_features(shop.transactions(lines), Window(700), ["timing"])
    return table.frame.drop("customer_id").to_dicts()[0]


def test_one_gap_has_a_length_and_no_spread():
    one = gaps(600, 630)
    assert (one["ipt_mean"], one["ipt_last"]) == (30.0, 30.0)
    assert (one["ipt_cv"], one["regularity"]) == (None, None)


def test_the_last_gap_is_the_latest_and_not_the_longest():
    assert gaps(400, 500, 510)["ipt_last"] == 10.0


def test_a_clockwork_is_regular_a_burst_is_not():
    clockwork = gaps(*range(400, 700, 30))["regularity"]
    bursts = gaps(400, 401, 402, 403, 550, 551, 552, 690)["regularity"]
    assert clockwork > 3.5
    assert bursts < 0.8


@pytest.mark.parametrize("count", [2, 3, 10, 100])
def test_equal_gaps_never_make_regularity_infinite(count):
    value = gaps(*range(500, 501 + count))["regularity"]
    assert 1 < value < 100
