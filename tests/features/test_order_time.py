import polars as pl
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import compute_features


def test_five_orders_one_on_a_saturday_around_ten_and_twelve():
    # Day 100 was a Saturday. Ten o'clock is 150° of the day, 11:40 is 175°.
    assert answer("order_time", "ann") == {
        "weekend_share": 0.2,
        "evening_share": 0,
        "hour_sin": 0.417431,
        "hour_cos": -0.892059,
    }


def of(minutes: list[int | None]) -> dict[str, float | None]:
    rows = {"minute": pl.Series(minutes, dtype=pl.Int16), "amount": 1.0}
    lines = pl.DataFrame(rows).with_row_index("order_id")
    lines = lines.with_columns(
        pl.col("order_id").cast(pl.String), customer_id=pl.lit("a"), day=pl.lit(390)
    )
    return compute_features(shop.transactions(lines), Window(400), ["order_time"]).frame.to_dicts()[
        0
    ]


def test_six_in_the_evening_is_evening_and_the_minute_before_is_not():
    assert of([1079, 1080])["evening_share"] == 0.5


def test_midnight_is_near_the_minutes_around_it():
    near = of([1439, 1])
    assert near["hour_cos"] > 0.9999
    assert abs(near["hour_sin"]) < 1e-9


def test_without_times_of_the_day_only_the_week_is_known():
    found = of([None, None])
    assert found["weekend_share"] == 0
    assert found["evening_share"] is found["hour_sin"] is found["hour_cos"] is None
