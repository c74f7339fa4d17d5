"""What a run keeps to value customers, and what scoring makes of it."""

import json

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.customer_value.expected_total import VALUE_COLUMNS, value_by_segment
from segpredict.analytics.customer_value.spend_interval import SpendInterval
from segpredict.analytics.customer_value.spend_model import SpendModel, SpendSeasonality
from segpredict.analytics.customer_value.value_model import (
    FORECAST_COLUMNS,
    PurchaseModel,
    ValueModel,
    value_periods,
)
from segpredict.classifier.models.btyd import BgNbd, GammaGamma
from segpredict.core.segment import Segment
from segpredict.core.window import DAYS_PER_YEAR

CDNOW = PurchaseModel(BgNbd(0.243, 4.414 * 7, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))
SPEND = SpendModel(((), ()), ((1.0,), (0.25,)), ((0.0,), (5.0,)), ((0.0,), (0.5,)))
ROWS = pl.DataFrame(
    {
        "customer_id": ["a", "b"],
        "base_value": [40.0, 10.0],
        "x_days": [2.0, 0.0],
        "t_x_days": [213.0, 0.0],
        "age_days": [272.0, 272.0],
        "freq_days_364": [3.0, 1.0],
        "spend_364": [66.0, 20.0],
    }
)
CHANCES = np.array([[0.5, 0.5], [0.9, 0.1]])


def value_model(**change):
    given = {
        "spend_model": SPEND,
        "seasonality": SpendSeasonality(91),
        "interval": SpendInterval((20.0,), (0.0, 0.5), (4.0, 2.0)),
        "purchase_model": CDNOW,
        "horizon": 91,
        "gap": 0,
        "discount_rate": 0.1,
    }
    return ValueModel(**(given | change))


def test_the_next_window_by_hand():
    found = value_model().value_columns(ROWS, CHANCES, 500)
    assert found.columns == list(FORECAST_COLUMNS)
    shown = found.select("base_value", "value_at_risk", "upside", "expected_value")
    assert shown.row(0) == (40, 25, 12.5, 27.5)
    assert shown.row(1) == pytest.approx((10, 9.25, 1, 1.75))
    # 27.5 is in the second band, 1.75 in the first.
    assert found["expected_value_low"].to_list() == [13.75, 0]
    assert found["expected_value_high"].to_list() == [55, 7]


def test_a_season_moves_values_where_it_falls():
    seen = SpendSeasonality(91, ((0, 200.0, 100.0, 0.0),))  # twice the usual spend
    given = value_model(seasonality=seen)
    plain = value_model().value_columns(ROWS, CHANCES, 546)
    assert given.value_columns(ROWS, CHANCES, 546).equals(plain)
    # Twice what is kept, 15 of 40, and twice the upside of 12.5.
    found = given.value_columns(ROWS, CHANCES, 364)
    assert found.select("value_at_risk", "upside", "expected_value").row(0) == (10, 25, 55)


def test_a_horizon_of_two_years_counts_for_one_in_the_value_of_a_year():
    spend = value_model().spend_model
    model = ValueModel(spend, SpendSeasonality(728), None, None, 728, 0, 0.0)
    found = model.value_columns(ROWS, CHANCES, 0)
    assert found["clv_year"].to_list() == pytest.approx((found["expected_value"] / 2).to_list())


def test_a_year_is_the_next_window_and_later_ones_by_bgnbd():
    found = value_model().value_columns(ROWS, CHANCES, 500)
    first, *later = value_periods(91, 0, DAYS_PER_YEAR, 0.1)
    expected = found["expected_value"].to_numpy() * first.discount_factor
    expected = expected + CDNOW.expected_value(ROWS, later)
    assert found["clv_year"].to_numpy() == pytest.approx(expected)


def test_without_the_history_or_the_model_there_is_no_year():
    for result in (
        value_model(purchase_model=None).value_columns(ROWS, CHANCES, 500),
        value_model().value_columns(ROWS.drop("x_days"), CHANCES, 500),
    ):
        assert result["clv_year"].null_count() == 2
        assert result["expected_value"].null_count() == 0


def test_without_backtests_there_is_no_interval():
    found = value_model(interval=None).value_columns(ROWS, CHANCES, 500)
    assert found["expected_value_low"].null_count() == 2
    assert found["expected_value_high"].null_count() == 2


def test_spend_without_a_mean_is_missing_and_not_infinite():
    heavy = PurchaseModel(CDNOW.order_model, GammaGamma(6.25, 0.9, 15.44))
    result = value_model(purchase_model=heavy).value_columns(
        ROWS.with_columns(spend_364=pl.Series([66.0, 0.0])), CHANCES, 500
    )
    assert result["clv_year"].is_null().to_list() == [False, True]


@pytest.mark.parametrize("change", [{}, {"purchase_model": None}, {"interval": None}])
def test_it_survives_being_kept_as_json(change):
    given = value_model(**change)
    kept = ValueModel.from_state(json.loads(json.dumps(given.to_state())))
    assert kept == given
    assert kept.value_columns(ROWS, CHANCES, 500).equals(given.value_columns(ROWS, CHANCES, 500))


def test_nobody_is_valued_without_complaint():
    assert value_model().value_columns(ROWS[:0], CHANCES[:0], 500).shape == (0, 7)


def scores(segments, **change):
    rows = len(segments)
    plain = {name: [10.0] * rows for name in VALUE_COLUMNS}
    ids = {"segment_id": segments, "is_eligible": [True] * rows}
    return pl.DataFrame(ids | plain | change)


def test_segments_add_up():
    frame = scores(["S1"] * 5, value_at_risk=[1.0, 2.0, 3.0, 4.0, 5.0])
    inactive, core, everybody = value_by_segment(
        frame, (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    ).to_dicts()
    assert core["value_at_risk"] == 15
    assert core["expected_value"] == 50
    assert everybody["n"] == 5
    assert inactive["n"] == 0


def test_fewer_than_five_customers_are_only_counted():
    (row, _) = value_by_segment(scores(["S1"] * 4), (Segment(1, "S1", "Core"),)).to_dicts()
    assert row["n"] == 4
    assert row["value_at_risk"] is None


def test_who_has_no_forecast_is_in_no_sum():
    frame = scores(["S1"] * 6, is_eligible=[True] * 5 + [False])
    (row, _) = value_by_segment(frame, (Segment(1, "S1", "Core"),)).to_dicts()
    assert row["upside"] == 50
