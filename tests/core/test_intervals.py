"""Intervals of a share against published figures."""

import numpy as np
import polars as pl
import pytest

from segpredict.core.intervals import jeffreys_interval, wilson_interval


def test_wilsons_interval_of_8_in_10():
    low, high = wilson_interval(pl.lit(8), pl.lit(10))
    found = pl.select(low.alias("low"), high.alias("high")).row(0)
    assert found == pytest.approx((0.4902, 0.9433), abs=5e-5)


def test_jeffreys_interval_ends_at_0_and_1_where_nobody_or_everybody_is_counted():
    low, high = jeffreys_interval(np.array([0.0, 10.0, 0.0]), np.array([10.0, 10.0, 0.0]))
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.isnan([low[2], high[2]]).all()
