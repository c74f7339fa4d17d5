"""The rule: gates, mean of ranks, one standard error, the fewest, the simplest."""

from dataclasses import asdict

import pytest

from segpredict.config.segmentation import SegmentationOptions, SelectionOptions
from segpredict.core.state import from_plain
from segpredict.segmentation.selection import SegmentationCandidate, select_candidate
from segpredict.segmentation.selection.candidate import QualityGates
from segpredict.segmentation.selection.select import (
    elbow_point,
    encode_labels,
    grade_segments,
    similarity_to_selected,
)

SOUND = {
    "smallest_share": 0.2,
    "largest_share": 0.5,
    "smallest_rows": 300.0,
    "value_step": 0.8,
    "tree_accuracy": 0.95,
    "temporal_stability": 0.9,
    "seed_stability": 1.0,
    "bootstrap_stability": 0.95,
    "min_jaccard": 0.9,
    "silhouette": 0.4,
    "null_silhouette_high": 0.35,
    "null_prediction_strength_high": 0.9,
    "prediction_strength": 0.9,
    "value_separation": 0.1,
    "information_gain": 0.1,
    "stability": 1.0,
}


CLEAR = {"information_gain": 0.2, "value_separation": 0.2, "prediction_strength": 0.85}


def candidate(k=3, algorithm="kmeans", rank=1, inputs="fm", **other):
    facts = {**SOUND, **other}
    made = SegmentationCandidate(
        inputs=inputs, algorithm=algorithm, k_requested=k, k=k, complexity_rank=rank, **facts
    )
    failed = QualityGates(SegmentationOptions()).failed_gates(made)
    return SegmentationCandidate(**{**asdict(made), "failed_gates": failed})


@pytest.mark.parametrize(
    ("found", "gate"),
    [
        ({"smallest_share": 0.019}, "min_share"),
        ({"largest_share": 0.61}, "max_share"),
        ({"value_step": -0.01}, "min_step"),
        ({"noise_share": 0.06}, "noise"),
        ({"agreement": 0.97}, "agreement"),
        ({"tree_accuracy": 0.84}, "tree"),
        ({"temporal_stability": 0.74}, "temporal"),
        ({"seed_stability": 0.94}, "seed"),
        ({"bootstrap_stability": 0.79}, "bootstrap"),
        ({"min_jaccard": 0.74}, "jaccard"),
        ({"k": 9}, "number"),
        ({"k": 1}, "number"),
    ],
)
def test_each_gate_closes_below_its_bar(found, gate):
    state = {**asdict(candidate()), **found}
    assert QualityGates(SegmentationOptions()).failed_gates(
        from_plain(SegmentationCandidate, state)
    ) == (gate,)


def test_too_few_customers_close_the_gate_of_rows():
    assert QualityGates(SegmentationOptions(), min_rows=301).failed_gates(candidate()) == (
        "min_rows",
    )


def test_what_could_not_be_measured_closes_no_gate():
    assert candidate(temporal_stability=None, agreement=None).passes_gates


def test_a_candidate_comes_back_from_its_state():
    given = candidate(jaccards=(0.9, 0.8))
    assert from_plain(SegmentationCandidate, asdict(given)) == given


def test_the_best_in_everything_is_taken():
    candidates = [
        candidate(3),
        candidate(
            4, information_gain=0.2, value_separation=0.2, prediction_strength=0.95, stability=2
        ),
    ]
    found = select_candidate(candidates, SelectionOptions())
    assert (found.selected, found.runner_up) == (1, 0)
    assert found.ranking[1].mean_rank == 1.0
    assert found.n_passed == found.n_tried == 2


def test_among_equals_the_fewest_segments_then_the_simplest_algorithm():
    candidates = [
        candidate(4),
        candidate(3, "gmm", 4),
        candidate(3, "kmeans", 1, "rfm"),
        candidate(3, "kmeans", 1, "fm"),
    ]
    found = select_candidate(candidates, SelectionOptions())
    assert (found.selected, found.runner_up) == (3, 2)


def test_a_lead_within_its_error_is_no_lead():
    certain = dict.fromkeys(
        ("information_gain_se", "value_separation_se", "prediction_strength_se"), 0.0
    )
    unsure = dict.fromkeys(certain, 0.5)
    better = {"information_gain": 0.2, "value_separation": 0.2, "prediction_strength": 0.85}
    for errors, expected_index in ((certain, 1), (unsure, 0)):
        candidates = [candidate(3, **errors), candidate(5, **better, **errors)]
        assert select_candidate(candidates, SelectionOptions()).selected == expected_index


def test_weights_decide_what_counts():
    candidates = [candidate(3, prediction_strength=0.95), candidate(4, information_gain=0.2)]
    only = dict.fromkeys(("value_separation", "prediction_strength", "stability"), 0.0)
    assert select_candidate(candidates, SelectionOptions(criterion_weights=only)).selected == 1


def test_what_was_not_measured_ranks_last():
    candidates = [candidate(3, stability=None), candidate(4)]
    ranks = select_candidate(candidates, SelectionOptions()).ranking
    assert (ranks[0].ranks["stability"], ranks[1].ranks["stability"]) == (2, 1)


def test_the_reason_names_the_leader_and_how_many_are_tied():
    alone = select_candidate([candidate(3), candidate(4, **CLEAR)], SelectionOptions())
    assert alone.reason.endswith("no other is tied with it.")
    both = select_candidate([candidate(3, **CLEAR), candidate(4, **CLEAR)], SelectionOptions())
    assert "2 of 2" in both.reason
    assert "(has the best mean rank itself)" in both.reason
    unsure = {f"{name}_se": 0.5 for name in CLEAR}
    led = [candidate(3, **unsure), candidate(5, **CLEAR, **unsure)]
    found = select_candidate(led, SelectionOptions())
    assert f"(the best mean rank has {led[1].name})" in found.reason


def test_nobody_passes_and_the_reason_says_so():
    found = select_candidate(
        [candidate(min_jaccard=0.5), candidate(4, seed_stability=0.1)], SelectionOptions()
    )
    assert found.selected is None
    assert found.grade == "constructive"
    assert found.reason == "None of 2 candidates passes all gates; segments are made by rule."


def test_what_could_not_be_fitted_is_not_counted_as_tried():
    absent = SegmentationCandidate(inputs="fm", algorithm="x", k_requested=3, note="not installed")
    assert select_candidate([candidate(), absent], SelectionOptions()).n_tried == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "reproducible"),
        (
            {"silhouette": 0.46, "prediction_strength": 1.0, "null_prediction_strength_high": 0.85},
            "natural",
        ),
        ({"silhouette": 0.45, "prediction_strength": 0.99}, "reproducible"),
        (
            {"silhouette": 0.45, "prediction_strength": 0.89, "null_prediction_strength_high": 0.5},
            "reproducible",
        ),
        ({"min_jaccard": 0.2}, "constructive"),
    ],
)
def test_natural_needs_more_than_null_samples_show(found, expected):
    assert grade_segments(candidate(**found), SelectionOptions()) == expected


def test_the_knee_of_a_straight_or_rising_line_is_none_or_an_end():
    assert elbow_point([2, 3], [4.0, 2.0]) is None
    assert elbow_point([2, 3, 4], [1.0, 2.0, 3.0]) is None
    assert elbow_point([2, 3, 4, 5, 6], [10.0, 9.0, 2.0, 1.5, 1.0]) == 4


def test_similarity_to_the_selected_is_given_for_all_that_were_fitted():
    candidates = [
        candidate(2, encoded_labels=encode_labels([0, 0, 1, 1])),
        candidate(2, encoded_labels=encode_labels([1, 1, 0, 0])),
        SegmentationCandidate(inputs="fm", algorithm="x", k_requested=3, note="not installed"),
    ]
    assert similarity_to_selected(candidates, 0) == [1.0, 1.0, None]
    assert similarity_to_selected(candidates, None) == [None, None, None]


def test_a_candidate_that_makes_the_segments_of_a_simpler_one_is_not_ranked():
    same = {"encoded_labels": encode_labels([0, 0, 1, 1, 2, 2])}
    candidates = [
        candidate(3, "hybrid", 3, **same, information_gain=0.2),
        candidate(3, "kmeans", 1, **same),
        candidate(3, "gmm", 4, encoded_labels=encode_labels([0, 0, 1, 1, 1, 2])),
    ]
    found = select_candidate(candidates, SelectionOptions())
    assert found.equivalents == {0: 1}
    assert set(found.ranking) == {1, 2}
    assert found.n_passed == 3
