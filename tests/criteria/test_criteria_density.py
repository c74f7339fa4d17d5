"""DBCV against the validity index of the package hdbscan 0.8.44, run once by hand."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons

from segpredict.criteria.density import dbcv


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("moons", 0.4605541315538507),
        ("blobs", 0.11731656860507547),
        ("overlapping", -0.600778412395904),
    ],
)
def test_known_values_are_met(name, expected):
    made = {
        "moons": lambda: make_moons(200, noise=0.06, random_state=0),
        "blobs": lambda: make_blobs(150, centers=3, random_state=2),
        "overlapping": lambda: make_blobs(
            150, centers=3, cluster_std=4, random_state=2
        ),
    }
    places, labels = made[name]()
    assert dbcv(places, labels) == pytest.approx(expected, abs=1e-9)


def test_one_group_has_no_validity():
    assert dbcv(np.arange(6.0)[:, None], np.zeros(6, np.intp)) is None
