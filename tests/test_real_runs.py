"""A real shop, cleaned, segmented and forecast, with the results that the method promises."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from segpredict import classifier
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date
from segpredict.pipeline import loading
from segpredict.pipeline.results import Prepared, Segmented

pytestmark = pytest.mark.real


def test_the_ledger_of_online_retail_ii_has_the_published_totals(real_segments: Path) -> None:
    shop = loading.load_transactions(open_run(real_segments))
    counts = {f"{e.stage} {e.rule}": e.count for e in shop.ledger.entries}
    assert shop.ledger.adds_up
    read = counts["in read"]
    assert (read.rows, read.orders, read.customers) == (1_067_371, 53_628, 5_942)
    assert read.money == round(19_287_250.568 * MONEY_SCALE)
    assert counts["excluded duplicates"].rows == 22_523
    # 243,007 rows without a customer, 7,720 of them among the doubles.
    assert counts["excluded no_customer"].rows == 235_287
    lines = shop.lines.collect()
    # As in method.md §2.1, which counted before refunds and dropped all doubles.
    assert lines["is_order_head"].sum() == 36_594
    assert lines.filter(~pl.col("is_return"))["customer_id"].n_unique() == 5_852
    assert (as_date(shop.first_day), shop.end_day - shop.first_day) == (date(2009, 12, 1), 739)


def test_the_forecast_of_online_retail_ii_beats_persistence_and_markov(
    real_segments: Path,
) -> None:
    run = open_run(real_segments)
    prepared, segmented = (loading.load_stage(run, each) for each in (Prepared, Segmented))
    training = classifier.train_classifier(
        prepared.transactions,
        segmented.segmentation,
        prepared.config.classifier,
        prepared.config.time,
    )
    evaluation = training.evaluation.to_json()
    against = evaluation["pooled"]["differences"]
    assert against["persistence"]["accuracy"]["low"] > 0
    assert against["markov"]["log_loss"]["high"] < 0
    assert evaluation["skill"]["markov"] > 0.06
    for test in (*evaluation["windows"], evaluation["pooled"]):
        for scores in test["scores"].values():
            assert scores["accuracy"] < 0.9  # above is a leak: find it
    assert len(evaluation["windows"]) == 3
