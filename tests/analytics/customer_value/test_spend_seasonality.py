"""The season that segments do not tell: carried on as far as it is more than chance."""

import json

import numpy as np
import pytest

from segpredict.analytics.customer_value.spend_model import SpendSeasonality, fit_seasonality


def season(spent, error, *more):
    return SpendSeasonality(91, ((0, spent, 100.0, error), *more))


def test_a_certain_season_is_carried_on_whole():
    assert season(130.0, 0.0).factor_at(364) == pytest.approx(1.3)
    assert season(80.0, 0.0).factor_at(364) == pytest.approx(0.8)


def test_an_uncertain_one_is_shrunk_and_chance_is_nothing():
    assert season(130.0, 15.0).factor_at(364) == pytest.approx(1 + 0.3 * 0.75)
    assert season(130.0, 30.5).factor_at(364) == 1
    assert season(100.0, 0.0).factor_at(364) == 1


def test_only_the_same_season_of_earlier_years_counts():
    found = season(130.0, 0.0)
    assert [found.factor_at(day) for day in (0, 182, 300, 546)] == [1, 1, 1, 1]
    assert found.factor_at(728) == found.factor_at(364) == pytest.approx(1.3)
    both = season(130.0, 0.0, (364, 110.0, 100.0, 0.0))
    assert both.factor_at(728) == pytest.approx(1.2)


def test_nothing_expected_is_no_season():
    assert SpendSeasonality(91, ((0, 0.0, 0.0, 0.0),)).factor_at(364) == 1
    assert SpendSeasonality(91).factor_at(364) == 1


def test_origins_are_summed_over_customers():
    cutoffs = np.array([0, 0, 28])
    found = fit_seasonality(91, cutoffs, np.array([13.0, 6.0, 5.0]), np.array([10.0, 10.0, 5.0]))
    assert found.origins == ((0, 19.0, 20.0, 5.0), (28, 5.0, 5.0, 0.0))


def test_it_survives_being_kept_as_json():
    found = season(130.0, 15.0)
    assert SpendSeasonality.from_state(json.loads(json.dumps(found.to_state()))) == found
