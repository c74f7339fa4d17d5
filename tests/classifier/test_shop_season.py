import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from segpredict.classifier import load
from segpredict.classifier.models import blend, seasonality
from segpredict.classifier.models.seasonality import (
    INDEX_GRID,
    SeasonalIndex,
    estimate_seasonal_index,
    index_ahead,
    select_seasonal_index,
)
from segpredict.classifier.training_data import HistoryAtCutoff, TrainingData
from segpredict.core.window import DAYS_PER_YEAR
from segpredict.errors import ColumnMissingError

HORIZON, STEP, EACH = 91, 28, 600
FLAT, WAVE = 0.0, 0.6


def past(orders, cutoff=None):
    counts = np.asarray(orders, dtype=np.int64)
    day = len(counts) if cutoff is None else cutoff
    return HistoryAtCutoff(day, HORIZON, 0, pl.DataFrame(), None, daily_orders=counts)


def wave(days, size):
    """Return how busy days are beside an average one."""
    return 1 + size * np.sin(2 * np.pi * (np.asarray(days) % DAYS_PER_YEAR) / DAYS_PER_YEAR)


def shop(size, seed=3, error=1.0, shift=0, years=3):
    """Return training data of customers who buy with the season, and a forecast.

    The forecast knows everybody's rate, up to a factor `error` alike for all.
    """
    rng = np.random.default_rng(seed)
    end = years * DAYS_PER_YEAR
    frames = []
    for day in range(HORIZON, end - HORIZON + 1, STEP):
        busy = wave(np.arange(day, day + HORIZON) + shift, size).mean()
        rate = rng.gamma(2.0, 0.5, EACH)
        label = rng.random(EACH) > np.exp(-rate * busy)
        frames.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i}" for i in range(EACH)],
                    "cutoff": pl.Series([day] * EACH, dtype=pl.Int32),
                    "label": pl.Series(label.astype(int), dtype=pl.Int8),
                    "rate": rate,
                }
            )
        )
    known = past(rng.poisson(400 * wave(np.arange(end), size)))
    training_data = TrainingData(pl.concat(frames), ("rate",), 2, history=known)

    def forecast(rows, speed):
        silent = np.exp(-rows["rate"].to_numpy() * speed * error)
        return np.column_stack([silent, 1 - silent])

    return training_data, forecast


@given(
    st.lists(st.floats(0.1, 10), min_size=52, max_size=52),
    st.integers(-2000, 2000),
    st.integers(1, 400),
)
def test_a_whole_year_is_as_busy_as_a_year_and_years_are_alike(weeks, start, days):
    year = tuple((np.array(weeks) / np.mean(weeks)).tolist())
    found = SeasonalIndex(year, known_until=0)
    assert found.mean_index(start, DAYS_PER_YEAR) == pytest.approx(1.0)
    assert found.mean_index(start, days) == pytest.approx(
        found.mean_index(start + DAYS_PER_YEAR, days)
    )
    least, most = max(min(year), INDEX_GRID[0]), min(max(year), INDEX_GRID[-1])
    assert least - 1e-12 <= found.mean_index(start, days) <= most + 1e-12


def test_the_days_ahead_are_taken_to_be_like_those_a_year_before():
    orders = np.full(DAYS_PER_YEAR, 10)
    orders[:HORIZON] = 30
    found = estimate_seasonal_index(past(orders))
    mean = orders.mean()
    assert found.mean_index(DAYS_PER_YEAR, HORIZON) == pytest.approx(30 / mean)
    assert found.mean_index(DAYS_PER_YEAR + HORIZON, 7) == pytest.approx(10 / mean)


def test_before_a_year_is_over_there_is_no_season():
    assert estimate_seasonal_index(past(np.full(DAYS_PER_YEAR - 1, 5))) is None
    assert estimate_seasonal_index(past(np.zeros(2 * DAYS_PER_YEAR))) is None
    assert estimate_seasonal_index(past([])) is None


@given(st.integers(DAYS_PER_YEAR, 2 * DAYS_PER_YEAR), st.integers(0, 300))
def test_what_comes_after_a_day_changes_nothing_for_it(day, later):
    rng = np.random.default_rng(day)
    orders = rng.integers(0, 50, day + later)
    changed = orders.copy()
    changed[day:] = 999
    assert estimate_seasonal_index(past(orders), day) == estimate_seasonal_index(past(changed), day)
    assert estimate_seasonal_index(past(orders), day) == estimate_seasonal_index(past(orders[:day]))


def test_who_was_closed_last_year_is_not_taken_to_be_closed_again():
    orders = np.full(2 * DAYS_PER_YEAR, 10)
    orders[DAYS_PER_YEAR : DAYS_PER_YEAR + HORIZON] = 0
    assert (
        estimate_seasonal_index(past(orders)).mean_index(2 * DAYS_PER_YEAR, HORIZON)
        == INDEX_GRID[0]
    )
    orders[DAYS_PER_YEAR : DAYS_PER_YEAR + 7] = 100_000
    assert estimate_seasonal_index(past(orders)).mean_index(2 * DAYS_PER_YEAR, 7) == INDEX_GRID[-1]


@pytest.mark.parametrize("days", [371, 392, 420, 448, 504, 728])
def test_a_shop_that_was_only_getting_known_has_no_season(days):
    orders = np.full(days, 200)
    orders[:56] = np.linspace(4, 200, 56)
    speed = estimate_seasonal_index(past(orders)).mean_index(days + 56, HORIZON)
    assert speed == pytest.approx(1.0, abs=0.12)


def test_growth_is_no_season():
    days = np.arange(2 * DAYS_PER_YEAR)
    grows = estimate_seasonal_index(past(np.round(1000 * np.exp(days / DAYS_PER_YEAR))))
    speeds = [
        grows.mean_index(2 * DAYS_PER_YEAR + start, HORIZON)
        for start in range(0, DAYS_PER_YEAR, 28)
    ]
    assert speeds == pytest.approx([1.0] * len(speeds), abs=0.01)


def test_a_season_that_customers_follow_is_proven():
    found, result = select_seasonal_index(*shop(WAVE))
    assert found is not None
    assert result.startswith("The season helps at 13 origins before ")
    assert "to BG/NBD a day of the forecast counts for" in result


def test_without_a_season_it_stays_out_as_often_as_one_error_promises():
    found = [select_seasonal_index(*shop(FLAT, seed=seed))[0] for seed in range(8)]
    assert sum(each is not None for each in found) <= 3


def test_what_is_wrong_all_year_round_proves_no_season():
    # Rates are believed to be twice as high as they are: any slower clock would help.
    found = [select_seasonal_index(*shop(FLAT, seed=s, error=2.0))[0] for s in range(8)]
    assert sum(each is not None for each in found) <= 3
    assert select_seasonal_index(*shop(WAVE, error=2.0))[0] is not None


def test_a_season_that_customers_do_not_follow_is_refused():
    training_data, forecast = shop(WAVE, shift=DAYS_PER_YEAR // 2)  # orders and customers at odds
    found, result = select_seasonal_index(training_data, forecast)
    assert found is None
    assert result.startswith("Last year's season does not help at 13 origins")


def test_with_less_than_two_years_nothing_can_be_proven():
    found, result = select_seasonal_index(*shop(WAVE, years=1))
    assert found is None
    assert "too few origins before have a whole year behind them" in result


@pytest.mark.parametrize("step", [7, 14, 28, 91])
def test_whatever_the_step_a_year_of_origins_is_asked(step):
    found = seasonality._year(list(range(0, 1500, step)))
    assert len(found) in {4, 13}
    assert DAYS_PER_YEAR - found[-1] + found[0] <= DAYS_PER_YEAR / len(found) + step
    assert found[-1] - found[0] < DAYS_PER_YEAR


def test_the_proof_of_an_older_day_looks_at_nothing_newer():
    training_data, _ = shop(WAVE)
    days = [DAYS_PER_YEAR + HORIZON, 2 * DAYS_PER_YEAR]
    before = index_ahead(training_data.history, days)
    busier = training_data.history.daily_orders.copy()
    busier[2 * DAYS_PER_YEAR :] *= 7
    assert index_ahead(replace(training_data.history, daily_orders=busier), days) == before
    assert DAYS_PER_YEAR - 1 not in index_ahead(training_data.history, [DAYS_PER_YEAR - 1])


@pytest.fixture(scope="module")
def seasonal(small):
    """The blend with a season in which the next weeks are three times as busy."""
    training_data = small.training_data()
    model = blend.fit(training_data)
    day = int(training_data.rows["cutoff"].max())
    year = (3.0,) * 4 + (0.5,) * 48
    year = tuple((np.array(year) / np.mean(year)).tolist())
    return replace(
        model, purchase_model=replace(model.purchase_model, seasonal_index=SeasonalIndex(year, day))
    )


def test_each_row_is_foretold_from_its_own_day(small, seasonal):
    rows = small.training_data().rows
    purchase_model = seasonal.purchase_model
    result = purchase_model.predict_proba(rows)
    plain = replace(purchase_model, seasonal_index=None)
    for day in rows["cutoff"].unique().to_list():
        here = (rows["cutoff"] == day).to_numpy()
        speed = purchase_model.seasonal_index.mean_index(
            day + purchase_model.gap, purchase_model.horizon
        )
        expected = replace(plain, index_ahead=speed).predict_proba(rows.filter(pl.Series(here)))
        assert np.array_equal(result[here], expected)


def test_a_year_in_which_nothing_was_sold_gives_chances_still(small, seasonal):
    rows = small.training_data().rows[:50]
    closed = SeasonalIndex((0.0,) * 51 + (52.0,), known_until=int(rows["cutoff"][0]))
    result = replace(seasonal.purchase_model, seasonal_index=closed).predict_proba(rows)
    assert np.isfinite(result).all()
    assert result.sum(axis=1) == pytest.approx(1.0)


def test_a_row_must_say_from_which_day_it_is_foretold(small, seasonal):
    rows = small.training_data().rows.drop("cutoff")
    with pytest.raises(ColumnMissingError, match="cutoff"):
        seasonal.purchase_model.predict_proba(rows)


def test_trees_that_stand_alone_are_not_said_to_count_on_a_season(small, monkeypatch):
    monkeypatch.setattr(seasonality, "select_seasonal_index", lambda *_: (None, "The season helps"))
    assert "The season helps" in blend.fit(small.training_data()).note
    monkeypatch.setattr(blend, "_trees_beat_blend", lambda *_: True)
    assert "season helps" not in blend.fit(small.training_data()).note


def test_busier_days_ahead_leave_fewer_customers_silent(small, seasonal):
    last = small.training_data().rows["cutoff"].max()
    rows = small.training_data().rows.filter(pl.col("cutoff") == last)
    plain = replace(seasonal.purchase_model, seasonal_index=None)
    assert (seasonal.purchase_model.predict_proba(rows) < plain.predict_proba(rows))[:, 0].all()


def test_a_model_with_a_season_reloads_equal(small, seasonal):
    rows = small.training_data().rows
    again = load(json.loads(json.dumps(seasonal.to_state(), allow_nan=False)))
    assert np.array_equal(again.predict_proba(rows), seasonal.predict_proba(rows))


def test_the_orders_of_a_day_are_those_known_at_the_cutoff(small):
    found = small.training_data().history
    known = small.transactions.known_at(found.cutoff).filter("is_order_head").collect()
    counts = known.group_by("day").len()
    first = small.transactions.first_day
    expected = np.zeros(found.cutoff - first, dtype=np.int64)
    expected[counts["day"].to_numpy() - first] = counts["len"].to_numpy()
    assert np.array_equal(found.daily_orders, expected)


def test_chances_between_known_speeds_are_near_the_true_ones():
    rate = np.linspace(0.1, 3, 50)

    def told(speed):
        return np.where(rate < 1, rate * speed, -np.log(-np.expm1(-rate * speed)))

    curves = CubicSpline(np.log(INDEX_GRID), np.array([told(each) for each in INDEX_GRID]))
    for speed in (0.4, 0.9, 1.7, 2.5):
        drawn = seasonality._losses_at(curves, np.full(50, np.log(speed)))
        assert drawn == pytest.approx(told(speed), abs=2e-3)
