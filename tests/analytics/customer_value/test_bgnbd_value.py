"""BG/NBD with Gamma-Gamma: its closed form, and a world in which it is true."""

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad

from contest.worlds import named
from segpredict.analytics.customer_value.value_model import (
    PurchaseModel,
    fit_purchase_model,
    value_periods,
)
from segpredict.classifier.models.btyd import BgNbd, GammaGamma
from segpredict.core.window import as_date

HISTORIES = pl.DataFrame(
    {
        "x_days": [2.0, 0.0, 9.0],
        "t_x_days": [213.0, 0.0, 350.0],
        "age_days": [272.0, 272.0, 360.0],
        "freq_days_364": [3.0, 1.0, 10.0],
        "spend_364": [66.0, 20.0, 900.0],
    }
)
CDNOW = PurchaseModel(BgNbd(0.243, 4.414 * 7, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))


def test_without_discount_it_is_expected_days_times_expected_spend():
    x, t_x, age, days, spent = (c.to_numpy() for c in HISTORIES.get_columns())
    orders = CDNOW.order_model.expected_orders(x, t_x, age, 364)
    spend = CDNOW.spend_model.expected_spend(days, spent / days)
    found = CDNOW.expected_value(HISTORIES, value_periods(91, 0, 364))
    assert found == pytest.approx(orders * spend, rel=1e-12)


def test_windows_behind_a_gap_are_what_is_added_by_them():
    until = [CDNOW.expected_value(HISTORIES, value_periods(d, 0, d)) for d in (7, 98)]
    found = CDNOW.expected_value(HISTORIES, value_periods(91, 7, 91))
    assert found == pytest.approx(until[1] - until[0], rel=1e-9)


def test_the_discount_tends_to_that_of_the_day_as_windows_shrink():
    def pace(day):
        ahead = CDNOW.order_model.expected_orders(2.0, 213.0, 272.0, day + 0.5)
        return float((ahead - CDNOW.order_model.expected_orders(2.0, 213.0, 272.0, day - 0.5))[0])

    exact, _ = quad(lambda day: 1.1 ** (-day / 365) * pace(day), 0.5, 363.5)
    spend = CDNOW.spend_model.expected_spend(3.0, 22.0)[0]
    found = CDNOW.expected_value(HISTORIES[:1], value_periods(1, 0, 364, 0.1))[0]
    assert found == pytest.approx(exact * spend, rel=5e-3)


def test_who_only_returned_goods_is_taken_to_spend_as_everybody():
    returned = HISTORIES[:1].with_columns(spend_364=-5.0)
    orders = CDNOW.order_model.expected_orders(2.0, 213.0, 272.0, 91)
    mean = 6.25 * 15.44 / 2.74
    assert CDNOW.expected_value(returned, value_periods(91, 0, 91)) == pytest.approx(orders * mean)


def test_nobody_who_came_back_means_no_model():
    assert fit_purchase_model(HISTORIES.with_columns(x_days=0.0, t_x_days=0.0)) is None


def histories(lines, cutoff):
    day = pl.col("time").cast(pl.Date).cast(pl.Int32)
    past = lines.with_columns(day=day).filter(pl.col("day") < cutoff)
    recent = pl.col("day") >= cutoff - 364
    return past.group_by("customer_id").agg(
        x_days=pl.len() - 1.0,
        t_x_days=(pl.col("day").max() - pl.col("day").min()).cast(pl.Float64),
        age_days=(cutoff - pl.col("day").min()).cast(pl.Float64),
        freq_days_364=recent.sum().cast(pl.Float64),
        spend_364=pl.col("amount").filter(recent).sum(),
    )


@pytest.mark.parametrize("name", ["or2_like", "cdnow_like"])
def test_in_its_own_world_it_foretells_what_a_year_brings(name):
    planted = named(name).draw(30_000, 1)
    cutoff = planted.end_day - 364
    known = histories(planted.lines, cutoff).sort("customer_id")
    later = planted.lines.filter(pl.col("time") >= as_date(cutoff))
    actual = later.group_by("customer_id").agg(pl.col("amount").sum())
    joined = known.join(actual, on="customer_id", how="left", maintain_order="left")
    spent = joined["amount"].fill_null(0.0).to_numpy()
    model = fit_purchase_model(known)
    assert model is not None
    result = model.expected_value(known, value_periods(91, 0, 364))
    assert result.sum() == pytest.approx(spent.sum(), rel=0.05)
    deciles = np.array_split(np.argsort(-result), 10)
    for decile in deciles[:3]:
        assert result[decile].sum() == pytest.approx(spent[decile].sum(), rel=0.12)
