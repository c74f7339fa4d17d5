"""``segpredict monitor`` and the readouts of ``segpredict campaign`` from outside."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from door import Door

from segpredict.analytics.monitoring import FIGURE_LABELS
from segpredict.core.run_folder import continue_run, open_run
from segpredict.pipeline import artifacts

DAY = pl.col("InvoiceDate").str.to_datetime()


@pytest.fixture(scope="module")
def later(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of three months later, which are those of a year before again."""
    sales = pl.read_csv(sample_file, infer_schema=False)
    since = sales.select(DAY.max().dt.date()).item() - timedelta(days=363)
    again = sales.filter(
        DAY.dt.date().is_between(since, since + timedelta(days=95)),
        ~pl.col("Quantity").str.starts_with("-"),
    ).with_columns(
        (DAY + timedelta(days=364)).dt.to_string("%Y-%m-%d %H:%M:%S").alias("InvoiceDate"),
        InvoiceNo=pl.lit("9") + pl.col("InvoiceNo"),
    )
    path = tmp_path_factory.mktemp("cli_monitor") / "later.csv"
    pl.concat([sales, again]).write_csv(path)
    return path


def test_a_run_is_judged_within_a_terminal_and_on_a_page(
    segpredict: Door, run_folder: Path, later: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(run_folder, tmp_path / "run"))
    drawn = ("campaign", "--run", run, "--campaign", "rest_dormant", "--holdout", "0.5")
    segpredict(*drawn, "--out", tmp_path / "list.csv")
    segpredict("campaign", "--run", run, "--readout", "--data", later, "--cost", "0.5")
    code, out, _ = segpredict("monitor", "--run", run, "--data", later, "--page")
    terminal, _, place = out.partition("The page: ")
    lines = terminal.splitlines()
    assert code == 0
    assert lines[0].startswith("ADVICE")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert {"FIGURES", "SKILL", "MONEY", "MIX", "GROUPS"} <= {line.split(" ")[0] for line in lines}
    assert place.strip() == (run / "monitor.html").resolve().as_uri()
    # The page shows the same, and what the campaign gained; it goes with the model it is about.
    text = open_run(run).read_bytes("monitor.html").decode()
    action = lines[0].split()[1].rstrip(":").title()
    assert f"<h3>{action}" in text
    assert text.count("<figure") == len(FIGURE_LABELS)
    assert all(label in text for label in FIGURE_LABELS.values())
    assert "Rest dormant" in text
    assert "Incremental revenue" in text
    segpredict("report", "--run", run, "--format", "bi")
    checks = pl.read_parquet(run / "bi" / "forecast_checks.parquet")
    assert checks["figure"].n_unique() == len(FIGURE_LABELS)
    assert checks["value"].null_count() == 0
    with continue_run(run) as draft:
        artifacts.remove_stages(draft, *artifacts.LATER_STAGES["train"])
        assert not draft.has("monitor.html")
        assert not draft.has("monitor.parquet")


def test_a_scheduler_reads_the_advice_by_json_and_exit_code(
    segpredict: Door, run_folder: Path, sample_file: Path
) -> None:
    asked = ("monitor", "--run", run_folder, "--data", sample_file, "--json")
    code, out, _ = segpredict(*asked, "--exit-code")
    assert (code, json.loads(out)["advice"]["action"]) == (0, "keep")
    code, out, _ = segpredict(*asked, "--exit-code", "--as-of", "2024-06-01")
    advice = json.loads(out)["advice"]
    assert (code, advice["action"]) == (12, "check data")
    assert "Data stopped on" in advice["reason"]
    assert segpredict(*asked, "--as-of", "2024-06-01")[0] == 0


def test_a_campaign_is_read_out_within_a_terminal(
    segpredict: Door, run_folder: Path, later: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(run_folder, tmp_path / "run"))
    drawn = ("campaign", "--run", run, "--campaign", "rest_dormant", "--holdout", "0.5")
    segpredict(*drawn, "--out", tmp_path / "list.csv", "--by-segment")
    asked = ("campaign", "--run", run, "--readout", "--data", later, "--cost", "0.5")
    code, out, _ = segpredict(*asked, "--margin", "0.4")
    assert code == 0
    assert out.strip().startswith("0001-rest_dormant: Share who ")
    for label in ("LOOK", "ARMS", "EFFECT", "MONEY"):
        assert label in out
    assert "ROI" in out
    assert "at margin 0.40" in " ".join(out.split())
    assert max(map(len, out.splitlines()[2:])) <= 80
    _, text, _ = segpredict(*asked, "--json")
    (readout,) = json.loads(text)["readouts"]
    assert readout["status"] == "complete"


def test_a_readout_needs_data(segpredict: Door, run_folder: Path) -> None:
    code, _, err = segpredict("campaign", "--run", run_folder, "--readout")
    assert code == 2
    assert "--data" in err


@pytest.mark.parametrize(
    "given",
    [("--cost", "2"), ("--margin", "1"), ("--readout", "--data", "s.csv", "--holdout", "0.5")],
)
def test_options_of_the_other_half_are_refused(
    segpredict: Door, run_folder: Path, given: tuple[str, ...]
) -> None:
    code, _, err = segpredict("campaign", "--run", run_folder, *given)
    assert code == 2
    assert "--readout" in err
