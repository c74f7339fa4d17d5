"""Measuring: every metric of planted groups; defined answers where there are none."""

import numpy as np
import pytest

from segpredict.config.segmentation import SegmentationOptions, SelectionOptions
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.selection import SegmentationCandidate
from segpredict.segmentation.selection.candidate import QualityGates
from segpredict.segmentation.selection.measure import AlgorithmCandidate, measure_candidates
from segpredict.segmentation.selection.resampling import EarlierFit, ResampleSet

QUICK = SelectionOptions(
    sample_rows=600, bootstrap_draws=6, strength_splits=4, seed_runs=4, null_samples=4, k_max=4
)


def planted(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[-3.0, -1.0], [0.0, 1.0], [3.0, -1.0]])
    parts = [c + rng.normal(0, 0.4, (rows // 3, 2)) for c in centres]
    return np.concatenate(parts)


def tried(points, ks=(2, 3, 4), algorithm="kmeans", earlier=None, options=QUICK):
    clusterer = CLUSTERERS.get(algorithm)
    candidates = {
        k: SegmentationCandidate(
            inputs="fm",
            algorithm=algorithm,
            k_requested=k,
            complexity_rank=clusterer.complexity_rank,
        )
        for k in ks
    }
    resamples = ResampleSet(points, options, earlier=earlier)
    gates = QualityGates(SegmentationOptions(selection=options))
    candidate = AlgorithmCandidate(clusterer, n_init=5, refit_starts=2)
    return {
        k: t for k, (t, _) in measure_candidates(candidates, candidate, resamples, gates).items()
    }


@pytest.fixture(scope="module")
def found():
    return tried(WeightedPoints.from_matrix(planted()))


def test_planted_groups_pass_every_gate(found):
    assert found[3].failed_gates == ()
    assert found[3].bootstrap_stability == pytest.approx(1.0, abs=0.01)
    assert found[3].prediction_strength == pytest.approx(1.0, abs=0.02)
    assert found[3].jaccards == pytest.approx((1.0, 1.0, 1.0), abs=0.01)


def test_planted_groups_stand_out_from_worlds_without_any(found):
    three = found[3]
    assert three.silhouette > three.null_silhouette_high + 0.1
    assert three.stability > 0


def test_a_group_cut_in_two_is_found_out(found):
    assert found[4].failed_gates
    assert found[4].min_jaccard < 0.75


def test_what_failed_gets_few_draws_and_no_null(found):
    assert found[4].bootstrap_draws == QUICK.min_draws
    assert found[4].null_bootstrap_stability is None


def test_the_same_rows_in_another_order_give_the_same_figures(found):
    shuffled = np.random.default_rng(9).permutation(planted())
    assert tried(WeightedPoints.from_matrix(shuffled)) == found


def test_the_segmenter_of_one_horizon_earlier_is_asked():
    rows = planted()
    same = EarlierFit(WeightedPoints.from_matrix(planted(seed=1)), rows, rows)
    turned = EarlierFit(WeightedPoints.from_matrix(planted(seed=1)[:, ::-1]), rows, rows)
    points = WeightedPoints.from_matrix(rows)
    assert tried(points, (3,), earlier=same)[3].temporal_stability > 0.95
    assert "temporal" in tried(points, (3,), earlier=turned)[3].failed_gates


def test_numbers_that_the_points_do_not_support_are_left_out():
    few = WeightedPoints.from_matrix(np.repeat([[0.0, 0.0], [1.0, 1.0], [5.0, 5.0]], 40, axis=0))
    assert set(tried(few)) == {2, 3}


def test_one_place_supports_nothing():
    assert tried(WeightedPoints.from_matrix(np.zeros((50, 2)))) == {}


def test_density_methods_find_the_number_themselves():
    assert tried(WeightedPoints.from_matrix(planted()), (2,), "hdbscan")[2].k == 3
