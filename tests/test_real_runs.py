"""Complete runs on real shops, with the results that the method promises."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from segpredict import pipeline
from segpredict.config import load
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date
from segpredict.pipeline import loading

pytestmark = pytest.mark.real
QUICK = [
    "classifier.bootstrap_draws=300",
    "explain.sample_rows=200",
    "classifier.xgboost.learning_rate=0.25",
    "classifier.xgboost.max_rounds=60",
    "classifier.baselines=['markov', 'persistence', 'prior']",
]


def test_the_ledger_of_online_retail_ii_has_the_published_totals(real_run: Path) -> None:
    shop = loading.load_transactions(open_run(real_run))
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
    real_run: Path,
) -> None:
    evaluation = open_run(real_run).read_json("classifier/evaluation.json")
    against = evaluation["pooled"]["differences"]
    assert against["persistence"]["accuracy"]["low"] > 0
    assert against["markov"]["log_loss"]["high"] < 0
    assert evaluation["skill"]["markov"] > 0.06
    for test in (*evaluation["windows"], evaluation["pooled"]):
        for scores in test["scores"].values():
            assert scores["accuracy"] < 0.9  # above is a leak: find it
    assert len(evaluation["windows"]) == 3


def test_cdnow_reads_the_same_as_text_and_as_parquet(real_data: Path, tmp_path: Path) -> None:
    plan = load.load_config("cdnow", QUICK)
    files = []
    for name in ("CDNOW_master.txt", "cdnow_master.parquet"):
        target = pipeline.RunTarget(tmp_path / name)
        made = pipeline.run_clustering([real_data / "cdnow" / name], plan, target)
        files.append(made.manifest["files"])
    assert files[0] == files[1]
