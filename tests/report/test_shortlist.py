"""The lists hold the largest stakes, in an order that ties do not change."""

import polars as pl

from segpredict.report.shortlist import customer_shortlist, shortlist_with_reasons

SCORES = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "segment_id": ["S1"] * 4,
        "value_at_risk": [5.0, 9.0, 5.0, None],
        "upside": [1.0, 0.0, 2.0, None],
    }
)


def test_lists_begin_with_the_largest_stake_and_ties_with_the_smaller_id():
    rows = customer_shortlist(SCORES).select("list", "rank", "customer_id").rows()
    assert rows == [
        ("at risk", 1, "b"),
        ("at risk", 2, "a"),
        ("at risk", 3, "c"),
        ("on the way up", 1, "c"),
        ("on the way up", 2, "a"),
    ]


def test_each_segment_has_its_own_first_customers():
    parted = SCORES.with_columns(segment_id=pl.Series(["S1", "S2", "S1", "S2"]))
    rows = customer_shortlist(parted, max_listed=1).filter(pl.col("list") == "at risk")
    assert rows.select("segment_id", "customer_id", "rank", "listed", "total").rows() == [
        ("S1", "a", 1, 2, 10.0),
        ("S2", "b", 1, 1, 9.0),
    ]


def test_a_list_is_no_longer_than_asked_and_the_same_in_any_row_order():
    short = customer_shortlist(SCORES, max_listed=2)
    assert short.height == 4
    assert short.equals(customer_shortlist(SCORES.reverse(), max_listed=2))


def test_the_strongest_three_reasons_that_speak_for_it_are_told():
    reasons = pl.DataFrame(
        {
            "customer_id": ["a"] * 5,
            "rank": [4, 1, 2, 3, 5],
            "direction": ["for", "for", "against", "for", "for"],
            "text": ["fourth", "first", "no", "third", "fifth"],
        }
    )
    rows = shortlist_with_reasons(customer_shortlist(SCORES), reasons)
    assert [row["reasons"] for row in rows if row["customer_id"] == "a"] == [
        ["first", "third", "fourth"]
    ] * 2
    assert [row["reasons"] for row in rows if row["customer_id"] == "c"] == [[], []]
