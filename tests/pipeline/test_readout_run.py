"""A list drawn from a run is read out from newer data, months later."""

import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from segpredict import pipeline
from segpredict.analytics.campaigns import (
    CampaignReadout,
    ReadoutCosts,
    evidence_status,
    find_experiment_logs,
)
from segpredict.core.run_folder import open_run
from segpredict.errors import ArtifactError, MismatchError, UnknownNameError, UsageError
from segpredict.pipeline import CampaignRequest, ReadoutRequest, loading
from segpredict.pipeline.readout import _contacted
from segpredict.scoring.new_data import NewData

DAY = pl.col("InvoiceDate").str.to_datetime()
BOUGHT = ~pl.col("Quantity").str.starts_with("-")  # returns would undo earlier orders
YEAR = timedelta(days=364)


@pytest.fixture(scope="module")
def drawn(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of a run with a list of its largest campaign, in two arms."""
    folder = tmp_path_factory.mktemp("readout")
    run = Path(shutil.copytree(run_folder, folder / "run"))
    name = pipeline.list_campaigns(run).sort("n", descending=True)["campaign"][0]
    request = CampaignRequest(name, folder / "list.csv", holdout_share=0.5, by_segment=True)
    pipeline.draw_campaign(run, request, "that day")
    return run


@pytest.fixture(scope="module")
def later(drawn: Path, sample_file: Path) -> Path:
    """Return the data of a quarter later: last year's again, and an order of most treated."""
    sales = pl.read_csv(sample_file, infer_schema=False)
    end = sales.select(DAY.max()).item()
    since = end.date() - YEAR
    again = sales.filter(
        DAY.dt.date().is_between(since + timedelta(days=1), since + timedelta(days=100)), BOUGHT
    ).with_columns(
        (DAY + YEAR).dt.to_string("%Y-%m-%d %H:%M:%S").alias("InvoiceDate"),
        InvoiceNo=pl.lit("9") + pl.col("InvoiceNo"),
    )
    listed = pl.read_csv(drawn.parent / "list.csv", infer_schema=False)
    treated = listed.filter(arm="treatment")["customer_id"].sort()
    chosen = treated.gather_every(2)
    planted = (
        sales.head(1)
        .select(pl.all().repeat_by(len(chosen)).explode())
        .with_columns(
            CustomerID=chosen,
            InvoiceNo=pl.int_range(len(chosen)).cast(pl.String).str.zfill(5).str.pad_start(7, "8"),
            InvoiceDate=pl.lit((end + timedelta(days=10)).strftime("%Y-%m-%d %H:%M:%S")),
            Quantity=pl.lit("10"),
        )
    )
    path = drawn.parent / "later.csv"
    pl.concat([sales, again, planted]).write_csv(path)
    return path


def read(run: Path, *data: Path, **change: object) -> tuple[CampaignReadout, ...]:
    request = ReadoutRequest(NewData([str(path) for path in data]), **change)  # type: ignore[arg-type]
    return pipeline.read_out_campaigns(run, request, "now")


def test_a_planted_effect_is_read_from_the_record_and_new_data(drawn: Path, later: Path) -> None:
    contacted = drawn.parent / "sent.csv"
    listed = pl.read_csv(drawn.parent / "list.csv", infer_schema=False)
    listed.filter(arm="treatment").select("customer_id").head(30).write_csv(contacted)
    (found,) = read(drawn, later, contacted=contacted, costs=ReadoutCosts(1.0, 0.5))
    assert found.status == "complete"
    assert found.treatment.assigned == listed.filter(arm="treatment").height
    assert found.treatment.contacted == 30
    assert found.control.contacted == 0
    main = next(e for e in found.effects if e.outcome == "orders")
    assert main.adjusted.low < 0.5 < main.adjusted.high
    assert main.adjusted.low > 0
    assert found.returns is not None
    assert found.returns.cost == 30.0
    assert {effect.group for effect in found.segments}

    # It is on record, and the page says it.
    log = find_experiment_logs(drawn)
    (saved,) = log.read_readouts(found.record)
    assert saved["sentence"] == found.sentence
    (record,) = log.with_results()
    evidence = evidence_status(record["campaign"], [record])
    assert evidence == ("tested", f"tested: {found.sentence.rstrip('.')}")
    read(drawn, later, contacted=contacted, costs=ReadoutCosts(1.0, 0.5))
    assert len(log.read_readouts(found.record)) == 1  # the same question again is no new look


def test_the_forecasts_of_the_day_are_on_record(drawn: Path) -> None:
    log = find_experiment_logs(drawn)
    (name,) = log.named_records()
    customers = log.assigned_customers(name)
    scores = loading.load(open_run(drawn), "scores")
    both = customers.join(scores, on="customer_id", how="left", suffix="_scored")
    assert both.height == customers.height
    assert (both["expected_value"] == both["expected_value_scored"]).all()
    assert (both["p_purchase"] == 1 - both["p_inactive"]).all()


def test_an_early_look_is_declared_and_older_data_are_refused(
    drawn: Path, sample_file: Path, later: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(drawn, tmp_path / "run"))
    shutil.copytree(drawn.parent / "experiments", tmp_path / "experiments")
    shutil.rmtree(tmp_path / "experiments" / "readouts", ignore_errors=True)
    sales = pl.read_csv(later, infer_schema=False)
    start = pl.read_csv(sample_file, infer_schema=False).select(DAY.max()).item()
    half, third = tmp_path / "half.csv", tmp_path / "third.csv"
    sales.filter(start + timedelta(days=46) > DAY).write_csv(half)
    sales.filter(start + timedelta(days=30) > DAY).write_csv(third)
    (early,) = read(run, half)
    assert early.status == "early"
    assert early.look is not None
    assert 0 < early.look.alpha < 0.01
    with pytest.raises(UsageError, match="was read before"):
        read(run, third)
    (last,) = read(run, later)
    assert last.look is not None
    assert last.look.number == 2
    assert early.look.alpha + last.look.alpha == pytest.approx(0.05)
    assert evidence_status(last.campaign, find_experiment_logs(run).with_results())[0] == "tested"


def test_data_that_begin_after_the_window_are_refused(
    drawn: Path, later: Path, tmp_path: Path
) -> None:
    sales = pl.read_csv(later, infer_schema=False)
    newest = tmp_path / "newest.csv"
    sales.filter(sales.select(DAY.max()).item() - timedelta(days=50) < DAY).write_csv(newest)
    with pytest.raises(MismatchError, match="after the outcome window"):
        read(drawn, newest)


def test_without_a_record_there_is_nothing_to_read(run_folder: Path, sample_file: Path) -> None:
    with pytest.raises(ArtifactError, match="no experiment on record"):
        read(run_folder, sample_file)


def test_a_campaign_that_was_never_drawn_names_those_on_record(
    drawn: Path, sample_file: Path
) -> None:
    with pytest.raises(UnknownNameError, match="no campaign on record named"):
        read(drawn, sample_file, campaign="nothing")


def test_a_file_of_contacts_that_cannot_be_read_is_named(drawn: Path, later: Path) -> None:
    with pytest.raises(UsageError, match=r"sent\.csv"):
        read(drawn, later, contacted=drawn.parent / "no" / "sent.csv")


def test_the_universal_holdout_of_a_record_holds_in_the_next_run(drawn: Path) -> None:
    log = find_experiment_logs(drawn)
    (record,) = log.read_records()
    held = pl.read_parquet(log.folder / record["universal_holdout"]["file"], glob=False)
    assert set(log.earlier_arms()["*"]) == set(held["customer_id"])
    saved = loading.load(open_run(drawn), "universal_holdout").filter("is_universal")
    assert set(saved["customer_id"]) == set(held["customer_id"])


@pytest.mark.parametrize(
    "text", ["customer_id;n\n{id};a\n", "n,id\n1,{id}\n", "customer_id\nnobody\n"]
)
def test_contacts_that_would_be_misread_are_refused(
    drawn: Path, later: Path, tmp_path: Path, text: str
) -> None:
    one = pl.read_csv(drawn.parent / "list.csv", infer_schema=False)["customer_id"][0]
    path = tmp_path / "sent.csv"
    path.write_text(text.format(id=one))
    with pytest.raises(UsageError, match=r"None of the contacted|none is customer_id"):
        read(drawn, later, contacted=path)


def test_ids_of_contacts_are_read_as_those_of_orders(tmp_path: Path) -> None:
    floats, bare, lists = (tmp_path / name for name in ("f.parquet", "bare.csv", "l.parquet"))
    pl.DataFrame({"customer_id": [10.0, 11.0]}).write_parquet(floats)
    bare.write_text("10.0\n 11\n")
    pl.DataFrame({"customer_id": [[1], [2]]}).write_parquet(lists)
    assert {"10", "11"} <= set(_contacted(floats)) & set(_contacted(bare))
    with pytest.raises(UsageError, match="cannot be read"):
        _contacted(lists)


def test_customers_of_other_lists_in_the_same_days_are_counted(
    drawn: Path, later: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(drawn, tmp_path / "run"))
    shutil.copytree(drawn.parent / "experiments", tmp_path / "experiments")
    log = find_experiment_logs(run)
    ((name, record),) = log.named_records().items()
    treated = log.assigned_customers(name).filter(arm="treatment").head(7)
    log.append_experiment({**record, "campaign": "other"}, treated)
    (found,) = read(run, later, campaign=record["campaign"])
    assert any(note.startswith("7 of the treatment arm and 0 of") for note in found.notes)


def test_where_one_readout_is_refused_no_look_is_spent(
    drawn: Path, later: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(drawn, tmp_path / "run"))
    shutil.copytree(drawn.parent / "experiments", tmp_path / "experiments")
    shutil.rmtree(tmp_path / "experiments" / "readouts", ignore_errors=True)
    log = find_experiment_logs(run)
    ((name, record),) = log.named_records().items()
    long_ago = {**record, "campaign": "other", "outcome_from": "1999-01-01"}
    log.append_experiment(long_ago, log.assigned_customers(name))
    with pytest.raises(MismatchError):
        read(run, later)
    assert log.read_readouts(name) == []
