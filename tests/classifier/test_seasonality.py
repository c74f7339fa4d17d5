"""The seasonal index finds a planted season, and no season in growth or in ageing."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.classifier import load
from segpredict.classifier.models import ensemble, pool
from segpredict.classifier.models.btyd import fit_bgnbd
from segpredict.classifier.models.seasonality import (
    MAX_INDEX,
    MIN_INDEX,
    SeasonalIndex,
    expected_returns,
    seasonal_index_at,
    seasonal_indices,
)
from segpredict.classifier.training_data import HistoryAtCutoff
from segpredict.core.window import DAYS_PER_YEAR
from segpredict.errors import ColumnMissingError

HORIZON, YEARS = 91, 3
END = YEARS * DAYS_PER_YEAR
FLAT, WAVE = 0.0, 0.6


def wave(days, size):
    """Return how busy days are, relative to an average day."""
    return 1 + size * np.sin(2 * np.pi * (np.asarray(days) % DAYS_PER_YEAR) / DAYS_PER_YEAR)


def simulate(first_days, size, seed=3):
    """Return the history of customers who buy as in BG/NBD, with a season of this size.

    One customer begins on each of the first days; everybody buys about every 20 days until
    dropping out, which one in seven does after a purchase.
    """
    rng = np.random.default_rng(seed)
    day = np.asarray(first_days, dtype=np.float64)
    rate = rng.gamma(2.0, 1 / 40.0, len(day)) * (1 + size)
    drop_out = rng.beta(1.0, 6.0, len(day))
    active, bought = np.ones(len(day), bool), [np.column_stack([np.arange(len(day)), day])]
    while active.any():
        day = day + rng.exponential(1 / rate)
        active &= day < END
        # Thinning: a candidate day is one of purchase as often as it is busy.
        buys = active & (rng.random(len(day)) < wave(day, size) / (1 + size))
        bought.append(np.column_stack([np.flatnonzero(buys), day[buys]]))
        active &= ~(buys & (rng.random(len(day)) < drop_out))
    table = pl.DataFrame(np.concatenate(bought).astype(np.int64), schema=["id", "day"]).unique()
    begun = table.group_by("id").agg(
        x_days=pl.len() - 1.0,
        t_x_days=pl.col("day").max() - pl.col("day").min() + 0.0,
        age_days=END - pl.col("day").min() + 0.0,
        first=pl.col("day").min(),
    )
    returns = np.bincount(table["day"], minlength=END) - np.bincount(begun["first"], minlength=END)
    histories = begun.sort("id").select("x_days", "t_x_days", "age_days")
    return HistoryAtCutoff(END, HORIZON, 0, histories, None, max_history=END, daily_returns=returns)


def indices_of(history, days=(END,)):
    """Return the index of each quarter of the year before each of these days."""
    model = fit_bgnbd(*history.customer_histories.to_numpy().T)
    found = seasonal_indices(model, history, days)
    return {
        day: [index.mean_index(day + start, HORIZON) for start in range(0, DAYS_PER_YEAR, HORIZON)]
        for day, index in found.items()
    }


def evenly(customers, until=END):
    return np.linspace(0, until - 1, customers).astype(int)


def test_a_planted_season_is_found():
    found = indices_of(simulate(evenly(4000), WAVE))[END]
    quarters = wave(np.arange(DAYS_PER_YEAR), WAVE).reshape(4, -1).mean(axis=1)
    # A quiet last quarter is read as drop-out in part: its index lies above the truth.
    assert found == pytest.approx(quarters.tolist(), abs=0.15)


def test_the_season_of_an_earlier_year_is_found_as_well():
    days = [2 * DAYS_PER_YEAR, 2 * DAYS_PER_YEAR + HORIZON]
    found = indices_of(simulate(evenly(4000), WAVE), days)
    quarters = wave(np.arange(DAYS_PER_YEAR), WAVE).reshape(4, -1).mean(axis=1)
    assert found[days[0]] == pytest.approx(quarters.tolist(), abs=0.15)
    assert found[days[1]] == pytest.approx(np.roll(quarters, -1).tolist(), abs=0.15)


def test_growth_is_no_season():
    # Ten times as many customers begin at the end as at the beginning.
    first_days = END * np.log(1 + 9 * np.linspace(0, 0.999, 4000)) / np.log(10)
    growing = simulate(np.sort(END - first_days)[::-1].astype(int).clip(0, END - 1)[::-1], FLAT)
    assert indices_of(growing)[END] == pytest.approx([1.0] * 4, abs=0.12)


def test_a_cohort_that_ages_is_no_season():
    # Everybody began in the first two months; most have dropped out since.
    found = indices_of(simulate(evenly(6000, until=60), FLAT), [2 * DAYS_PER_YEAR])
    assert found[2 * DAYS_PER_YEAR] == pytest.approx([1.0] * 4, abs=0.12)


def test_expected_returns_add_up_to_about_those_that_happened():
    history = simulate(evenly(3000), FLAT)
    model = fit_bgnbd(*history.customer_histories.to_numpy().T)
    expected = expected_returns(model, history)
    assert len(expected) == END
    assert expected.sum() == pytest.approx(history.daily_returns.sum(), rel=0.1)


def test_before_a_year_is_over_there_is_no_season():
    year = np.full(DAYS_PER_YEAR, 5.0)
    assert seasonal_index_at(year, year, DAYS_PER_YEAR, DAYS_PER_YEAR) is not None
    assert seasonal_index_at(year[1:], year[1:], DAYS_PER_YEAR, DAYS_PER_YEAR) is None
    assert seasonal_index_at(0 * year, year, DAYS_PER_YEAR, DAYS_PER_YEAR) is None


def test_a_year_that_customers_histories_do_not_reach_has_no_index():
    history = replace(simulate(evenly(500), WAVE), max_history=DAYS_PER_YEAR + 10)
    assert set(indices_of(history, [END - 11, END - 10, END])) == {END - 10, END}


@given(st.integers(DAYS_PER_YEAR, 2 * DAYS_PER_YEAR), st.integers(0, 300))
def test_what_was_bought_after_a_day_does_not_change_its_index(day, later):
    rng = np.random.default_rng(day)
    bought, usual = rng.integers(1, 50, (2, day + later)).astype(np.float64)
    changed = bought.copy()
    changed[day:] = 999
    found = seasonal_index_at(bought, usual, day, day + later)
    assert found == seasonal_index_at(changed, usual, day, day + later)
    assert found == seasonal_index_at(bought[:day], usual[:day], day, day)


@given(
    st.lists(st.floats(0.1, 10), min_size=52, max_size=52),
    st.integers(-2000, 2000),
    st.integers(1, 400),
)
def test_a_whole_year_is_as_busy_as_a_year_and_years_are_alike(weeks, start, days):
    found = SeasonalIndex(tuple(weeks), (1.0,) * 52, known_until=0)
    assert found.mean_index(start, DAYS_PER_YEAR) == pytest.approx(1.0)
    index = found.mean_index(start, days)
    assert index == pytest.approx(found.mean_index(start + DAYS_PER_YEAR, days))
    assert MIN_INDEX <= index <= MAX_INDEX


def test_a_shop_that_was_closed_last_year_is_not_taken_to_be_closed_again():
    weeks = (0.0,) * 26 + (200.0,) + (10.0,) * 25
    found = SeasonalIndex(weeks, (10.0,) * 52, known_until=0)
    assert found.mean_index(0, HORIZON) == MIN_INDEX
    assert found.mean_index(26 * 7, 7) == MAX_INDEX


@pytest.fixture(scope="module")
def data(small):
    return small.training_data()


@pytest.fixture(scope="module")
def seasonal(data):
    """The ensemble with a season in which the next weeks are busy."""
    model = ensemble.fit(data)
    year = (30.0,) * 4 + (5.0,) * 48
    index = SeasonalIndex(year, (10.0,) * 52, int(data.rows["cutoff"].max()))
    bought = replace(model.pool.purchase_model, seasonal_index=index)
    return replace(model, pool=replace(model.pool, purchase_model=bought))


def test_each_row_is_forecast_from_its_own_day(data, seasonal):
    rows, bought = data.rows, seasonal.pool.purchase_model
    result = bought.predict_proba(rows)
    plain = replace(bought, seasonal_index=None)
    for day in rows["cutoff"].unique().to_list():
        here = (rows["cutoff"] == day).to_numpy()
        busy = bought.seasonal_index.mean_index(day + bought.gap, bought.horizon)
        expected = replace(plain, index_ahead=busy).predict_proba(rows.filter(pl.Series(here)))
        assert np.array_equal(result[here], expected)


def test_a_row_must_say_from_which_day_it_is_forecast(data, seasonal):
    with pytest.raises(ColumnMissingError, match="cutoff"):
        seasonal.predict_proba(data.rows.drop("cutoff"))


def test_busier_days_ahead_leave_fewer_customers_inactive(data, seasonal):
    rows = data.rows.filter(pl.col("cutoff") == pl.col("cutoff").max())
    bought = seasonal.pool.purchase_model
    plain = replace(bought, seasonal_index=None)
    assert (bought.predict_proba(rows) < plain.predict_proba(rows))[:, 0].all()


def test_a_model_with_a_season_comes_back_equal(data, seasonal):
    again = load(json.loads(json.dumps(seasonal.to_state(), allow_nan=False)))
    assert np.array_equal(again.predict_proba(data.rows), seasonal.predict_proba(data.rows))


@pytest.mark.parametrize("follows", [True, False])
def test_a_season_is_used_only_where_earlier_outcomes_follow_it(data, monkeypatch, follows):
    """Outcomes drawn from BG/NBD in a season, and the season told is that one or its opposite."""
    plain = pool.bgnbd_gg.fit(data)
    rng = np.random.default_rng(3)
    cutoffs = data.rows["cutoff"].to_numpy()
    days = np.unique(cutoffs).tolist()
    busy = {day: 2.5 if place % 2 else 0.4 for place, day in enumerate(days)}
    labels = np.zeros(len(cutoffs), dtype=np.int64)
    told = {}
    for day in days:
        here = np.flatnonzero(cutoffs == day)
        given_rows = replace(plain, index_ahead=busy[day]).predict_proba(data.rows[here])
        draws = rng.random((len(here), 1))
        labels[here] = (given_rows.cumsum(axis=1)[:, :-1] < draws).sum(axis=1)
        index = busy[day] if follows else 1 / busy[day]
        told[day] = SeasonalIndex((index,) * 4 + (1.0,) * 48, (1.0,) * 52, day)
    told[data.history.cutoff] = SeasonalIndex((1.0,) * 52, (1.0,) * 52, data.history.cutoff)
    monkeypatch.setattr(pool.seasonality, "seasonal_indices", lambda *_: dict(told))
    rows = data.rows.with_columns(label=pl.Series(labels, dtype=pl.Int8))
    fitted = pool.fit(replace(data, rows=rows))
    found, note = fitted.pool, fitted.note
    assert (found.purchase_model.seasonal_index is not None) == follows
    start = "The season helps at" if follows else "Last year's season does not help at"
    assert note.startswith(f"{start} {len(days)} origins before ")


def test_without_an_origin_that_has_a_year_behind_it_no_season_is_used(data, monkeypatch):
    busy = SeasonalIndex((2.0,) * 26 + (0.5,) * 26, (1.0,) * 52, data.history.cutoff)
    monkeypatch.setattr(
        pool.seasonality, "seasonal_indices", lambda *_: {data.history.cutoff: busy}
    )
    fitted = pool.fit(data)
    found, note = fitted.pool, fitted.note
    assert found.purchase_model.seasonal_index is None
    assert note.startswith("No season is known on ")


def test_a_season_seen_at_one_origin_explains_that_origin_and_is_not_forecast(data, monkeypatch):
    cutoffs = data.rows["cutoff"]
    only = cutoffs.max()
    index = (3.0,) * 4 + (1.0,) * 48
    busy = {day: SeasonalIndex(index, (1.0,) * 52, day) for day in (only, data.history.cutoff)}
    monkeypatch.setattr(pool.seasonality, "seasonal_indices", lambda *_: dict(busy))
    here = (cutoffs == only).to_numpy()
    losses = iter([np.ones(here.sum()), np.zeros(here.sum())])  # without the season, and with it
    monkeypatch.setattr(pool, "_losses_at_best_level", lambda *_: next(losses))
    fitted = pool.fit(data)
    assert np.abs(fitted.season[here]).max() > 0.1
    assert not fitted.season[~here].any()
    assert fitted.pool.purchase_model.seasonal_index is None
    assert fitted.note.startswith("The season is not forecast: it helps at 1 origin before ")


def test_the_returns_of_a_day_are_those_known_at_the_cutoff(small, data):
    found = data.history
    known = small.transactions.known_at(found.cutoff).filter("is_order_head").collect()
    oldest = found.cutoff - found.max_history
    days = known.filter(pl.col("day") >= oldest).select("customer_id", "day").unique()
    first = days.group_by("customer_id").agg(pl.col("day").min())
    expected = np.zeros(found.cutoff - small.transactions.first_day, dtype=np.int64)
    np.add.at(expected, days["day"].to_numpy() - small.transactions.first_day, 1)
    np.add.at(expected, first["day"].to_numpy() - small.transactions.first_day, -1)
    assert np.array_equal(found.daily_returns, expected)
    assert found.daily_returns.sum() == found.customer_histories["x_days"].sum()
