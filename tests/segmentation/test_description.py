"""Segments are described in words, with the precision that is shown."""

import numpy as np
import polars as pl
import pytest

from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation.description import RuleBranch, describe_segments


def shop(*kinds: tuple[int, float, int], n: int = 20) -> tuple[pl.DataFrame, pl.Series]:
    """Return n rows of each kind: code, spend and days."""
    cells = [kind for kind in kinds for _ in range(n)]
    frame = pl.DataFrame(
        {"spend": [round(c[1] * MONEY_SCALE) for c in cells], "days": [c[2] for c in cells]}
    )
    return frame, pl.Series([c[0] for c in cells])


def test_planted_rules_are_described_in_original_units():
    rows, codes = shop((1, 100, 1), (2, 900, 1), (3, 100, 9), (3, 900, 9))
    text = describe_segments(rows, codes, 3, 91, "£")
    assert [d.rule for d in text] == [
        "spent less than £500 in 91 days and bought on at most 5 days",
        "spent at least £500 in 91 days and bought on at most 5 days",
        "bought on 6 or more days in 91 days",
    ]
    assert [(d.precision, d.recall) for d in text] == [(1.0, 1.0)] * 3


def test_precision_and_recall_are_those_of_the_rule_as_it_is_shown():
    rows, codes = shop((1, 10, 1), (2, 1000, 1))
    codes = codes.to_frame("c").with_columns(
        pl.when(pl.int_range(pl.len()) < 5).then(2).otherwise("c").alias("c")
    )["c"]
    first, second = describe_segments(rows, codes, 2, 91, "£")
    assert (first.precision, first.recall) == (15 / 20, 1.0)
    assert (second.precision, second.recall) == (1.0, 20 / 25)


def test_a_stored_rule_can_be_applied_again():
    rows, codes = shop((1, 100, 1), (2, 900, 1), (3, 100, 9))
    third = describe_segments(rows, codes, 3)[2]
    holds = rows.select(third.branches[0].contains.alias("h"))["h"]
    assert holds.to_list() == [code == 3 for code in codes]


def test_a_segment_without_customers_or_without_a_leaf_has_no_rule():
    rows, codes = shop((1, 100, 1), (3, 900, 1))
    assert [d.rule is None for d in describe_segments(rows, codes, 3)] == [False, True, False]


def test_one_segment_alone_has_no_rule():
    rows, codes = shop((1, 100, 1))
    assert describe_segments(rows, codes, 1)[0].rule is None


def test_no_leaf_describes_fewer_than_five_customers():
    rows, codes = shop((1, 100, 1))
    codes = pl.Series([2, 2, *codes.to_list()[2:]])
    assert describe_segments(rows, codes, 2)[1].rule is None


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(3)
    rows = pl.DataFrame({"spend": rng.integers(0, 10**7, 300), "days": rng.integers(1, 9, 300)})
    codes = pl.Series(1 + (rows["spend"].to_numpy() > 10**6) + (rows["days"].to_numpy() > 4))
    assert describe_segments(rows, codes, 3) == describe_segments(
        rows.reverse(), codes.reverse(), 3
    )


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({"days": (None, 2)}, "bought on 1 day in 91 days"),
        ({"days": (2, 3)}, "bought on 2 days in 91 days"),
        ({"days": (2, 5)}, "bought on 2 to 4 days in 91 days"),
        ({"recency": (None, 31)}, "last bought in the past 30 days"),
        ({"recency": (31, None)}, "last bought 31 or more days ago"),
        (
            {"recency": (10, 31), "spend": (12.5, 40)},
            "spent from € 12.50 to under € 40 in 91 days and last bought 10 to 30 days ago",
        ),
        ({"units": (None, 1201)}, "bought at most 1,200 pieces in 91 days"),
        ({"refunds": (20, None)}, "sent back at least € 20 in 91 days"),
        ({}, "bought in 91 days"),
    ],
)
def test_bounds_become_plain_words(bounds, text):
    assert RuleBranch(bounds).to_text(91, "€ ").replace("  ", " ") == text
