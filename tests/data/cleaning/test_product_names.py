"""Products have the commonest of their descriptions as a name, also from a store."""

import polars as pl

from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame
from segpredict.data.store import open_store, renew_store, write_store

NAMES = ["product_id", "name", "descriptions"]


def sold(*rows: tuple[str, str | None], day: str = "2011-01-31"):
    """Return the shop in which these codes and descriptions were sold."""
    frame = pl.DataFrame(rows, schema=["product_id", "description"], orient="row")
    more = {"customer_id": "a", "date": day, "amount": "2.5"}
    return clean_lines(from_frame(frame.with_columns(**{k: pl.lit(v) for k, v in more.items()})))


def test_the_commonest_description_is_the_name_and_others_are_noted():
    shop = sold(("1", "MUG"), ("1", " MUG "), ("1", "CUP"), ("2", "JUG"), ("2", None))
    assert shop.product_names.select(NAMES).rows() == [("1", "MUG", 2), ("2", "JUG", 1)]
    assert any("1 of 2 product codes" in note for note in shop.notes)


def test_without_descriptions_there_are_no_names():
    shop = sold(("1", None))
    assert shop.product_names is None
    assert not any("description" in note for note in shop.notes)


def test_a_store_keeps_the_names_and_adds_new_ones(tmp_path):
    write_store(sold(("1", "MUG"), ("1", "MUG")), tmp_path)
    assert open_store(tmp_path).product_names.select(NAMES).rows() == [("1", "MUG", 1)]
    renew_store(sold(("1", "CUP"), ("2", "JUG"), day="2011-02-28"), tmp_path)
    assert open_store(tmp_path).product_names.select(NAMES).rows() == [
        ("1", "CUP", 1),
        ("2", "JUG", 1),
    ]
