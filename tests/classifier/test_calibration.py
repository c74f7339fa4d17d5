import json

import numpy as np
import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segpredict.classifier import metrics
from segpredict.classifier.decisions.calibration import (
    Calibration,
    fit_isotonic,
    fit_temperature,
    fit_vector_scaling,
    select_calibration,
)

FITS = (fit_temperature, fit_vector_scaling, fit_isotonic)


@pytest.mark.parametrize("seed", range(5))
def test_a_calibrated_world_is_left_alone(seed):
    assert select_calibration(worlds.backtests(seed), "m").kind == "none"


@pytest.mark.parametrize("seed", range(3))
def test_an_over_confident_world_is_mended_and_better_on_days_never_seen(seed):
    found = select_calibration(worlds.backtests(seed, sharpen=2.0), "m")
    later = worlds.backtest(999, np.random.default_rng(seed + 50), sharpen=2.0)
    result = later.probabilities["m"]
    assert found.kind != "none"
    assert found.loss_reduction > found.loss_reduction_se > 0
    after = metrics.log_loss(found.apply(result), later.labels)
    assert after < metrics.log_loss(result, later.labels) - 0.05


def test_the_temperature_of_a_planted_sharpness_is_found():
    one = worlds.backtest(0, np.random.default_rng(4), rows=20_000, sharpen=2.0)
    assert fit_temperature(one.probabilities["m"], one.labels).scale[0] == pytest.approx(
        0.5, abs=0.02
    )


def test_one_rehearsal_proves_nothing():
    assert select_calibration(worlds.backtests(0, sharpen=3.0)[:1], "m").kind == "none"


def test_a_map_that_only_served_the_past_is_not_taken():
    *old, _ = worlds.backtests(1, sharpen=2.0)
    newest = worlds.backtest(56, np.random.default_rng(9))
    assert select_calibration((*old, newest), "m").kind == "none"


@pytest.mark.parametrize("fit", FITS)
def test_a_calibration_survives_json_to_the_bit(fit):
    one = worlds.backtest(0, np.random.default_rng(2), rows=500, sharpen=2.0)
    result = one.probabilities["m"]
    found = fit(result, one.labels)
    again = Calibration.from_state(json.loads(json.dumps(found.to_state())))
    assert np.array_equal(again.apply(result), found.apply(result))


@given(
    arrays(np.float64, (7, 3), elements=st.floats(0.0, 1.0)).filter(
        lambda rows: (rows.sum(axis=1) > 0).all()
    ),
    st.sampled_from(FITS),
)
def test_mended_rows_add_up_to_one_and_stand_alone(rows, fit):
    result = rows / rows.sum(axis=1, keepdims=True)
    one = worlds.backtest(0, np.random.default_rng(2), rows=200, sharpen=2.0)
    found = fit(one.probabilities["m"], one.labels)
    after = found.apply(result)
    assert np.allclose(after.sum(axis=1), 1)
    assert (after >= 0).all()
    alone = np.concatenate([found.apply(row[None]) for row in result])
    assert np.array_equal(alone, after)
