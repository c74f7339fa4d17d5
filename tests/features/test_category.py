import math

import polars as pl
from twelve import answer

from segpredict.core.transactions import SideTables

PRODUCTS = pl.DataFrame(
    {"product_id": ["cup", "jug", "pan"], "category": ["table", "table", "kitchen"]}
)


def test_six_lines_in_one_category_and_one_in_another():
    entropy = -(6 / 7 * math.log(6 / 7) + 1 / 7 * math.log(1 / 7))
    assert answer("category", "ann", SideTables(products=PRODUCTS)) == {
        "categories_unique": 2,
        "category_entropy": round(entropy, 6),
        "category_top_share": round(6 / 7, 6),
    }


def test_one_category_alone_has_no_entropy_at_all():
    alike = PRODUCTS.with_columns(category=pl.lit("goods"))
    found = answer("category", "ann", SideTables(products=alike))
    assert list(found.values()) == [1, 0, 1]


def test_products_of_no_category_are_passed_over():
    some = PRODUCTS.filter(pl.col("product_id") == "pan")
    found = answer("category", "ann", SideTables(products=some))
    assert list(found.values()) == [1, 0, 1]


def test_without_named_products_there_is_nothing_to_say():
    found = answer("category", "bob", SideTables(products=PRODUCTS))
    assert set(found.values()) == {None}


def test_without_the_table_all_is_missing():
    assert set(answer("category", "ann").values()) == {None}
