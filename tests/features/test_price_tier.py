import polars as pl
from twelve import answer

from segpredict.core.transactions import SideTables

PRICES = pl.DataFrame({"product_id": ["cup", "jug", "pan"], "percentile": [0.2, 0.5, 0.9]})


def test_four_cheap_lines_two_middling_and_one_dear():
    assert answer("price_tier", "ann", SideTables(prices=PRICES)) == {
        "price_percentile": 0.2,
        "price_top_share": round(1 / 7, 6),
    }


def test_a_product_without_a_frozen_price_is_passed_over():
    some = PRICES.filter(pl.col("product_id") == "pan")
    found = answer("price_tier", "ann", SideTables(prices=some))
    assert list(found.values()) == [0.9, 1]


def test_without_priced_lines_or_without_the_table_all_is_missing():
    assert set(answer("price_tier", "bob", SideTables(prices=PRICES)).values()) == {None}
    assert set(answer("price_tier", "ann").values()) == {None}
