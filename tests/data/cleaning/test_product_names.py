"""Products have the commonest of their descriptions as a name, also from a store."""

from dataclasses import replace

import polars as pl

from segpredict.config.cleaning import CleaningOptions
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


def test_a_name_given_on_or_after_the_cutoff_is_not_known():
    rows = {"product_id": ["1"] * 4, "description": ["MUG", "CUP", "CUP", "CUP"]}
    days = ["2011-01-30", "2011-01-31", "2011-02-01", "no day"]
    raw = from_frame(pl.DataFrame({**rows, "customer_id": ["a"] * 4, "date": days, "amount": "2"}))
    plan = CleaningOptions(on_bad_rows="drop", max_bad_rows="50%")
    assert clean_lines(raw, plan).product_names.select(NAMES).rows() == [("1", "CUP", 2)]
    shop = clean_lines(raw, replace(plan, as_of="2011-01-31"))
    assert shop.product_names.select(NAMES).rows() == [("1", "MUG", 1)]
    assert not any("description" in note for note in shop.notes)
