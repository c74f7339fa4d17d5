import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segpredict.classifier import BASELINES
from segpredict.classifier.models.baselines import bgnbd_gg
from segpredict.classifier.models.baselines._segment_borders import find_segment_borders
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma, fit
from segpredict.classifier.models.btyd import BgNbd, GammaGamma
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SegpredictError, SupportError, TooFewCustomersError

ORDERS, SPEND = BgNbd(0.9, 40.0, 0.5, 2.5), GammaGamma(4.0, 3.5, 60.0)


def asked(**columns):
    plain = {"x_days": 3, "t_x_days": 60, "age_days": 90}
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.Float64)
            for name, values in (
                {name: [value] for name, value in plain.items()}
                | {"freq_days_364": [4], "spend_364": [160.0]}
                | columns
            ).items()
        }
    )


def assigned(segmenter, days, spend):
    inputs = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(len(days))],
            "end": pl.Series([0] * len(days), dtype=pl.Int32),
            "days": pl.Series(days, dtype=pl.Int32),
            "spend": pl.Series(np.round(spend * MONEY_SCALE).astype(np.int64)),
        }
    )
    found = segmenter.assign(inputs)
    order = found["customer_id"].cast(pl.Int64).arg_sort()
    return found["segment"].gather(order).to_numpy()


def test_borders_assign_as_the_segmenter_does(small):
    rng = np.random.default_rng(0)
    table = find_segment_borders(small.segmentation, 28)
    days, spend = rng.integers(1, 29, 3000), np.exp(rng.uniform(0, 9, 3000))
    result = [
        next(segment for limit, segment in table[n - 1] if s <= limit)
        for n, s in zip(days, spend, strict=True)
    ]
    assert (np.array(result) == assigned(small.segmentation, days, spend)).mean() > 0.999


def test_the_closed_form_agrees_with_drawing_and_playing_on(small):
    """Draw rates from the prior, weigh by what was seen, resample, play, assign."""
    rng = np.random.default_rng(3)
    table = find_segment_borders(small.segmentation, 28)
    model = BgNbdGammaGamma(ORDERS, SPEND, 28, 0, table, 3)
    x, t_x, age, paid, mean = 3, 60.0, 90.0, 4, 40.0
    rate = rng.gamma(ORDERS.r, 1 / ORDERS.alpha, 400_000)
    leave = rng.beta(ORDERS.a, ORDERS.b, 400_000)
    here = (1 - leave) ** x * rate**x * np.exp(-rate * age)
    left = leave * (1 - leave) ** (x - 1) * rate**x * np.exp(-rate * t_x)
    weight = here + left
    picked = rng.choice(len(rate), 40_000, p=weight / weight.sum())
    alive = rng.random(40_000) < (here / weight)[picked]
    level = rng.gamma(SPEND.p * paid + SPEND.q, 1 / (SPEND.v + paid * mean), 40_000)
    days, spend = np.zeros(40_000, dtype=int), np.zeros(40_000)
    for i in np.flatnonzero(alive):
        now = rng.exponential(1 / rate[picked[i]])
        while now <= 28:
            days[i] += 1
            spend[i] += rng.gamma(SPEND.p, 1 / level[i])
            if rng.random() < leave[picked[i]]:
                break
            now += rng.exponential(1 / rate[picked[i]])
    segments = np.zeros(40_000, dtype=int)
    bought = np.flatnonzero(days)
    segments[bought] = assigned(small.segmentation, np.minimum(days[bought], 28), spend[bought])
    expected = np.bincount(segments, minlength=3) / 40_000
    assert model.predict_proba(asked())[0] == pytest.approx(expected, abs=0.012)


def test_silence_moves_customers_towards_inactive_and_spend_towards_value(small):
    model = BgNbdGammaGamma(ORDERS, SPEND, 28, 0, find_segment_borders(small.segmentation, 28), 3)
    silent = model.predict_proba(asked(t_x_days=[20], age_days=[200]))[0]
    usual = model.predict_proba(asked())[0]
    rich = model.predict_proba(asked(spend_364=[4000.0]))[0]
    assert silent[0] > usual[0]
    assert rich[2] > usual[2]


def test_who_only_returned_goods_gets_the_level_of_everybody(small):
    model = BgNbdGammaGamma(ORDERS, SPEND, 28, 0, find_segment_borders(small.segmentation, 28), 3)
    negative = model.predict_proba(asked(spend_364=[-50.0]))
    unseen = model.predict_proba(asked(freq_days_364=[0], spend_364=[0.0]))
    assert np.array_equal(negative, unseen)


def test_the_fit_uses_no_label_and_neither_ids_nor_order_of_customers(small):
    training_data = small.training_data()
    plain = fit(training_data).to_state()
    other = training_data.rows.with_columns(label=pl.lit(0, pl.Int8))
    assert fit(replace(training_data, rows=other)).to_state() == plain
    histories = training_data.history.customer_histories
    renamed = histories.sample(fraction=1, shuffle=True, seed=1).with_columns(
        customer_id=pl.int_range(pl.len()).cast(pl.String)
    )
    past = replace(training_data.history, customer_histories=renamed)
    assert fit(replace(training_data, history=past)).to_state() == plain


def test_its_state_holds_no_infinity(small):
    state = fit(small.training_data()).to_state()
    again = BASELINES.get("bgnbd_gg").from_state(json.loads(json.dumps(state)))
    assert again == fit(small.training_data())
    assert again.borders[0][-1][0] == np.inf


def test_a_lesson_without_histories_is_refused(small):
    with pytest.raises(SegpredictError, match="labelled rows only"):
        fit(replace(small.training_data(), history=None))


def test_a_shop_to_which_nobody_came_back_is_refused(small):
    training_data = small.training_data()
    once = training_data.history.customer_histories.with_columns(
        x_days=pl.lit(0.0), t_x_days=pl.lit(0.0)
    )
    with pytest.raises(TooFewCustomersError):
        fit(replace(training_data, history=replace(training_data.history, customer_histories=once)))


def test_customers_a_few_at_a_time_get_the_same_bits(small, monkeypatch):
    model, rows = fit(small.training_data()), small.training_data().rows
    whole = model.predict_proba(rows)
    monkeypatch.setattr(bgnbd_gg, "CUSTOMERS_PER_CHUNK", 7)
    assert np.array_equal(model.predict_proba(rows), whole)
    assert model.predict_proba(rows[:0]).shape == (0, 3)


def test_segments_by_more_than_days_and_spend_are_refused(small):
    class Wider:
        extra_inputs = ("recency",)
        is_by_purchases = False

    training_data = small.training_data()
    with pytest.raises(SupportError, match="recency too"):
        fit(replace(training_data, history=replace(training_data.history, segmentation=Wider())))
