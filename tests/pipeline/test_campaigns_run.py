"""Campaigns of a whole run: plans agree with the scores, and lists are recorded."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from segpredict import pipeline
from segpredict.analytics.campaigns import find_experiment_logs
from segpredict.analytics.campaigns.experiment_log import ExperimentLog
from segpredict.core.run_folder import draft_run, open_run
from segpredict.errors import ArtifactError, BusyError, MismatchError, UnknownNameError, UsageError
from segpredict.pipeline import CampaignRequest, loading

CALLS = "[campaigns.call_all]\ntitle = '=CALL()'\naction = 'Call.'\n"


@pytest.fixture
def own_run(run_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.fixture
def campaign(run_folder: Path) -> str:
    """Return the campaign with most customers."""
    return str(pipeline.list_campaigns(run_folder).sort("n", descending=True)["campaign"][0])


def test_every_campaign_of_the_package_is_planned_and_on_the_page(run_folder: Path) -> None:
    run = open_run(run_folder)
    plans = run.read_parquet("campaigns/plans.parquet")
    assert set(plans["campaign"]) == {
        p.name for p in loading.load(run, "campaign_catalogue").campaigns
    }
    assert plans.filter(pl.col("n") > 0).height >= 5
    assert "Recommended campaigns and customer lists<" in run.path("report.html").read_text()


def test_sums_at_stake_are_those_of_the_scores(run_folder: Path) -> None:
    run = open_run(run_folder)
    plans = run.read_parquet("campaigns/plans.parquet")
    scores = run.read_parquet("scores.parquet").filter("is_eligible")
    top = max(s["id"] for s in run.read_json("segmentation/segments.json"))
    falls = pl.col("next_segment_id") < pl.col("segment_id")
    best = scores.filter((pl.col("segment_id") == top) & falls)
    row = plans.filter(campaign="hold_best").to_dicts()[0]
    assert row["n"] == best.height
    if best.height >= 5:
        wanted = best["value_at_risk"].sum()
        assert row["value_at_stake"] == pytest.approx(wanted, abs=0.01 * best.height)


def test_the_backtest_population_is_that_of_the_day_of_the_last_test(run_folder: Path) -> None:
    run = open_run(run_folder)
    days = loading.load(run, "backtest_population")["as_of"].unique().cast(pl.String).to_list()
    assert days == [run.read_json("classifier/evaluation.json")["windows"][-1]["cutoff"]]
    assert set(run.read_parquet("campaigns/plans.parquet")["backtest_date"].drop_nulls()) == {*days}


def test_lists_are_written_down_and_their_assignment_is_kept(
    own_run: Path, tmp_path: Path, campaign: str
) -> None:
    first = tmp_path / "first.csv"
    made = pipeline.draw_campaign(
        own_run, CampaignRequest(campaign, first, author="Ann"), "tonight"
    )
    again = tmp_path / "again.csv"
    pipeline.draw_campaign(own_run, CampaignRequest(campaign, again, holdout_share=0.5), "tomorrow")
    one, two = (pl.read_csv(f, infer_schema=False) for f in (first, again))
    assert one.equals(two)  # all were assigned, so a larger share finds no customer
    assert sum(made["arms"].values()) == one.height
    assert made["arms"]["universal holdout"] == pytest.approx(0.1 * one.height, abs=5)
    record = json.loads(Path(made["record"]).read_text())
    assert (record["by"], record["created"], record["campaign"]) == ("Ann", "tonight", campaign)
    assert record["digest"] == open_run(own_run).manifest["digest"]
    assert one["reasons"].null_count() < one.height


def test_an_unknown_campaign_names_the_nearest(own_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no campaign named") as told:
        pipeline.draw_campaign(own_run, CampaignRequest("hold_bets", tmp_path / "list.csv"), "now")
    assert "'hold_best'" in told.value.fix
    assert not (tmp_path / "experiments").exists()


@pytest.mark.usefixtures("_no_pictures")
def test_a_finished_run_takes_another_catalogue_and_knows_running_experiments(
    own_run: Path, tmp_path: Path, campaign: str
) -> None:
    before = pipeline.list_campaigns(own_run)
    pipeline.draw_campaign(own_run, CampaignRequest(campaign, tmp_path / "list.csv"), "tonight")
    (tmp_path / "plays.toml").write_text(CALLS)
    made = pipeline.run_report(own_run, "later", campaigns=str(tmp_path / "plays.toml"))
    planned = pipeline.list_campaigns(own_run)
    everybody = made.read_parquet("scores.parquet").filter("is_eligible")
    assert planned.filter(campaign="call_all")["n"].to_list() == [everybody.height]
    others = planned.filter(pl.col("campaign") != "call_all")
    assert others.drop("rank").equals(before.drop("rank"))
    assert b"'=CALL()" in (own_run / "campaigns" / "plans.csv").read_bytes()
    assert "<small>running</small>" in made.path("report.html").read_text()


def test_a_run_whose_campaigns_were_not_planned_says_how(own_run: Path) -> None:
    with draft_run(own_run, base=open_run(own_run), replace=True) as draft:
        draft.remove("campaigns/")
        draft.publish()
    with pytest.raises(ArtifactError) as told:
        pipeline.list_campaigns(own_run)
    assert "segpredict report" in told.value.fix


@pytest.mark.parametrize(
    "asked", [{"holdout_share": 0.9}, {"holdout_share": 0.0}, {"max_customers": 0}]
)
def test_lists_that_cannot_be_are_refused(tmp_path: Path, asked: dict) -> None:
    with pytest.raises(UsageError):
        CampaignRequest("hold_best", tmp_path / "list.csv", **asked)


def test_a_list_that_cannot_be_written_is_not_recorded(own_run: Path, campaign: str) -> None:
    (own_run.parent / "file").write_text("mine")
    request = CampaignRequest(campaign, own_run.parent / "file" / "list.csv")
    with pytest.raises(UsageError, match="cannot be written"):
        pipeline.draw_campaign(own_run, request, "tonight")
    assert not (own_run.parent / "experiments").exists()


def test_no_list_without_a_record(
    own_run: Path, tmp_path: Path, campaign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "list.csv"
    with monkeypatch.context() as patch:
        patch.setattr(ExperimentLog, "append_experiment", stop)
        with pytest.raises(KeyboardInterrupt):
            pipeline.draw_campaign(own_run, CampaignRequest(campaign, out), "tonight")
    assert not out.exists()
    seen: list[bool] = []
    append = ExperimentLog.append_experiment

    def look(*given: object) -> Path:
        made = append(*given)  # type: ignore[arg-type]
        seen.extend((made.exists(), out.exists()))
        return made

    monkeypatch.setattr(ExperimentLog, "append_experiment", look)
    pipeline.draw_campaign(own_run, CampaignRequest(campaign, out), "tonight")
    assert seen == [True, False]
    assert out.exists()


def test_two_lists_at_once_exclude_each_other(own_run: Path, tmp_path: Path, campaign: str) -> None:
    log = find_experiment_logs(own_run)
    request = CampaignRequest(campaign, tmp_path / "list.csv")
    with log.lock(), pytest.raises(BusyError) as caught:
        pipeline.draw_campaign(own_run, request, "tonight")
    assert "experiments" in str(caught.value.where)
    assert not (tmp_path / "list.csv").exists()


@pytest.mark.parametrize(
    ("currency", "ids", "clause"),
    [
        ("€", [], "the currency was € and is £"),
        ("£", [f"0{i:05}" for i in range(99)], "had leading zeros and have none"),
    ],
)
def test_lists_of_other_customers_are_no_control_groups_of_these(
    own_run: Path, tmp_path: Path, campaign: str, currency: str, ids: list[str], clause: str
) -> None:
    earlier = {"format": 1, "campaign": campaign, "currency": currency}
    earlier |= dict.fromkeys(("created", "readout", "customers", "arms"), "")
    arms = pl.DataFrame({"customer_id": ids, "arm": ["treatment"] * len(ids)})
    find_experiment_logs(own_run).append_experiment(
        earlier, arms.cast({"customer_id": pl.String, "arm": pl.String})
    )
    with pytest.raises(MismatchError, match=clause):
        pipeline.draw_campaign(own_run, CampaignRequest(campaign, tmp_path / "l.csv"), "tonight")
    assert not (tmp_path / "l.csv").exists()
