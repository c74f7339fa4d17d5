"""Impossible sizes of an explanation are refused before anything is worked out."""

import pytest

from segpredict.config.outputs import ExplainOptions
from segpredict.errors import ConfigError


@pytest.mark.parametrize(
    "wrong", [{"sample_rows": 0}, {"sample_rows": -1}, {"permutation_repeats": 0}, {"refits": -1}]
)
def test_impossible_sizes_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(ConfigError, match=f"explain.{name}"):
        ExplainOptions(**wrong)


def test_no_refits_and_no_ablations_can_be_asked_for():
    assert ExplainOptions(refits=0, ablations=0).refits == 0
