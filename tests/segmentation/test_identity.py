"""Ids follow the customers, are never used twice, and every change is on record."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segpredict.core.state import from_plain
from segpredict.segmentation.identity import SegmentEvent, SegmentIdentity, match_segments


def kinds(counts, ids=None, before=None):
    ids = ids or [f"S{i + 1}" for i in range(len(counts))]
    found = match_segments(np.array(counts), ids, before or SegmentIdentity(issued_ids=len(ids)))
    events = [(e.kind, e.before, e.after) for e in found.identity.events]
    return found.ids, [t for t in events if t[0] != "survive"]


def test_a_permutation_of_the_segments_keeps_every_id():
    ids, changes = kinds([[0, 0, 30], [200, 0, 0], [0, 50, 0]])
    assert ids == ("S2", "S3", "S1")
    assert changes == []


def test_a_segment_that_splits_keeps_its_id_in_the_larger_part():
    ids, changes = kinds([[100, 0, 0], [0, 60, 40]])
    assert ids == ("S1", "S2", "S3")
    assert changes == [("split", ("S2",), ("S2", "S3"))]


def test_segments_that_merge_leave_one_id_and_retire_the_other():
    ids, changes = kinds([[100, 0], [0, 70], [0, 30]])
    assert ids == ("S1", "S2")
    assert changes == [("merge", ("S2", "S3"), ("S2",))]


def test_a_split_and_a_merge_at_once_are_both_told():
    ids, changes = kinds([[55, 45, 0], [0, 0, 80], [0, 0, 70]])
    assert ids == ("S1", "S4", "S2")
    assert changes == [("split", ("S1",), ("S1", "S4")), ("merge", ("S2", "S3"), ("S2",))]


def test_a_segment_mixed_from_all_has_emerged_and_one_torn_apart_has_vanished():
    ids, changes = kinds([[80, 0, 20], [0, 80, 20], [20, 20, 10]])
    assert ids == ("S1", "S2", "S4")
    assert changes == [("emerge", (), ("S4",)), ("vanish", ("S3",), ())]


def test_an_id_that_was_retired_is_never_given_again():
    first = match_segments(
        np.array([[100, 0], [0, 70], [0, 30]]), ["S1", "S2", "S3"], SegmentIdentity()
    )
    assert first.ids == ("S1", "S2")
    before = SegmentIdentity(issued_ids=3)
    merged = match_segments(np.array([[100, 0], [0, 70], [0, 30]]), ["S1", "S2", "S3"], before)
    again = match_segments(np.array([[100, 0, 0], [0, 60, 40]]), merged.ids, merged.identity)
    assert again.ids == ("S1", "S2", "S4")
    assert again.identity.version == 3


def test_two_giants_that_overlap_almost_wholly_are_one():
    # Independence expects 81 in the corner, so its χ² term is below zero.
    ids, _ = kinds([[80, 10], [10, 0]])
    assert ids[0] == "S1"


def test_below_half_the_customers_in_common_it_is_another_segment():
    ids, _ = kinds([[49, 51], [51, 49]])
    assert ids == ("S3", "S4")


def test_a_segment_that_nobody_is_in_changes_nothing():
    ids, changes = kinds([[10, 0], [0, 0]])
    assert ids == ("S1", "S3")
    assert changes == [("emerge", (), ("S3",)), ("vanish", ("S2",), ())]


@given(
    arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 500))
)
def test_ids_are_unique_and_each_segment_has_a_fate(counts):
    ids = [f"S{i + 1}" for i in range(len(counts))]
    found = match_segments(counts, ids, SegmentIdentity(issued_ids=9))
    assert len(set(found.ids)) == counts.shape[1]
    fates = found.identity.events
    assert {i for e in fates for i in e.before} == set(ids)
    assert {i for e in fates for i in e.after} == set(found.ids)
    assert all(int(i[1:]) > 9 for i in set(found.ids) - set(ids))


@given(arrays(np.int64, (4, 4), elements=st.integers(0, 500)), st.permutations(range(4)))
def test_the_order_of_the_old_segments_changes_no_survivor(counts, order):
    ids = ["S1", "S2", "S3", "S4"]
    shuffled = match_segments(counts[order], [ids[i] for i in order], SegmentIdentity(issued_ids=4))
    plain = match_segments(counts, ids, SegmentIdentity(issued_ids=4))
    alike = [
        {(e.before, e.after) for e in m.identity.events if e.kind == "survive" and e.overlap > 0.5}
        for m in (plain, shuffled)
    ]
    assert alike[0] == alike[1]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (SegmentEvent("survive", 2, ("S1",), ("S1",), 0.875), "S1 is still itself (Jaccard 0.88)."),
        (SegmentEvent("merge", 2, ("S1", "S2", "S3"), ("S1",)), "S1, S2 and S3 merged into S1."),
        (SegmentEvent("vanish", 2, ("S1",), ()), "S1 is gone; its id is not used again."),
        (SegmentEvent("emerge", 2, (), ("S8",)), "S8 is new."),
    ],
)
def test_events_are_sentences(event, text):
    assert event.to_text({}) == text


def test_a_json_round_trip_gives_an_equal_identity():
    found = match_segments(np.array([[55, 45]]), ["S1"], SegmentIdentity(issued_ids=1)).identity
    assert from_plain(SegmentIdentity, json.loads(json.dumps(asdict(found)))) == found
