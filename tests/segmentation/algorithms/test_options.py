"""Options outside their range are refused by name."""

import pytest

from segpredict.config.segmentation import SegmentationOptions
from segpredict.errors import ConfigError


def test_the_numbers_to_try_run_from_three_to_eight():
    assert SegmentationOptions().segment_counts == (3, 4, 5, 6, 7, 8)


def test_a_given_number_is_the_only_one():
    assert SegmentationOptions(k=4).segment_counts == (4,)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"k": 1}, r"segmentation\.k "),
        ({"k": 9}, r"segmentation\.k "),
        ({"k_min": 5, "k_max": 4}, "k_min <= k_max"),
        ({"k_max": 9}, "k_max"),
        ({"n_init": 0}, "n_init"),
        ({"winsor_percentiles": (60.0, 40.0)}, "winsor"),
        ({"min_share": 0.7}, "min_share < max_share"),
        ({"min_customers": -1}, "min_customers"),
        ({"max_points": 10}, "max_points"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(wrong, said):
    with pytest.raises(ConfigError, match=said):
        SegmentationOptions(**wrong)
