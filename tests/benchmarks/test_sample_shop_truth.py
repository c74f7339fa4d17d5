"""The truth of the sample shop, played, is the truth worked out."""

import numpy as np
import polars as pl
import pytest
from sample_shop.truth import SampleWorld

from contest.world import Moment, Planted
from segpredict.core.window import day_number
from segpredict.data.sample import sample
from segpredict.data.sample.known_future import KnownFuture
from segpredict.data.sample.order_lines import FIRST_ID

START, CUTOFF, HORIZON = "2022-01-03", 637, 91


def test_plays_of_the_days_ahead_are_silent_as_often_as_the_formula_says() -> None:
    drawn = sample.draw_truth(400, 0, 728, START)
    first = day_number(START)
    borders = tuple(((float("inf"), 1),) for _ in range(HORIZON))
    past, known = drawn.past_at(CUTOFF)
    own = known < 400
    customers = (known[own] + FIRST_ID).astype(str)
    moment = Moment(CUTOFF + first, 0, HORIZON, borders, 2)
    world = SampleWorld(KnownFuture(drawn, first))
    found = world.probabilities(Planted(728, pl.DataFrame()), customers, moment, 300, 0)
    exact = past.probability_of_silence()[own]
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert np.abs(found[:, 0] - exact).max() < 0.12  # four standard errors of 300 plays
    assert found[:, 0].mean() == pytest.approx(exact.mean(), abs=0.005)
