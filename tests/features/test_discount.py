import polars as pl
from twelve import answer

import shop
from segpredict.core.window import Window
from segpredict.features import choose_families, compute_features


def found(discounts: list[float | None]) -> dict[str, float | None]:
    rows = {"discount": pl.Series(discounts, dtype=pl.Float64), "amount": 9.0}
    lines = pl.DataFrame(rows).with_row_index("day", 390)
    lines = lines.with_columns(customer_id=pl.lit("a"), order_id=pl.col("day").cast(pl.String))
    sold = shop.transactions(lines)
    assert "discount" in choose_families(sold).names
    table = compute_features(sold, Window(399, first_day=0), ["discount"]).frame
    return table.drop("customer_id").to_dicts()[0]


def test_one_line_in_three_with_three_off_thirty():
    # Paid 27 in all for what would have cost 30.
    assert found([3.0, 0.0, 0.0]) == {"discount_share": 1 / 3, "discount_depth": 0.1}


def test_lines_whose_discount_is_unknown_do_not_count():
    assert found([1.0, None, None]) == {"discount_share": 1, "discount_depth": 0.1}


def test_without_discounts_all_is_missing():
    assert set(answer("discount", "ann").values()) == {None}
