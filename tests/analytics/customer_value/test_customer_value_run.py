"""What a whole run says of worth, checked against its own lines and scores."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import segpredict
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import day_number
from segpredict.pipeline import loading


@pytest.fixture(scope="module")
def made(run_folder: Path) -> RunFolder:
    return open_run(run_folder)


@pytest.fixture(scope="module")
def sums(made: RunFolder) -> pl.DataFrame:
    return made.read_parquet("customer_value/sums.parquet")


def test_what_came_is_what_the_lines_say(made: RunFolder, sums: pl.DataFrame) -> None:
    lines = made.read_parquet("transactions.parquet")
    whole = sums.filter(
        (pl.col("part") == "all")
        & (pl.col("measure") == "expected_value")
        & (pl.col("window") != "pooled")
    )
    assert whole.height
    for row in whole.iter_rows(named=True):
        day = day_number(row["window"])
        orders = lines.filter("is_order_head")
        eligible = orders.filter(pl.col("day").is_between(day - 364, day - 1))
        later = lines.filter(pl.col("day").is_between(day, day + 90))
        known = later.join(eligible, on="customer_id", how="semi")
        spent = known["amount"].sum() / MONEY_SCALE
        # Orders that were refunded as a whole are known to be void only later.
        assert row["actual"] == pytest.approx(spent, rel=0.03)


def test_tests_add_up_to_the_pooled_sum(sums: pl.DataFrame) -> None:
    whole = sums.filter((pl.col("part") == "all") & (pl.col("windows") == 1))
    keys = ["measure", "model"]
    parts = whole.filter(pl.col("window") != "pooled")
    added = parts.group_by(keys).agg(pl.col("predicted", "actual").sum())
    both = whole.filter(pl.col("window") == "pooled").join(added, on=keys)
    assert both.height
    for name in ("predicted", "actual"):
        assert both[name].to_list() == pytest.approx(both[f"{name}_right"].to_list())


def test_scores_hold_together(made: RunFolder) -> None:
    scores = made.read_parquet("scores.parquet").filter("is_eligible")
    assert (scores["value_at_risk"] <= scores["base_value"]).all()
    net = scores["base_value"] - scores["value_at_risk"] + scores["upside"]
    assert net.to_list() == scores["expected_value"].to_list()
    assert (scores["expected_value_low"] <= scores["expected_value_high"]).all()
    once = scores["expected_value"] * 1.1 ** (-91 / 365)
    assert (scores["clv_year"] >= once * (1 - 1e-12)).all()


def test_sums_of_segments_are_those_of_the_scores(made: RunFolder) -> None:
    scores = made.read_parquet("scores.parquet").filter("is_eligible")
    table = made.read_parquet("customer_value/segments.parquet")
    parts, whole = table.filter(pl.col("segment_id") != "all"), table.filter(segment_id="all")
    for name in ("base_value", "value_at_risk", "upside", "expected_value"):
        assert whole[name].item() == pytest.approx(scores[name].sum())
        assert parts[name].sum() == pytest.approx(scores[name].sum())


def test_the_tested_model_is_the_one_of_that_day(made: RunFolder) -> None:
    tested = made.read_parquet("campaigns/backtest_population.parquet")
    day = tested["as_of"][0].isoformat()
    sums = made.read_parquet("customer_value/sums.parquet").filter(window=day, part="all")
    for name in ("value_at_risk", "upside", "expected_value"):
        said = sums.filter(measure=name)["predicted"].item()
        assert tested[name].sum() == pytest.approx(said, rel=1e-9)


def test_spend_to_date_is_told_of_everybody_and_adds_up(made: RunFolder) -> None:
    scores = made.read_parquet("scores.parquet")
    lines = made.read_parquet("transactions.parquet").filter(pl.col("void_day").is_null())
    assert scores["spent_to_date"].null_count() == 0
    spent = lines.join(scores, on="customer_id", how="semi")["amount"].sum() / MONEY_SCALE
    assert scores["spent_to_date"].sum() == pytest.approx(spent)


def test_a_run_of_old_has_no_lifetime_values(made: RunFolder) -> None:
    old = replace(segpredict.load(made.folder), value_model=None)
    scores = old.score(loading.load_transactions(made))
    assert scores["clv_year"].null_count() == scores.height
    assert scores["p_up"].null_count() < scores.height


def test_the_page_speaks_of_expectations_and_promises_no_savings(made: RunFolder) -> None:
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    assert "It is not what a campaign would save" in page
