"""The shop's own segments, from a file, are forecast, explained, compared and scored."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segpredict import pipeline
from segpredict.classifier import build_panel
from segpredict.cli._output import Output
from segpredict.cli._results import show_forecast
from segpredict.config.load import build_config
from segpredict.core.run_folder import open_run
from segpredict.core.window import as_date
from segpredict.core.wording import name_options
from segpredict.errors import MismatchError, SupportError
from segpredict.pipeline import artifacts, loading, stages
from segpredict.pipeline.report_data import report_input_of_run
from segpredict.report import render_html
from segpredict.report.context.own_segments import own_segments_section
from segpredict.scoring.new_data import NewData

BEGIN, DAYS = date(2021, 1, 1), 420
SETTINGS = {
    "time": {"horizon": 28, "lookback": 112, "step": 14, "max_history": 224, "test_windows": 1},
    "segmentation": {"k": 2, "n_init": 2, "min_customers": 0},
    "classifier": {"bootstrap_draws": 100, "baselines": ["prior", "markov"]},
    "explain": {"refits": 0},
}


def day(n: float) -> str:
    return (BEGIN + timedelta(int(n))).isoformat()


def sales() -> pl.DataFrame:
    """Half of the customers buy every week, half every month, until one day."""
    rng, rows = np.random.default_rng(5), []
    for i in range(160):
        at, pause = float(rng.integers(0, 28)), 7 if i % 2 else 30
        while at < DAYS:
            rows.append((f"c{i:03d}", f"o{len(rows)}", day(at), 10.0 + 40 * (i % 2)))
            at += pause * rng.uniform(0.5, 1.5)
            at += DAYS if rng.random() < pause / 900 else 0
    return pl.DataFrame(rows, ["customer_id", "order_id", "date", "amount"], orient="row")


def tiers(lines: pl.DataFrame) -> pl.DataFrame:
    """Every other week: Gold with six orders in 56 days, Lost without one; two never get one."""
    days, parts = lines.with_columns(day=pl.col("date").str.to_date()), []
    for n in range(14, DAYS + 60, 14):
        at = BEGIN + timedelta(n)
        recent = (pl.col("day") >= at - timedelta(56)).sum()
        known = days.filter(pl.col("day") < at).group_by("customer_id").agg(orders=recent)
        named = pl.when(pl.col("orders") >= 6).then(pl.lit("Gold"))
        named = named.when(pl.col("orders") >= 1).then(pl.lit("Silver")).otherwise(pl.lit("Lost"))
        parts.append(known.select("customer_id", date=pl.lit(day(n)), segment=named))
    stranger = pl.DataFrame({"customer_id": ["nobody"], "date": [day(99)], "segment": ["Gold"]})
    rows = pl.concat([*parts, stranger])
    return rows.filter(~pl.col("customer_id").is_in(["c000", "c001"]))


@pytest.fixture(scope="module")
def folder(made_once) -> Path:
    def make(target: Path) -> None:
        target.mkdir()
        lines = sales()
        lines.write_csv(target / "sales.csv")
        tiers(lines).write_csv(target / "segments.csv")
        config = build_config({**SETTINGS, "own_segments": {"data": "segments.csv"}})
        run = pipeline.RunTarget(target / "run", "now")
        pipeline.run_pipeline([str(target / "sales.csv")], config, run)

    return made_once("own-segments", make)


@pytest.fixture(scope="module")
def run(folder):
    return open_run(folder / "run")


def test_segments_are_ordered_by_spend_and_forecast_with_the_usual_baselines(run):
    names = [segment.name for segment in loading.load_segments(run)]
    assert names == ["No segment", "Lost", "Silver", "Gold"]
    evaluation = artifacts.read(run, "evaluation")
    assert {"prior", "markov"} <= {*evaluation["skill"], evaluation["selected"]}
    assert evaluation["skill"]["prior"] > 0
    notes = " ".join(run.metadata["notes"])
    assert "whose customers have no order in the data, left out: 1." in notes
    assert "Rows of the file of segments that are dated after the data" in notes


def test_labels_and_states_are_those_of_the_file_on_the_day(folder, run):
    shop = loading.load_transactions(run)
    segmentation = artifacts.read(run, "segmentation").for_shop(shop)
    window = loading.load_config(run).time.window_at(shop.end_day - 60, shop.first_day)
    rows = build_panel(shop, segmentation, [window], ["rfm"]).frame
    file = pl.read_csv(folder / "segments.csv")
    codes = {segment.name: segment.code for segment in segmentation.segments}
    for name, end in (("state_now", window.cutoff), ("label", window.outcome_end)):
        newest = file.filter(pl.col("date") <= as_date(end).isoformat()).sort("date")
        held = dict(newest.select("customer_id", "segment").iter_rows())
        asked = rows["customer_id"].to_list()
        assert rows[name].to_list() == [codes[held.get(who, "No segment")] for who in asked]
    assert set(rows.filter(pl.col("customer_id").is_in(["c000", "c001"]))["label"]) == {0}
    lost = rows.filter(label=codes["Lost"])
    assert lost.height  # no order in the outcome, and yet in a segment


def test_the_page_and_the_terminal_compare_them_with_a_clustering(run, capsys):
    bundle = report_input_of_run(run)
    section = own_segments_section(bundle)
    eligible = artifacts.read(run, "scores").filter("is_eligible")
    assert sum(sum(row.counts) for row in section.rows) == eligible.height
    assert 0 < section.rand_index < 1
    assert len(section.predictability) == 2
    page = render_html(bundle)
    assert "own segments and those found by clustering" in page
    assert "No segment: no row in the shop" in page
    show_forecast(Output(), bundle)
    assert "own segments: ARI 0." in capsys.readouterr().out


def test_new_data_need_the_newest_file_and_are_scored_as_the_run_was(folder, run):
    with pytest.raises(MismatchError, match="no file was given") as error:
        pipeline.score_into_history(None, folder / "run", [str(folder / "sales.csv")])
    assert "--segments FILE" in error.value.fix
    given = NewData([str(folder / "sales.csv")], tables={"own_segments": "segments.csv"})
    scores, *_ = pipeline.score_into_history(None, folder / "run", given)
    assert scores.equals(artifacts.read(run, "scores"))
    idle = scores.filter(~pl.col("is_eligible"))
    assert "Lost" in set(idle["segment"])  # in force, though they have no forecast
    assert pipeline.explain_customer(folder / "run", eligible_id(scores))["nearest"] is None


def eligible_id(scores: pl.DataFrame) -> str:
    return scores.filter("is_eligible")["customer_id"][0]


def test_a_segment_that_the_run_did_not_know_is_refused(folder, tmp_path):
    other = pl.read_csv(folder / "segments.csv").with_columns(
        segment=pl.col("segment").replace("Gold", "Platinum")
    )
    other.write_csv(tmp_path / "other.csv")
    given = NewData(
        [str(folder / "sales.csv")], tables={"own_segments": str(tmp_path / "other.csv")}
    )
    with pytest.raises(MismatchError, match="Platinum"):
        pipeline.score_into_history(None, folder / "run", given)


def test_a_file_that_begins_too_late_is_refused_with_a_day_that_helps(folder, tmp_path):
    late = pl.read_csv(folder / "segments.csv").filter(pl.col("date") >= day(126))
    late.write_csv(tmp_path / "late.csv")
    settings = {**SETTINGS, "own_segments": {"data": str(tmp_path / "late.csv")}}
    names = [str(folder / "sales.csv")]
    with pytest.raises(SupportError, match=f"begins on {day(126)}") as error:
        stages.segment(stages.prepare(names, build_config(settings)))
    begin = day(126 - SETTINGS["time"]["lookback"] // 2)
    with name_options():
        assert f"--set cleaning.first_date={begin}" in error.value.fix
    shorter = build_config({**settings, "cleaning": {"first_date": begin}})
    segmented = stages.segment(stages.prepare(names, shorter))
    assert segmented.segmentation.algorithm == "own_segments"


def test_who_lapsed_and_bought_nothing_enters_no_segment(run):
    moved = artifacts.read(run, "observed_transitions.customers")
    assert set(moved.filter(from_id="LAPSED")["activity"]) <= {"reactivated"}
