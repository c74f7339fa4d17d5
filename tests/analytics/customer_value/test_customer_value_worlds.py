"""The whole way in worlds whose truth is known: what is claimed must come."""

import polars as pl
import pytest

from contest.contest import in_world
from segpredict.analytics import customer_value


def valued(name, customers, *settings):
    quick = ["classifier.bootstrap_draws=200", "segmentation.n_init=5", *settings]
    found, _ = in_world(name, customers, quick)
    made = customer_value.measure_customer_value(
        found.shop, found.segmentation, found.training, draws=200
    )
    return found, made


def whole(made, measure, **wanted):
    result = made.backtest_sums.filter((pl.col("part") == "all") & (pl.col("measure") == measure))
    for column, value in wanted.items():
        result = result.filter(pl.col(column) == value)
    return result


@pytest.mark.slow
def test_where_segments_are_a_chain_all_sums_are_right():
    found, made = valued("markov", 1_500, "classifier.baselines=['markov']")
    name = found.training.evaluation.selected
    for measure in ("value_at_risk", "upside", "expected_value"):
        result = whole(made, measure, model=name, window="pooled").row(0, named=True)
        assert result["ratio"] == pytest.approx(1, abs=0.06)


@pytest.mark.slow
def test_where_bgnbd_is_true_it_is_right_and_beats_plain_guesses():
    _, made = valued("or2_like", 3_000, "classifier.baselines=['markov']")
    spans = whole(made, "clv").filter(pl.col("model").is_in(["bgnbd", "forecast"]))
    assert spans["ratio"].to_list() == pytest.approx([1] * spans.height, abs=0.12)
    errors = made.backtest_errors.filter(
        (pl.col("method") == "bgnbd") & (pl.col("metric") == "rmse")
    )
    # The squared error is least for who knows the mean; the absolute one is not.
    assert errors.height == 6
    assert (errors["difference"] < 0).all()
