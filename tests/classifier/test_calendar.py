from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from segpredict.features.families.calendar import PART

from segpredict.classifier.models import calendar
from segpredict.classifier.training_data import HistoryAtCutoff, TrainingData
from segpredict.core.window import DAYS_PER_YEAR, Window, day_number

HORIZON, STEP, EACH = 91, 28, 250


def seasonal_data(season, origins=30, seed=3):
    """Return training data in which `season` says how much a day of the year matters."""
    rng = np.random.default_rng(seed)
    cutoff = origins * STEP + HORIZON
    frames = []
    for place in range(origins):
        day = place * STEP
        middle = day + HORIZON / 2
        angle = 2 * np.pi * (middle % DAYS_PER_YEAR) / DAYS_PER_YEAR
        driver = rng.normal(size=EACH)
        high = rng.random(EACH) < 1 / (1 + np.exp(-(driver + season * np.cos(angle))))
        frames.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i}" for i in range(EACH)],
                    "cutoff": pl.Series([day] * EACH, dtype=pl.Int32),
                    "label": pl.Series(high.astype(int), dtype=pl.Int8),
                    "driver": driver,
                    "season_ahead_april": [np.sin(angle)] * EACH,
                    "season_ahead_new_year": [np.cos(angle)] * EACH,
                }
            )
        )
    past = HistoryAtCutoff(cutoff, HORIZON, 0, pl.DataFrame(), None)
    return TrainingData(pl.concat(frames), ("driver",), 2, history=past)


def test_a_strong_season_that_older_forecasts_show_is_given():
    given, result = calendar.select_calendar_features(seasonal_data(season=2.0))
    assert given.feature_names == ("driver", "season_ahead_new_year", "season_ahead_april")
    assert "helps at 3 origins" in result


def test_without_a_season_the_columns_stay_out_as_often_as_one_error_promises():
    result = [
        calendar.select_calendar_features(seasonal_data(season=0.0, seed=seed))[1]
        for seed in range(8)
    ]
    given = sum("does not help" not in each for each in result)
    assert given <= 2  # one standard error lets one in six pass
    assert "does not help" in result[0]


def test_training_data_that_is_refused_stays_as_it_was():
    training_data = seasonal_data(season=0.0, seed=1)
    assert calendar.select_calendar_features(training_data)[0] is training_data


def test_a_season_never_seen_before_cannot_be_given():
    given, result = calendar.select_calendar_features(seasonal_data(season=2.0, origins=8))
    assert given.feature_names == ("driver",)
    assert result.startswith("No training outcome shows the season")


def test_a_season_seen_once_cannot_be_proven():
    given, result = calendar.select_calendar_features(seasonal_data(season=2.0, origins=13))
    assert given.feature_names == ("driver",)
    assert result.startswith("Too few origins")


def test_outcomes_that_settle_late_teach_no_earlier_forecast():
    training_data = seasonal_data(season=2.0)
    late = replace(training_data, history=replace(training_data.history, settlement=700))
    assert calendar.select_calendar_features(late)[0] is late


@pytest.mark.parametrize(
    ("middle", "new_year", "april"),
    [("2012-01-01", 1, 0), ("2011-04-02", 0, 1), ("2011-07-02", -1, 0)],
)
def test_the_columns_say_which_season_lies_ahead(middle, new_year, april):
    requested = Window(day_number(middle) - 7, gap=3, horizon=8)
    found = pl.select(**PART.derive(requested)).row(0, named=True)
    near = pytest.approx(new_year, abs=0.02), pytest.approx(april, abs=0.02)
    assert (found["season_ahead_new_year"], found["season_ahead_april"]) == near


def test_the_columns_come_back_after_a_year_of_whole_weeks():
    one, other = (pl.select(**PART.derive(Window(d))) for d in (15000, 15000 + DAYS_PER_YEAR))
    for name in calendar.CALENDAR_COLUMNS:
        assert one[name].item() == pytest.approx(other[name].item(), abs=0.03)
