import numpy as np

from segpredict.classifier.decisions.policy import (
    MIN_WINDOW_CUSTOMERS,
    lowest_thresholds,
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


def window(chance: float, rows: int = 99):
    """Return customers who all come to be in the second segment, given this probability."""
    return np.full((rows, 2), [1 - chance, chance]), np.ones(rows, dtype=np.int64)


def test_sets_hold_in_the_window_that_was_hardest():
    hard, easy = window(0.30, rows=60), window(0.45, rows=2000)
    pooled = set_thresholds(*(np.concatenate(parts) for parts in zip(hard, easy, strict=True)))
    assert pooled[1] == 0.45
    assert lowest_thresholds([hard, easy])[1] == 0.30


def test_a_window_with_few_customers_of_a_segment_has_no_threshold_of_its_own():
    few, easy = window(0.30, rows=MIN_WINDOW_CUSTOMERS - 1), window(0.45, rows=2000)
    assert lowest_thresholds([few, easy])[1] == 0.45
    # Nobody came to be in the first segment: it is in every set.
    assert lowest_thresholds([few, easy])[0] == 0
