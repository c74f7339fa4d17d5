"""A run saves its transitions: observed, predicted, and consistent with its other tables."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from segpredict import pipeline
from segpredict.analytics.transitions import tables as transition_tables
from segpredict.analytics.transitions.activity import ACTIVITIES, ACTIVITY_COLUMNS
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.config.classifier import TimeOptions
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.errors import UnknownNameError, UsageError
from segpredict.pipeline import loading
from segpredict.pipeline.report_data import transition_tables_of_run


@pytest.fixture(scope="module")
def run(run_folder: Path) -> RunFolder:
    return open_run(run_folder)


@pytest.fixture(scope="module")
def result(run: RunFolder) -> dict[str, pl.DataFrame]:
    return transition_tables_of_run(run)


def newest(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("since") == pl.col("since").max())


def test_a_run_keeps_all_tables_as_parquet_and_csv_but_customers_as_parquet(
    run,
) -> None:
    for name in transition_tables.TRANSITION_TABLES:
        assert run.has(f"transitions/{name}.parquet")
        assert run.has(f"transitions/{name}.csv")
    assert run.has("transitions/customers.parquet")
    assert not run.has("transitions/customers.csv")


def test_the_newest_period_agrees_with_the_migration_table(run, result) -> None:
    cells = ["from_id", "to_id", "n", "n_from"]
    known = run.read_parquet("segmentation/transitions.parquet").select(cells)
    found = newest(result["observed"]).filter(pl.col("from_id") != "LAPSED")
    assert found.select(cells).cast(known.schema).equals(known)


def test_predictions_are_of_the_customers_who_were_observed(result) -> None:
    both = result["predicted"].join(
        result["observed"], on=["since", "from_id", "to_id"], suffix="_counted"
    )
    model = both.filter(basis="model")
    assert model["since"].n_unique() >= 2
    assert model["n_from"].equals(model["n_from_counted"].rename("n_from"))
    silent = both.filter(from_id="LAPSED")
    assert silent["n_from"].equals(silent["n_from_counted"].rename("n_from"))


def test_a_forecast_is_as_wide_as_the_tests_that_were_over_on_its_day(result) -> None:
    model = result["predicted"].filter(basis="model")
    spread = model.group_by("since").agg(pl.col("dispersion").unique()).sort("since")
    assert spread["dispersion"].list.len().to_list() == [1] * spread.height
    assert spread["dispersion"][0].to_list() == [1.0]
    assert all(each[0] >= 1.0 for each in spread["dispersion"])


def test_what_comes_next_is_the_sum_of_the_scores(run, result) -> None:
    scores = run.read_parquet("scores.parquet")
    ids = [s.id for s in loading.load_segments(run)]
    coming = newest(result["predicted"]).filter(basis="model")
    assert coming["since"].unique().to_list() == scores["as_of"].unique().to_list()
    for name in ids:
        total = coming.filter(to_id=name)["n"].sum()
        assert total == pytest.approx(scores[f"p_{name}"].sum())


def test_the_newest_period_is_compared_with_the_one_before_and_with_last_year(
    result,
) -> None:
    pairs = result["comparison"].select("first", "second").unique().sort("first").rows()
    last = newest(result["observed"])["since"][0]
    assert pairs == [(last - timedelta(364), last), (last - timedelta(91), last)]


def test_where_no_period_is_complete_nothing_is_kept(run) -> None:
    shop = loading.load_transactions(run)
    long = TimeOptions(horizon=400)
    assert (
        transition_tables.observed_tables(
            shop, loading.load(run, "segmentation"), long, Resampling(5, 0)
        )
        == {}
    )


def test_who_moved_in_a_period_of_the_run(run_folder, result) -> None:
    tables = pipeline.run_transitions(run_folder)
    entered = tables["customers"].filter(segment="Core", direction="entered")
    counted = newest(result["observed"]).filter(
        pl.col("to_name") == "Core", pl.col("from_name") != "Core"
    )
    assert entered.height == counted["n"].sum()
    assert tables["matrix"]["predicted_share"].null_count() < tables["matrix"].height
    names = ("customers", "matrix", "activity", "mobility", "markov_order", "comparison", "next")
    assert set(tables) == set(names)


def test_who_lapsed_in_a_period_of_the_run_is_named_with_the_money(run_folder, run) -> None:
    tables = pipeline.run_transitions(run_folder)
    went = tables["customers"].filter(segment_id="S0", direction="entered")
    assert set(went["activity"]) == {"lapsed"}
    counted = newest(tables["activity"]).filter(activity="lapsed")
    assert counted["customers"].item() == went.height
    assert counted["spend_before"].item() == pytest.approx(went["spend_before"].sum())
    back = tables["customers"].filter(
        pl.col("other_segment_id").is_in(["S0", "LAPSED"]), direction="entered"
    )
    assert set(back["activity"]) == {"reactivated"}
    assert newest(tables["activity"])["activity"].to_list() == list(ACTIVITIES)


def test_one_segment_alone(run_folder) -> None:
    tables = pipeline.run_transitions(run_folder, segment="core")
    assert set(tables["customers"]["segment"]) == {"Core"}
    is_core = (pl.col("from_name") == "Core") | (pl.col("to_name") == "Core")
    assert tables["matrix"].filter(~is_core).is_empty()
    new = pipeline.run_transitions(run_folder, segment="NEW")["customers"]
    assert set(new["other_segment"]) == {"New"}
    with pytest.raises(UnknownNameError, match="segment named"):
        pipeline.run_transitions(run_folder, segment="Kore")


def test_a_period_that_the_run_does_not_know_is_told_with_those_it_knows(
    run_folder, result
) -> None:
    first = result["mobility"]["since"][0]
    who = pipeline.run_transitions(run_folder, first)["customers"]
    assert set(who["since"]) == {first}
    with pytest.raises(UsageError, match=str(first)):
        pipeline.run_transitions(run_folder, date(2001, 1, 1))


def test_a_history_of_the_run_says_what_the_run_says(run_folder, sample_file, tmp_path) -> None:
    ends = newest(transition_tables_of_run(open_run(run_folder))["observed"])
    since, until = ends["since"][0], ends["until"][0]
    history = tmp_path / "history"
    for day in (since, until):
        scores, _, added = pipeline.score_into_history(
            history, run_folder, [str(sample_file)], as_of=day
        )
        assert added is not None
        assert added.new == scores.height
    tables = pipeline.history_transitions(history, since, until)
    cells = ["from_id", "to_id", "n"]
    assert tables["matrix"].select(cells).equals(ends.select(cells))
    listed = pipeline.run_transitions(run_folder)["customers"].drop(ACTIVITY_COLUMNS)
    assert tables["customers"].equals(listed)
    loaded = pipeline.load(run_folder)
    assert loaded.model_version == pipeline.load(run_folder).model_version
    assert pipeline.score_into_history(None, run_folder, [str(sample_file)])[2] is None
