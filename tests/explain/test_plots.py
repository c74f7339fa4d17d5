"""Plots are drawn headless, alike on every run, and leave nothing behind."""

from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib import pyplot as plt
from planted_drivers import CLASSES, told

from segpredict.errors import MismatchError, UnknownNameError, UsageError
from segpredict.explain.plots import (
    bar_plot,
    beeswarm_plot,
    dependence_plot,
    draw_plots,
    heatmap_plot,
    transition_plot,
    waterfall_plot,
)

NAMED = {segment.id: segment.name for segment in CLASSES}
PNG = b"\x89PNG"


def test_there_is_a_bar_chart_and_a_beeswarm_for_every_future_segment(booster, frame):
    found = told(booster, frame)
    style, state = dict(mpl.rcParams), np.random.mtrand._rand.get_state()
    plots = draw_plots(found)
    # Drawing leaves no figure, no style and no random state.
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == style
    assert np.array_equal(np.random.mtrand._rand.get_state()[1], state[1])
    assert list(plots)[:4] == ["bar", "beeswarm_S0", "beeswarm_S1", "beeswarm_S2"]
    assert {"heatmap", "move_S1_S2", "dependence_driver"} <= set(plots)
    assert plots["bar"].lstrip().startswith(b"<?xml")
    assert all(plots[f"beeswarm_{c.id}"].startswith(PNG) for c in CLASSES)


def test_two_drawings_are_equal_to_the_byte(booster, frame):
    found = told(booster, frame)
    assert bar_plot(found) == bar_plot(found)
    assert beeswarm_plot(found, "S1") == beeswarm_plot(found, "S1")


@pytest.mark.parametrize("rows", [0, 1])
def test_few_customers_are_drawn(booster, frame, rows):
    assert draw_plots(told(booster, frame[:rows]))["bar"]


def test_a_feature_that_nobody_has_is_drawn(booster, frame):
    nobody = frame.with_columns(helper=pl.lit(None, pl.Float64))
    assert beeswarm_plot(told(booster, nobody), "S2").startswith(PNG)


def test_an_unknown_future_segment_is_refused_by_name(booster, frame):
    with pytest.raises(UnknownNameError, match="S9"):
        beeswarm_plot(told(booster, frame[:5]), "S9")


def test_an_unknown_move_feature_or_customer_is_refused_by_name(booster, frame):
    found = told(booster, frame)
    with pytest.raises(UnknownNameError, match="S2:S2"):
        transition_plot(found, "S2", "S2")
    with pytest.raises(UnknownNameError, match="nothing"):
        dependence_plot(found, "nothing")
    with pytest.raises(MismatchError, match="nobody"):
        waterfall_plot(found, "nobody")


def test_every_kind_of_plot_names_what_it_shows(booster, frame):
    found = told(booster, frame)
    # Text is drawn as paths; the sizes of the two files tell that there is some.
    for drawn in (
        heatmap_plot(found),
        waterfall_plot(found, "c0001"),
        transition_plot(found, "S1", "S2"),
    ):
        assert b"<svg" in drawn
        assert drawn.count(b"<use") > 40


def test_an_explanation_draws_itself(booster, frame):
    found = told(booster, frame, 60)
    assert found.plot("bar") == bar_plot(found)
    assert found.plot("move", "S1", "S2").lstrip().startswith(b"<?xml")
    with pytest.raises(UnknownNameError, match="barr"):
        found.plot("barr")


def test_segments_are_named_as_people_name_them(booster, frame):
    found = told(booster, frame, 60)
    assert found.plot("beeswarm", "core") == beeswarm_plot(found, "S2")
    assert found.plot("move", "Occasional", "Core") == transition_plot(found, "S1", "S2")
    with pytest.raises(UnknownNameError, match="Nobodies"):
        found.plot("beeswarm", "Nobodies")


@pytest.mark.parametrize("asked", [("bar", "x"), ("waterfall",), ("move", "S1")])
def test_a_picture_of_too_little_or_too_much_is_refused(booster, frame, asked):
    with pytest.raises(UsageError, match="names were given") as refused:
        told(booster, frame, 60).plot(*asked)
    assert refused.value.fix.startswith(f"plot('{asked[0]}'")


def test_any_name_is_drawn_as_it_is_into_sound_files(booster, frame):
    names = ("$\\frac$ 客", "a\x1b[31m\x00--> b", "n" * 400)
    classes = tuple(replace(c, name=n) for c, n in zip(CLASSES, names, strict=True))
    found = replace(told(booster, frame, 60), classes=classes)
    for drawn in draw_plots(found).values():
        if not drawn.startswith(PNG):
            ElementTree.fromstring(drawn)
