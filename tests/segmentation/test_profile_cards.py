"""Profile cards describe segments, but none of fewer than five customers."""

import polars as pl

from segpredict.analytics.transitions import observed_matrix
from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation.description import SegmentDescription
from segpredict.segmentation.naming import name_segments
from segpredict.segmentation.profile_cards import profile_cards, typical_customers

SEGMENTS = name_segments(2, {})


def rows(spends: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"c{i:02d}" for i in range(len(spends))],
            "days": [1] * len(spends),
            "spend": [s * MONEY_SCALE for s in spends],
        }
    )


def places(spends: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"spend": [float(s) for s in spends]})


def test_each_third_by_spend_is_spoken_for_by_its_middle():
    spends = [9, 1, 2, 3, 4, 5, 6, 7, 8]
    found = typical_customers(rows(spends), places(spends), pl.Series([1] * 9))
    assert found.rows() == [
        (1, "smaller", "c02", 2.0, 1),
        (1, "middling", "c05", 5.0, 1),
        (1, "larger", "c08", 8.0, 1),
    ]


def test_fewer_than_five_customers_lend_no_example():
    spends = [1, 2, 3, 4]
    assert typical_customers(rows(spends), places(spends), pl.Series([1] * 4)).height == 0


def test_the_order_of_rows_changes_no_example():
    spends = [5, 1, 4, 2, 3, 3, 3]
    codes = pl.Series([1] * 7)
    one = typical_customers(rows(spends), places(spends), codes)
    other = typical_customers(rows(spends).reverse(), places(spends[::-1]), codes)
    assert one.equals(other)


def profile(n: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment": [0, 1, 2],
            "id": ["S0", "S1", "S2"],
            "name": ["Inactive", "Occasional", "Core"],
            "n": n,
            "share": [x / sum(n) for x in n],
        }
    )


PAIRS = [(1, 1)] * 10 + [(1, 0)] * 6 + [(1, 2)] * 3 + [(2, 1)] * 7 + [(0, 1)] * 5
MOVES = observed_matrix(
    pl.DataFrame(
        [(str(i), f"S{a}", f"S{b}") for i, (a, b) in enumerate(PAIRS)],
        schema=["customer_id", "from_id", "to_id"],
        orient="row",
    ),
    SEGMENTS,
)


def test_in_and_outflow_are_the_largest_of_five_or_more():
    card = profile_cards(SEGMENTS, profile([9, 9, 9]), transitions=MOVES)[1]
    assert [(f["id"], f["n"], round(f["share"], 3)) for f in card["came_from"]] == [
        ("S2", 7, 0.318),
        ("S0", 5, 0.227),
    ]
    assert [(f["id"], f["n"]) for f in card["went_to"]] == [("S0", 6)]


def test_a_segment_of_fewer_than_five_shows_its_size_alone():
    rules = (SegmentDescription(2, "spent much", 0.9, 0.8),)
    few, many = (
        profile_cards(SEGMENTS, profile([9, 9, n]), rules, transitions=MOVES)[2] for n in (4, 5)
    )
    assert (few["n"], few["rule"], few["went_to"]) == (4, None, [])
    assert (many["rule"], many["precision"]) == ("spent much", 0.9)
