"""What a run keeps to value customers, and what scoring makes of it."""

import json

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.customer_value import CLV_COLUMNS, ValueModel, value_by_segment
from segpredict.analytics.customer_value.bgnbd_value import PurchaseModel
from segpredict.analytics.customer_value.periods import value_periods
from segpredict.analytics.customer_value.seasonality import SpendSeasonality
from segpredict.classifier.models.btyd import BgNbd, GammaGamma
from segpredict.core.segment import Segment
from segpredict.core.window import DAYS_PER_YEAR

CDNOW = PurchaseModel(BgNbd(0.243, 4.414 * 7, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))
ROWS = pl.DataFrame(
    {
        "customer_id": ["a", "b"],
        "x_days": [2.0, 0.0],
        "t_x_days": [213.0, 0.0],
        "age_days": [272.0, 272.0],
        "freq_days_364": [3.0, 1.0],
        "spend_364": [66.0, 20.0],
    }
)
CHANCES = np.array([[0.5, 0.5], [0.9, 0.1]])
SEEN = ((0, 120.0, 100.0),)  # a season in which people spend a fifth more


def value_model(**change):
    given = {
        "segment_values": (0.0, 100.0),
        "transition_matrix": ((0.8, 0.2), (0.4, 0.6)),
        "seasonality": SpendSeasonality(91),
        "purchase_model": CDNOW,
        "horizon": 91,
        "gap": 0,
        "discount_rate": 0.1,
    }
    return ValueModel(**(given | change))


def test_the_next_window_by_the_chain_is_expected_spend_discounted():
    result = value_model().clv_columns(ROWS, CHANCES, 500)
    once = 1.1 ** (-91 / 365)
    assert result["clv_next_markov"].to_list() == pytest.approx([50 * once, 10 * once])


def test_a_year_by_the_chain_by_hand():
    # μ, Pμ, P²μ, P³μ are (0, 100), (20, 60), (28, 44), (31.2, 37.6).
    result = value_model(discount_rate=0.0).clv_columns(ROWS, np.eye(2), 500)
    assert result["clv_year_markov"].to_list() == pytest.approx([79.2, 241.6])


def test_bgnbd_stands_beside_it_on_the_same_windows():
    result = value_model().clv_columns(ROWS, CHANCES, 500)
    expected = CDNOW.expected_value(ROWS, value_periods(91, 0, DAYS_PER_YEAR, 0.1))
    assert result["clv_year_bgnbd"].to_numpy() == pytest.approx(expected)


def test_without_the_history_or_the_model_only_the_chain_speaks():
    for result in (
        value_model(purchase_model=None).clv_columns(ROWS, CHANCES, 500),
        value_model().clv_columns(ROWS.drop("x_days"), CHANCES, 500),
    ):
        assert result["clv_next_bgnbd"].null_count() == 2
        assert result["clv_year_markov"].null_count() == 0


def test_a_proven_season_moves_values_where_it_falls():
    seasonal = value_model(seasonality=SpendSeasonality(91, SEEN))
    assert seasonal.segment_values_at(364) == (0.0, 120.0)
    assert seasonal.segment_values_at(364 + 182) == (0.0, 100.0)
    high, low = (seasonal.clv_columns(ROWS, CHANCES, day) for day in (364, 546))
    ratio = high["clv_next_markov"] / low["clv_next_markov"]
    assert ratio.to_list() == pytest.approx([1.2, 1.2])


def test_spend_without_a_mean_is_missing_and_not_infinite():
    heavy = PurchaseModel(CDNOW.order_model, GammaGamma(6.25, 0.9, 15.44))
    result = value_model(purchase_model=heavy).clv_columns(
        ROWS.with_columns(spend_364=pl.Series([66.0, 0.0])), CHANCES, 500
    )
    assert result["clv_year_bgnbd"].is_null().to_list() == [False, True]


@pytest.mark.parametrize("buying", [CDNOW, None])
def test_it_survives_being_kept_as_json(buying):
    given = value_model(purchase_model=buying, seasonality=SpendSeasonality(91, SEEN, "proven"))
    kept = ValueModel.from_state(json.loads(json.dumps(given.to_state())))
    assert kept == given
    assert kept.clv_columns(ROWS, CHANCES, 364).equals(given.clv_columns(ROWS, CHANCES, 364))


def test_nobody_is_valued_without_complaint():
    assert value_model().clv_columns(ROWS[:0], CHANCES[:0], 500).shape == (0, 4)


def scores(segments, **change):
    rows = len(segments)
    amounts = ("value_at_risk", "upside", "expected_value", "spent_to_date", *CLV_COLUMNS)
    plain = {name: [10.0] * rows for name in amounts}
    ids = {"segment_id": segments, "is_eligible": [True] * rows}
    return pl.DataFrame(ids | plain | change)


def test_segments_add_up_and_say_where_the_methods_differ():
    frame = scores(
        ["S1"] * 5,
        value_at_risk=[1.0, 2.0, 3.0, 4.0, 5.0],
        clv_year_markov=[10.0, 10.0, 10.0, 10.0, 30.0],
        clv_year_bgnbd=[10.0, 20.0, 21.0, 4.0, 20.0],
    )
    inactive, core, everybody = value_by_segment(
        frame, (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    ).to_dicts()
    assert core["value_at_risk"] == 15
    # 21 and 4 are more than twice from 10; 20 is just twice.
    assert core["apart"] == 0.4
    assert everybody["n"] == 5
    assert inactive["n"] == 0


def test_fewer_than_five_customers_are_only_counted():
    (row, _) = value_by_segment(scores(["S1"] * 4), (Segment(1, "S1", "Core"),)).to_dicts()
    assert row["n"] == 4
    assert row["value_at_risk"] is None
    assert row["apart"] is None


def test_who_has_no_forecast_is_in_no_sum():
    frame = scores(["S1"] * 6, is_eligible=[True] * 5 + [False])
    (row, _) = value_by_segment(frame, (Segment(1, "S1", "Core"),)).to_dicts()
    assert row["upside"] == 50
