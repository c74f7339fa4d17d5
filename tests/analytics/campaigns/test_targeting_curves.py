"""Value at stake by length of the list."""

import polars as pl
from crowd import SEGMENTS, many
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.campaigns import Campaign, targeting_curves
from segpredict.analytics.campaigns.catalogue import EligibilityRule

PLAY = Campaign("hold", "Hold", "Call.", EligibilityRule(segment_roles=("middle",)))


def test_the_first_customers_are_those_with_most_at_stake() -> None:
    found = targeting_curves(many(10), [PLAY], SEGMENTS).filter(name="hold")
    # 10 + 9 + 8 + 7 + 6 = 40 of 55; fewer than five are not told.
    assert found.row(0, named=True) == {
        "scope": "campaign",
        "name": "hold",
        "stake_column": "value_at_risk",
        "size": 10,
        "n": 5,
        "value": 40.0,
        "share": 40 / 55,
    }
    assert found["n"].to_list() == [5, 6, 7, 8, 9, 10]


def test_each_segment_has_a_curve_of_both() -> None:
    found = targeting_curves(many(10), [], SEGMENTS)
    kinds = found.select("scope", "name", "stake_column").unique(maintain_order=True)
    assert kinds.rows() == [
        ("segment", "S2", "value_at_risk"),
        ("segment", "S2", "upside"),
    ]


def test_short_lists_and_lists_of_nothing_are_not_told() -> None:
    assert targeting_curves(many(4), [PLAY], SEGMENTS).is_empty()
    nothing = many(10).with_columns(value_at_risk=pl.lit(0.0), upside=pl.lit(0.0))
    assert targeting_curves(nothing, [PLAY], SEGMENTS).is_empty()


@given(amounts=st.lists(st.floats(0, 1e6), min_size=5, max_size=80))
def test_curves_rise_more_and_more_slowly_to_the_whole(amounts: list[float]) -> None:
    rows = many(len(amounts)).with_columns(value_at_risk=pl.Series(amounts))
    found = targeting_curves(rows, [PLAY], SEGMENTS).filter(name="hold")
    shares, sizes = found["share"].to_list(), found["n"].to_list()
    for share, n in zip(shares, sizes, strict=True):
        assert share >= n / len(amounts) - 1e-9
    assert shares == sorted(shares)
    assert not shares or shares[-1] == 1.0
