"""A frozen segmentation assigns, stores, reloads, and refuses what it has seen."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.errors import ArtifactError, MismatchError, SchemaError
from segpredict.segmentation import Segmentation, fill_inactive
from segpredict.segmentation.algorithms import Clusters, NearestCentre
from segpredict.segmentation.inputs import InputAxis
from segpredict.segmentation.model import SegmentValue
from segpredict.segmentation.naming import name_segments


def around(*centres: tuple[float, ...]) -> Clusters:
    places = np.array(centres)
    return Clusters(NearestCentre(places), places, group_radii=(1.0,) * len(places))


# Places are plain logs here: log1p(spend) and log1p(days).
PLAIN = Segmentation(
    horizon=91,
    fit_end=100,
    axes=(InputAxis("spend", 10_000, 0, 10**9), InputAxis("days", 1, 1, 50)),
    clusters=around((2.0, 1.0), (5.0, 2.0)),
    segments=name_segments(2, {}),
    values=tuple(SegmentValue(code) for code in range(3)),
)


def instrument(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_each_row_goes_to_its_nearest_centre():
    shop = instrument(("b", 91, 6, 1_480_000), ("a", 91, 2, 60_000))
    assigned = PLAIN.assign(shop)
    assert assigned.select("customer_id", "segment").rows() == [("a", 1), ("b", 2)]
    assert assigned["distance"].round(2).to_list() == [0.11, 0.05]
    assert (assigned["margin"] > 2.9).all()


def test_rows_come_back_sorted_by_end_and_customer():
    shop = instrument(("b", 91, 1, 5), ("a", 119, 1, 5), ("a", 91, 1, 5))
    keys = PLAIN.assign(shop).select("end", "customer_id").rows()
    assert keys == [(91, "a"), (91, "b"), (119, "a")]


def test_nothing_to_assign_is_an_empty_answer():
    assigned = PLAIN.assign(instrument())
    assert assigned.height == 0
    assert assigned.schema["segment"] == pl.Int8


def test_spend_beyond_the_limits_counts_as_the_limit():
    shop = instrument(("a", 91, 60, 10**15), ("b", 91, 50, 10**9), ("c", 91, 1, -(10**9)))
    a, b, c = PLAIN.assign(shop)["distance"]
    assert a == b
    assert c == pytest.approx((2.0**2 + (1.0 - 0.693147) ** 2) ** 0.5, abs=1e-6)


def test_spend_beyond_all_that_was_seen_is_flagged_though_it_is_cut():
    shop = instrument(("a", 91, 2, 10**15), ("b", 91, 6, 1_480_000))
    assert PLAIN.assign(shop).select("segment", "is_unlike").rows() == [(2, True), (2, False)]


def test_one_segment_alone_has_no_margin():
    alone = replace(PLAIN, clusters=around((2.0, 1.0)))
    assigned = alone.assign(instrument(("a", 91, 2, 60_000)))
    assert assigned.select("segment", "margin").rows() == [(1, 0.0)]


def test_of_two_centres_equally_near_the_lower_value_wins():
    # log1p(1 day) stands right in the middle of the two.
    days = InputAxis("days", 1, 0, 50, mean=0.6931471805599453)
    even = replace(PLAIN, axes=(days,), clusters=around((-1.0,), (1.0,)))
    assigned = even.assign(instrument(("a", 91, 1, 0)))
    assert assigned.select("segment", "margin").rows() == [(1, 0.0)]


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(-(10**9), 10**12)), min_size=1))
def test_a_json_round_trip_assigns_equal_bits(cells):
    shop = instrument(*[(f"c{i}", 91, d, s) for i, (d, s) in enumerate(cells)])
    back = Segmentation.from_state(json.loads(json.dumps(PLAIN.to_state())))
    assert back == PLAIN
    assert back.assign(shop).equals(PLAIN.assign(shop))


@pytest.mark.parametrize("state", [None, {}, {"version": 99}])
def test_another_version_is_refused(state):
    with pytest.raises(ArtifactError, match="not of a version"):
        Segmentation.from_state(state)


@pytest.mark.parametrize("part", ["axes", "clusters", "segments", "horizon"])
def test_a_state_without_a_part_is_refused(part):
    state = {n: v for n, v in PLAIN.to_state().items() if n != part}
    with pytest.raises(ArtifactError, match="incomplete"):
        Segmentation.from_state(state)


def test_a_rule_of_an_unknown_kind_is_refused():
    state = PLAIN.to_state()
    rule = {**state["clusters"]["assignment_rule"], "kind": "oracle"}
    state["clusters"] = {**state["clusters"], "assignment_rule": rule}
    with pytest.raises(ArtifactError, match="no rule is of the kind 'oracle'"):
        Segmentation.from_state(state)


def test_a_test_that_it_may_have_seen_is_refused():
    PLAIN.require_fitted_before(100)
    with pytest.raises(MismatchError, match=r"up to 1970-04-11 .* from 1970-04-10"):
        PLAIN.require_fitted_before(99)


def test_customers_without_a_row_are_inactive():
    assigned = PLAIN.assign(instrument(("b", 91, 6, 1_480_000), ("z", 91, 1, 5)))
    asked = pl.DataFrame({"customer_id": ["c", "b", "a"]})
    assert fill_inactive(assigned, asked).rows() == [("a", 0), ("b", 2), ("c", 0)]


def test_several_windows_are_completed_by_their_end():
    assigned = PLAIN.assign(instrument(("a", 91, 1, 5), ("a", 119, 6, 1_480_000)))
    asked = pl.DataFrame(
        {"customer_id": ["a"] * 3, "end": pl.Series([91, 119, 147], dtype=pl.Int32)}
    )
    found = fill_inactive(assigned, asked)
    assert found.rows() == [(91, "a", 1), (119, "a", 2), (147, "a", 0)]


def test_two_segments_for_one_customer_are_refused():
    assigned = PLAIN.assign(instrument(("a", 91, 1, 5), ("a", 119, 1, 5)))
    with pytest.raises(SchemaError, match="customer_id is not unique in 2 rows"):
        fill_inactive(assigned, pl.DataFrame({"customer_id": ["a"]}))
