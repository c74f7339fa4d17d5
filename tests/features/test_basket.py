import polars as pl
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import compute_features


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
