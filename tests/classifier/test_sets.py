import numpy as np
import pytest

from segpredict.classifier import Trial
from segpredict.classifier.sets import coverage, members, thresholds


def test_a_threshold_leaves_a_tenth_of_each_segment_out():
    given = np.linspace(0.1, 0.9, 19)
    chances = np.column_stack([given, 1 - given])
    lowest = thresholds(chances, np.zeros(19, dtype=np.int64))
    # ⌊0.1 · 20⌋ = 2: the second smallest.
    assert lowest[0] == given[1]


def test_a_segment_with_too_few_customers_is_in_every_set():
    chances = np.full((8, 2), 0.5)
    lowest = thresholds(chances, np.zeros(8, dtype=np.int64))
    assert lowest.tolist() == [0, 0]
    assert members(chances, lowest).all()


def drawn(cutoff, rng, rows=4000):
    chances = rng.dirichlet([2.0, 1.0, 0.5], rows)
    labels = (chances.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    who = np.array([f"c{i}" for i in range(rows)])
    return Trial(cutoff, who, labels, labels, {"m": chances})


def test_sets_cover_nine_in_ten_of_each_segment_where_the_world_stays():
    rng = np.random.default_rng(2)
    found = coverage([drawn(day, rng) for day in (0, 91, 182)], "m")
    assert found.n == 4000
    assert found.covered == pytest.approx(0.9, abs=0.02)
    assert found.by_class == pytest.approx((0.9, 0.9, 0.9), abs=0.04)
    assert 1 < found.size < 3


def test_one_test_alone_gives_no_sets():
    assert coverage([drawn(0, np.random.default_rng(0))], "m") is None
