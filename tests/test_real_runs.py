"""Complete runs on real shops, with the results that the method promises."""

import html
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import segpredict
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
        assert test["scores"]["xgboost"]["accuracy"] < 0.9  # above is a leak: find it
    assert len(evaluation["windows"]) == 3


@pytest.mark.slow
def test_half_a_year_ahead_of_two_years_falls_back_and_the_page_says_so(
    real_data: Path, tmp_path: Path
) -> None:
    """Of 182 days ahead two years hold one test, and nothing to stop the trees by."""
    files = sorted((real_data / "online_retail").glob("online_retail_ii_*.parquet"))
    baselines = "classifier.baselines=['bgnbd_gg', 'markov', 'persistence']"
    plan = load.load_config("online_retail_ii", [*QUICK, baselines, "time.horizon=182"])
    made = pipeline.run_pipeline(files, plan, pipeline.RunTarget(tmp_path / "run"))
    evaluation = made.read_json("classifier/evaluation.json")
    losses = {n: s["log_loss"] for n, s in evaluation["pooled"]["scores"].items()}
    assert len(evaluation["windows"]) == 1
    assert evaluation["selected"] == "bgnbd_gg" == min(losses, key=lambda n: losses[n])
    assert "was not beaten by blend" in evaluation["reason"]
    assert any("0 validation origins" in note for note in evaluation["warnings"])
    scores = made.read_parquet("scores.parquet")
    assert segpredict.load(made.folder).model.name == "bgnbd_gg"
    assert scores.filter("is_eligible")["p_inactive"].null_count() == 0
    page = html.unescape((made.folder / "report.html").read_text(encoding="utf-8"))
    for text in (
        "than a simpler forecast, which is in use: BG/NBD and Gamma-Gamma.",
        "read the result as that many observations",
        "No prediction set could be tested.",
        "The sets in the scores come from 3 later inner windows",
    ):
        assert text in page, text
    # The selected baseline is explained itself, not trees that are not used.
    assert "The ensemble is explained" not in page
    facts = made.read_json("explain/importance.json")
    assert (facts["note"], len(facts["names"])) == ("", 3)
    assert set(made.read_parquet("explain/reasons.parquet")["group"]) == {*facts["names"]}


def test_cdnow_reads_the_same_as_text_and_as_parquet(real_data: Path, tmp_path: Path) -> None:
    plan = load.load_config("cdnow", QUICK)
    files = []
    for name in ("CDNOW_master.txt", "cdnow_master.parquet"):
        target = pipeline.RunTarget(tmp_path / name)
        made = pipeline.run_clustering([real_data / "cdnow" / name], plan, target)
        files.append(made.manifest["files"])
    assert files[0] == files[1]
