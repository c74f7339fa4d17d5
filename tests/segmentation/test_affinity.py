"""Categories that stand out are found, chance is not, and the interval is honest."""

import numpy as np
import polars as pl
import pytest

from segpredict.core.segment import Segment
from segpredict.segmentation.profile_cards import distinctive_categories

TWO = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Light"), Segment(2, "S7", "Core"))


def bought(rows: list[tuple[str, int, str, int]]) -> pl.DataFrame:
    schema = {
        "customer_id": pl.String,
        "segment": pl.Int8,
        "category": pl.String,
        "lines": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def world(rng: np.random.Generator, lift: float, n: int = 200) -> pl.DataFrame:
    """Return customers who buy tea, cups and lamps; the second segment likes lamps."""
    rows = []
    for i in range(2 * n):
        code = 1 + i // n
        odds = np.array([4.0, 3.0, 1.0 * (lift if code == 2 else 1.0)])
        # A taste of one's own, so that lines of one customer are alike.
        taste = rng.dirichlet(3 * odds)
        counts = rng.multinomial(1 + rng.poisson(6), taste)
        rows += [
            (f"c{i:04d}", code, category, int(c))
            for category, c in zip(("tea", "cups", "lamps"), counts, strict=True)
            if c
        ]
    return bought(rows)


def test_shares_and_index_worked_out_by_hand():
    rows = [(f"a{i}", 1, "tea", 1) for i in range(40)]
    rows += [(f"b{i}", 2, c, n) for i in range(40) for c, n in (("tea", 1), ("lamps", 3))]
    found = distinctive_categories(bought(rows), TWO)
    lamps = found.row(by_predicate=pl.col("category") == "lamps", named=True)
    # Segment: 120 of 160 lines; everyone: 120 of 200.
    assert (lamps["id"], lamps["n"], lamps["share"]) == ("S7", 40, 0.75)
    assert lamps["index"] == pytest.approx(0.75 / 0.6)
    assert 1 < lamps["low"] < lamps["index"] < lamps["high"]


def test_a_planted_taste_is_found():
    found = distinctive_categories(world(np.random.default_rng(5), lift=3.0), TWO)
    assert found.filter(pl.col("segment") == 2)["category"][0] == "lamps"


def test_without_a_difference_about_one_in_twenty_stands_out():
    rng = np.random.default_rng(7)
    counts = [distinctive_categories(world(rng, lift=1.0, n=80), TWO).height for _ in range(60)]
    assert sum(counts) / (60 * 6) < 0.10


def test_a_category_of_fewer_than_thirty_customers_is_not_shown():
    rows = [(f"a{i}", 1, "tea", 9) for i in range(40)]
    rows += [(f"b{i}", 2, "lamps", 9) for i in range(29)]
    assert distinctive_categories(bought(rows), TWO)["category"].to_list() == ["tea"]


def test_nothing_bought_is_an_empty_table():
    assert distinctive_categories(bought([]), TWO).height == 0


def test_the_order_of_rows_changes_nothing():
    rows = world(np.random.default_rng(5), lift=2.0)
    assert distinctive_categories(rows, TWO).equals(distinctive_categories(rows.reverse(), TWO))
