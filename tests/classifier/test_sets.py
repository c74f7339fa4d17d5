import numpy as np
import pytest

from segpredict.classifier.decisions.prediction_sets import (
    adaptive_miss_rates,
    set_members,
    set_thresholds,
)


def test_a_threshold_leaves_a_tenth_of_each_segment_out():
    given = np.linspace(0.1, 0.9, 19)
    probabilities = np.column_stack([given, 1 - given])
    lowest = set_thresholds(probabilities, np.zeros(19, dtype=np.int64))
    # ⌊0.1 · 20⌋ = 2: the second smallest.
    assert lowest[0] == given[1]


def test_a_segment_with_too_few_customers_is_in_every_set():
    probabilities = np.full((8, 2), 0.5)
    lowest = set_thresholds(probabilities, np.zeros(8, dtype=np.int64))
    assert lowest.tolist() == [0, 0]
    assert set_members(probabilities, lowest).all()


def origin(chance: float, rows: int = 99):
    """Everybody is told this chance of the second segment, and comes to be in it."""
    probabilities = np.full((rows, 2), [1 - chance, chance])
    probabilities[:, 1] += np.linspace(0, 1e-6, rows)
    return probabilities, np.ones(rows, dtype=np.int64)


def test_who_was_missed_too_often_is_allowed_fewer_misses_next_time():
    # The second origin gives its own segment a chance below all thresholds: all missed.
    allowed = adaptive_miss_rates([origin(0.45), origin(0.30)], alpha=0.1, step=0.05)
    assert allowed.tolist() == pytest.approx([0.1, 0.1 + 0.05 * (0.1 - 1.0)])


def test_who_was_never_missed_is_allowed_more():
    allowed = adaptive_miss_rates([origin(0.45), origin(0.60)], alpha=0.1, step=0.05)
    assert allowed.tolist() == pytest.approx([0.1, 0.105])


def test_one_origin_corrects_nothing_and_many_never_allow_none():
    assert adaptive_miss_rates([origin(0.45)]).tolist() == [0.1, 0.1]
    origins = [origin(0.45 * 0.8**i) for i in range(8)]
    assert adaptive_miss_rates(origins, step=0.5)[1] == pytest.approx(0.01)


def test_each_segment_may_have_its_own_share_of_misses():
    probabilities = np.column_stack([np.linspace(0.01, 0.99, 99)] * 2)
    labels = np.r_[np.zeros(50, dtype=np.int64), np.ones(49, dtype=np.int64)]
    lowest = set_thresholds(probabilities, labels, np.array([0.1, 0.2]))
    assert lowest[0] == set_thresholds(probabilities, labels, 0.1)[0]
    assert lowest[1] == set_thresholds(probabilities, labels, 0.2)[1]
