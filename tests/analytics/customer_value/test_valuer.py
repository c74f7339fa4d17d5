"""What a run keeps to value customers, and what scoring makes of it."""

import json

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.customer_value import (
    CLV_COLUMNS,
    PurchaseModel,
    SpendSeasonality,
    ValueModel,
    value_by_segment,
    value_periods,
)
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


def valuer(**change):
    given = {
        "values": (0.0, 100.0),
        "moves": ((0.8, 0.2), (0.4, 0.6)),
        "season": SpendSeasonality(91),
        "buying": CDNOW,
        "horizon": 91,
        "gap": 0,
        "discount": 0.1,
    }
    return ValueModel(**(given | change))


def test_the_next_window_by_the_chain_is_expected_spend_discounted():
    told = valuer().columns(ROWS, CHANCES, 500)
    once = 1.1 ** (-91 / 365)
    assert told["clv_next_markov"].to_list() == pytest.approx([50 * once, 10 * once])


def test_a_year_by_the_chain_by_hand():
    # μ, Pμ, P²μ, P³μ are (0, 100), (20, 60), (28, 44), (31.2, 37.6).
    told = valuer(discount=0.0).columns(ROWS, np.eye(2), 500)
    assert told["clv_year_markov"].to_list() == pytest.approx([79.2, 241.6])


def test_bgnbd_stands_beside_it_on_the_same_windows():
    told = valuer().columns(ROWS, CHANCES, 500)
    expected = CDNOW.expected_value(ROWS, value_periods(91, 0, DAYS_PER_YEAR, 0.1))
    assert told["clv_year_bgnbd"].to_numpy() == pytest.approx(expected)


def test_without_the_history_or_the_model_only_the_chain_speaks():
    for told in (
        valuer(buying=None).columns(ROWS, CHANCES, 500),
        valuer().columns(ROWS.drop("x_days"), CHANCES, 500),
    ):
        assert told["clv_next_bgnbd"].null_count() == 2
        assert told["clv_year_markov"].null_count() == 0


def test_a_proven_season_moves_values_where_it_falls():
    seasonal = valuer(season=SpendSeasonality(91, SEEN))
    assert seasonal.segment_values_at(364) == (0.0, 120.0)
    assert seasonal.segment_values_at(364 + 182) == (0.0, 100.0)
    high, low = (seasonal.columns(ROWS, CHANCES, day) for day in (364, 546))
    ratio = high["clv_next_markov"] / low["clv_next_markov"]
    assert ratio.to_list() == pytest.approx([1.2, 1.2])


def test_spend_without_a_mean_is_missing_and_not_infinite():
    heavy = PurchaseModel(CDNOW.order_model, GammaGamma(6.25, 0.9, 15.44))
    told = valuer(buying=heavy).columns(
        ROWS.with_columns(spend_364=pl.Series([66.0, 0.0])), CHANCES, 500
    )
    assert told["clv_year_bgnbd"].is_null().to_list() == [False, True]


@pytest.mark.parametrize("buying", [CDNOW, None])
def test_it_survives_being_kept_as_json(buying):
    given = valuer(buying=buying, season=SpendSeasonality(91, SEEN, "proven"))
    kept = ValueModel.from_state(json.loads(json.dumps(given.state())))
    assert kept == given
    assert kept.clv_columns(ROWS, CHANCES, 364).equals(given.columns(ROWS, CHANCES, 364))


def test_nobody_is_valued_without_complaint():
    assert valuer().columns(ROWS[:0], CHANCES[:0], 500).shape == (0, 4)


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
