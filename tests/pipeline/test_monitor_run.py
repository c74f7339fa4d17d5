"""A run is judged by what came after it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from segpredict import features, pipeline
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import Transactions
from segpredict.core.window import day_number
from segpredict.errors import ArtifactError, MismatchError
from segpredict.pipeline import drift, loading, monitor
from segpredict.pipeline.monitor import MonitorResult
from segpredict.scoring.history import SCORE_HISTORY_SCHEMA, ScoreHistory
from segpredict.scoring.new_data import NewData, read_new_data

DAY = pl.col("InvoiceDate").str.to_datetime()
BOUGHT = ~pl.col("Quantity").str.starts_with("-")  # returns would undo earlier orders
YEAR = timedelta(days=364)
HALF_YEAR = 150  # days of new data: three dates, four weeks apart, have an outcome


@pytest.fixture(scope="module")
def end(sample_file: Path) -> datetime:
    last: datetime = pl.read_csv(sample_file, infer_schema=False).select(DAY.max()).item()
    return last


@pytest.fixture(scope="module")
def later(sample_file: Path, end: datetime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of some months later, which are those of a year before again."""
    sales = pl.read_csv(sample_file, infer_schema=False)
    since = end.date() - YEAR
    again = sales.filter(
        DAY.dt.date().is_between(since + timedelta(days=1), since + timedelta(days=HALF_YEAR)),
        BOUGHT,
    ).with_columns(
        (DAY + YEAR).dt.to_string("%Y-%m-%d %H:%M:%S").alias("InvoiceDate"),
        InvoiceNo=pl.lit("9") + pl.col("InvoiceNo"),
    )
    path = tmp_path_factory.mktemp("monitor") / "later.csv"
    pl.concat([sales, again]).write_csv(path)
    return path


@pytest.fixture(scope="module")
def found(run_folder: Path, later: Path) -> MonitorResult:
    return judged(run_folder, later)


def judged(run: Path, data: Path, **change: object) -> MonitorResult:
    return pipeline.monitor_run(run, NewData([str(data)]), **change)  # type: ignore[arg-type]


def read(run: Path, data: Path) -> Transactions:
    files = open_run(run)
    predictor = loading.load_predictor(files)
    return read_new_data(NewData([str(data)]), predictor, loading.load_config(files))


def test_figures_are_those_of_the_saved_scores_against_what_came(
    run_folder: Path, later: Path, found: MonitorResult, end: datetime
) -> None:
    files, shop = open_run(run_folder), read(run_folder, later)
    predictor = loading.load_predictor(files)
    scores = loading.load(files, "scores").filter("is_eligible")
    start = day_number(end.date()) + 1
    window = predictor.time.window_at(start)
    inputs = features.clustering_inputs(
        shop, [(window.outcome_start, window.outcome_end)], predictor.segmentation.extra_inputs
    )
    came = predictor.segmentation.assign(inputs).select("customer_id", came="segment")
    both = scores.join(came, on="customer_id", how="left").with_columns(pl.col("came").fill_null(0))
    p = both.select([f"p_{segment.id}" for segment in predictor.segments]).to_numpy()
    labels = both["came"].to_numpy().astype(int)
    first = found.figures.filter(date=found.dates[0])
    values = dict(first.select("figure", "value").iter_rows())
    assert found.dates[0] == (end.date() + timedelta(days=1)).isoformat()
    assert values["log_loss"] == pytest.approx(-np.log(p[np.arange(len(p)), labels]).mean())
    assert values["accuracy"] == pytest.approx((p.argmax(axis=1) == labels).mean())
    spend = inputs.select("customer_id", paid=pl.col("spend") / 10_000)
    paid = both.join(spend, on="customer_id", how="left")["paid"].fill_null(0).sum()
    sums = found.sums.filter(date=found.dates[0], measure="expected_value", part="all")
    assert sums["actual"].item() == pytest.approx(paid)
    assert sums["predicted"].item() == pytest.approx(scores["expected_value"].sum())
    mix = found.mix.filter(date=found.dates[0])
    assert mix["actual"].to_list() == pytest.approx(
        [(labels == segment.code).mean() for segment in predictor.segments]
    )


def test_dates_are_a_step_apart_and_end_with_the_last_complete_outcome(
    found: MonitorResult, end: datetime
) -> None:
    first = end.date() + timedelta(days=1)
    assert found.dates == tuple((first + timedelta(days=28 * i)).isoformat() for i in range(3))


def test_every_date_is_compared_with_the_same_baselines(
    run_folder: Path, found: MonitorResult
) -> None:
    tested = open_run(run_folder).read_json("classifier/evaluation.json")
    names = set(found.baselines["baseline"])
    assert {"prior", "persistence", "markov"} <= names <= set(tested["windows"][0]["scores"])
    assert found.baselines["date"].n_unique() == len(found.dates)


def test_bands_come_from_the_backtests(run_folder: Path, found: MonitorResult) -> None:
    tested = open_run(run_folder).read_json("classifier/evaluation.json")
    losses = [w["scores"][tested["selected"]]["log_loss"] for w in tested["windows"]]
    row = found.figures.filter(figure="log_loss").row(0, named=True)
    assert row["tests"] == len(losses)
    assert row["expected"] == pytest.approx(np.mean(losses))
    assert row["low"] < min(losses)
    assert row["high"] > max(losses)


def test_groups_stand_beside_those_of_the_backtests(found: MonitorResult) -> None:
    assert {"segment_now", "country", "cohort_age"} <= set(found.groups["stratum"])
    assert found.groups.filter(stratum="segment_now")["expected"].null_count() == 0


def test_all_is_one_json_object(found: MonitorResult) -> None:
    state = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert state["advice"]["action"] == found.advice.action
    assert len(state["figures"]) == found.figures.height


@pytest.mark.slow
def test_nights_of_a_history_are_judged_by_what_they_said(
    run_folder: Path, later: Path, end: datetime, tmp_path: Path
) -> None:
    history, first = tmp_path / "history", end.date() + timedelta(days=1)
    for days in (0, 120):
        night = first + timedelta(days=days)
        pipeline.score_into_history(history, run_folder, [str(later)], as_of=night)
    found = judged(run_folder, later, history=history)
    assert found.dates == (first.isoformat(),)
    assert any("1 night" in note for note in found.notes)
    accuracy = found.figures.filter(figure="accuracy")["value"].to_list()
    assert found.recorded["changed"].to_list() == [0.0]
    assert found.recorded["accuracy"].to_list() == pytest.approx(accuracy, abs=0.2)


def test_before_an_outcome_is_over_nothing_is_judged(run_folder: Path, sample_file: Path) -> None:
    found = judged(run_folder, sample_file)
    assert (found.dates, found.figures.height, found.advice.action) == ((), 0, "keep")
    assert "No outcome window is over yet" in found.advice.reason


def test_data_that_stopped_come_before_all_else(
    run_folder: Path, sample_file: Path, end: datetime
) -> None:
    late = judged(run_folder, sample_file, as_of=end.date() + timedelta(days=60))
    assert late.advice.action == "check data"
    assert late.advice.since == (end.date() + timedelta(days=1)).isoformat()
    assert f"Data stopped on {end.date()}" in late.advice.reason


@pytest.mark.slow
def test_a_shop_whose_customers_behave_otherwise_is_found(
    run_folder: Path, later: Path, end: datetime, tmp_path: Path
) -> None:
    """All the customers come back: the forecast is far off, and the advice is to train again."""
    sales = pl.read_csv(later, infer_schema=False)
    customers = sales["CustomerID"].drop_nulls().unique().sort()
    n = len(customers)
    back = (
        sales.head(1)
        .select(pl.all().repeat_by(n).explode())
        .with_columns(
            CustomerID=customers,
            InvoiceNo=pl.int_range(n).cast(pl.String).str.zfill(5).str.pad_start(7, "8"),
            InvoiceDate=pl.lit((end + timedelta(days=70)).strftime("%Y-%m-%d %H:%M:%S")),
            Quantity=pl.lit("9"),
        )
    )
    path = tmp_path / "changed.csv"
    pl.concat([sales, back]).write_csv(path)
    changed = judged(run_folder, path)
    assert changed.advice.action == "retrain"
    assert changed.advice.since == changed.dates[0]


@pytest.mark.slow
def test_a_shop_that_goes_on_as_before_is_left_alone(
    tmp_path: Path, plain_config, sample_file: Path, end: datetime
) -> None:
    start = end.date() - timedelta(days=200)
    target = pipeline.RunTarget(tmp_path / "run", "then")
    config = replace(plain_config, time=replace(plain_config.time, test_windows=3))
    pipeline.run_pipeline([sample_file], config, target, as_of=start)
    found = judged(target.folder, sample_file)
    assert len(found.dates) == 4
    assert found.baselines.filter(baseline="prior")["high"].max() < 0
    assert found.advice.action == "keep", found.findings


def test_data_that_begin_too_late_are_refused(
    run_folder: Path, later: Path, end: datetime, tmp_path: Path
) -> None:
    newest = tmp_path / "newest.csv"
    sales = pl.read_csv(later, infer_schema=False)
    sales.filter(DAY.dt.date() > end.date() - timedelta(days=200)).write_csv(newest)
    with pytest.raises(MismatchError, match="must reach back to"):
        judged(run_folder, newest)


def test_data_of_another_shop_are_refused(run_folder: Path, later: Path, tmp_path: Path) -> None:
    sales = pl.read_csv(later, infer_schema=False)
    other = tmp_path / "other.csv"
    sales.with_columns(CustomerID=pl.lit("00") + pl.col("CustomerID")).write_csv(other)
    with pytest.raises(MismatchError):
        judged(run_folder, other)


@pytest.mark.slow
def test_a_shop_that_changes_is_found_before_the_outcome_is_known(
    run_folder: Path, sample_file: Path, later: Path, end: datetime, tmp_path: Path
) -> None:
    """Strangers take over and a column is empty: each is a finding, with its first day."""
    sales = pl.read_csv(later, infer_schema=False)
    soon = sales.filter(DAY.dt.date() <= end.date() + timedelta(days=60))
    is_new = DAY.dt.date() > end.date()
    changed = soon.with_columns(
        CustomerID=pl.when(is_new).then(pl.lit("9") + pl.col("CustomerID")).otherwise("CustomerID"),
        Country=pl.when(is_new).then(pl.lit("Atlantis")).otherwise("Country"),
    )
    path = tmp_path / "strangers.csv"
    changed.write_csv(path)
    found = judged(run_folder, path)
    assert found.dates == ()
    kinds = {finding.kind for finding in found.findings}
    assert {"drift", "unseen_category"} <= kinds
    assert found.drift.filter("is_outside")["date"].min() > end.date().isoformat()
    empty = changed.with_columns(Country=pl.when(is_new).then(None).otherwise("Country"))
    empty.write_csv(path)
    assert judged(run_folder, path).advice.action == "check data"


def night(folder: Path, day: str, model: str) -> None:
    """Put a customer's score of a night into a history."""
    values = {"customer_id": "a", "as_of": pl.Series([day]).str.to_date()[0], "model": model}
    row = {name: [values.get(name)] for name in SCORE_HISTORY_SCHEMA}
    folder.mkdir(exist_ok=True)
    table = pl.DataFrame(row, SCORE_HISTORY_SCHEMA)
    table.write_parquet(folder / f"{day}.{model[:16]}.0000.parquet")


def test_a_history_without_scores_is_refused(
    run_folder: Path, sample_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match="holds no scores"):
        judged(run_folder, sample_file, history=tmp_path / "none")


def test_nights_that_the_model_was_trained_on_are_left_out(
    run_folder: Path, later: Path, end: datetime, tmp_path: Path
) -> None:
    files = open_run(run_folder)
    predictor, config = loading.load_predictor(files), loading.load_config(files)
    shop, start = read(run_folder, later), day_number(end.date()) + 1
    own = predictor.model_version.model
    for days, model in ((-200, own), (1, own), (40, "another")):
        night(tmp_path, str(end.date() + timedelta(days=1 + days)), model)
    dates, notes = monitor._dates(predictor, shop, config, start, ScoreHistory(tmp_path))
    assert dates == [start + 1]
    assert any(note.startswith("1 night before") for note in notes)
    assert any("Other models scored 1 night" in note for note in notes)


def test_where_no_night_is_of_this_model_the_advice_says_so(
    run_folder: Path, sample_file: Path, end: datetime, tmp_path: Path
) -> None:
    night(tmp_path, str(end.date()), "another")
    found = judged(run_folder, sample_file, history=tmp_path)
    assert found.dates == ()
    assert "No night of the history was scored by the model" in found.advice.reason


def test_figures_share_the_level_of_their_bands(run_folder: Path, found: MonitorResult) -> None:
    """The half width is t(1 − 0.05 / 2m; k − 1) s √(1 + 1/k), m all the figures and dates."""
    tested = open_run(run_folder).read_json("classifier/evaluation.json")
    losses = [w["scores"][tested["selected"]]["log_loss"] for w in tested["windows"]]
    k, figures = len(losses), found.figures["figure"].n_unique()
    assert figures > 1
    row = found.figures.filter(figure="log_loss").row(0, named=True)
    least = stats.t.ppf(1 - 0.05 / (2 * figures), k - 1) * np.std(losses, ddof=1)
    assert row["high"] - row["expected"] >= least * (1 + 1 / k) ** 0.5


def test_a_pause_as_long_as_none_before_is_a_stop() -> None:
    """Orders on days 0 and 3: two days without. Three days without are more than ever."""
    orders = pl.LazyFrame({"day": [0, 3]})
    shop = SimpleNamespace(first_day=0, end_day=4, order_days=lambda: SimpleNamespace(lines=orders))
    assert list(monitor._stopped(shop, shop, 6)) == []  # type: ignore[arg-type]
    (found,) = monitor._stopped(shop, shop, 7)  # type: ignore[arg-type]
    assert "no order for 3 days; the longest pause before was 2" in found.text


def test_sizes_are_those_of_the_whole_shop_though_a_sample_is_scored(
    run_folder: Path, end: datetime
) -> None:
    files = open_run(run_folder)
    predictor, config = loading.load_predictor(files), loading.load_config(files)
    shop, day = loading.load_transactions(files), day_number(end.date()) + 1
    few = replace(config, classifier=replace(config.classifier, max_customers=150))
    whole, sampled = (drift._columns(predictor, shop, [day], each)[day] for each in (config, few))
    assert sampled["orders"][0] == whole["orders"][0]
    assert sampled["customers"][1] < whole["customers"][1]
    assert sampled["customers"][0] == pytest.approx(whole["customers"][0], rel=0.2)
