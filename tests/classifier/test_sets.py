import numpy as np

from segpredict.classifier.sets import members, thresholds


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
