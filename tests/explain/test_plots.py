"""Plots are drawn headless, alike on every run, and leave nothing behind."""

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib import pyplot as plt
from planted_drivers import CLASSES, NAMES

from segpredict.errors import UnknownNameError
from segpredict.explain import bar, beeswarm, draw, explain

PNG = b"\x89PNG"


def test_there_is_a_bar_chart_and_a_beeswarm_for_every_future_segment(booster, frame):
    plots = draw(explain(booster, frame, NAMES, CLASSES))
    assert list(plots) == ["bar", "beeswarm_S0", "beeswarm_S1", "beeswarm_S2"]
    assert plots["bar"].lstrip().startswith(b"<?xml")
    assert all(plots[f"beeswarm_{c.id}"].startswith(PNG) for c in CLASSES)


def test_two_drawings_are_equal_to_the_byte(booster, frame):
    found = explain(booster, frame, NAMES, CLASSES)
    assert bar(found) == bar(found)
    assert beeswarm(found, "S1") == beeswarm(found, "S1")


def test_drawing_leaves_no_figure_no_style_and_no_random_state(booster, frame):
    found = explain(booster, frame, NAMES, CLASSES)
    style, state = dict(mpl.rcParams), np.random.mtrand._rand.get_state()
    draw(found)
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == style
    assert np.array_equal(np.random.mtrand._rand.get_state()[1], state[1])


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_customers_are_drawn(booster, frame, rows):
    assert draw(explain(booster, frame[:rows], NAMES, CLASSES))["bar"]


def test_a_feature_that_nobody_has_is_drawn(booster, frame):
    nobody = frame.with_columns(helper=pl.lit(None, pl.Float64))
    assert beeswarm(explain(booster, nobody, NAMES, CLASSES), "S2").startswith(PNG)


def test_an_unknown_future_segment_is_refused_by_name(booster, frame):
    with pytest.raises(UnknownNameError, match="S9"):
        beeswarm(explain(booster, frame[:5], NAMES, CLASSES), "S9")
