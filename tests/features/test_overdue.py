import polars as pl
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import compute_features


def test_a_customer_early_in_the_usual_pause():
    # 10 days into a pause of usually 100; ((10/96.667)^⅓ - (1 - v)) / √v with
    # v = 1 / (9 · 2.304336).
    assert answer("overdue", "ann") == {
        "overdue_ratio": 0.1,
        "overdue_sigma": -2.196618,
    }


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
