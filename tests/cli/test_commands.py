"""Every command from outside: what it prints, writes and leaves with."""

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import typer
from door import Door, fits
from typer.testing import CliRunner, Result

from pictures import without_pictures
from run_hashes import verify_hashes
from segpredict.cli import demo
from segpredict.cli._config import setting
from segpredict.cli._main import COMMANDS, app
from segpredict.config.load import Config
from segpredict.core.run_folder import open_run
from segpredict.core.wording import toml_value

QUICK = (
    *("--set", "classifier.bootstrap_draws=100"),
    *("--set", "classifier.families=['rfm']"),
    *("--set", "segmentation.n_init=3"),
    *("--set", "explain.sample_rows=100"),
)


FEW = (
    *("--set", "time.test_windows=1", "--set", "classifier.baselines=['markov', 'prior']"),
    *("--set", "classifier.xgboost.learning_rate=0.3", "--set", "classifier.xgboost.max_rounds=20"),
)


@pytest.fixture(scope="module")
def told_run(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Return the folder of a quick run, and what the command said. Tests must not change it."""
    folder = tmp_path_factory.mktemp("told") / "run"
    common = ("run", "--data", str(sample_file), "--out", str(folder), *QUICK, *FEW)
    with without_pictures():
        done = CliRunner().invoke(app, [*common, "--json", "--leakage-demo", "--seed", "5"])
    return folder, done


@pytest.fixture
def own_run(run_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_its_help(segpredict: Door, command: str) -> None:
    code, out, _ = segpredict(command, "--help")
    assert code == 0
    assert "Example: segpredict" in out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns_and_names_every_option_in_full(
    segpredict: Door, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = segpredict(*command.split(), "--help")[1]
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert "<bool>" not in out
    group = typer.main.get_command(app)
    shown = group.commands[command] if command else group
    for param in shown.params:
        assert all(name in out for name in param.opts if name.startswith("--"))


@pytest.mark.parametrize(
    ("command", "first"),
    [
        ("run", ["--data", "--config", "--out"]),
        ("cluster", ["--data", "--config", "--out"]),
        ("score", ["--data", "--run", "--out"]),
        ("report", ["--run", "--format", "--out"]),
        ("explain", ["--run", "--customer", "--segment"]),
    ],
)
def test_the_options_that_are_used_most_come_first(
    segpredict: Door, command: str, first: list[str]
) -> None:
    out = segpredict(command, "--help")[1]
    listed = re.findall(r"^│[ *]+(--[\w-]+)", out, re.MULTILINE)
    assert listed[:3] == first
    assert listed[-1] == "--help"


def test_check_prints_the_ledger_and_writes_nothing(segpredict: Door, sample_file: Path) -> None:
    before = sorted(sample_file.parent.iterdir())
    code, out, err = segpredict("check", "--data", sample_file)
    assert (code, err) == (0, "")
    assert "The totals of the ledger reconcile" in out
    assert "no_customer" in out
    assert sorted(sample_file.parent.iterdir()) == before


def test_check_as_json_is_one_object_that_adds_up(segpredict: Door, sample_file: Path) -> None:
    _, out, _ = segpredict("check", "--data", sample_file, "--json")
    found = json.loads(out)
    parts = {"in": 0, "used": 0, "excluded": 0, "rejected": 0}
    for entry in found["ledger"]:
        if entry["stage"] in parts:
            parts[entry["stage"]] += entry["rows"]
    assert parts["in"] == parts["used"] + parts["excluded"] + parts["rejected"]
    assert parts["in"] == pl.read_csv(sample_file, infer_schema=False).height


@pytest.mark.slow
def test_the_single_stages_make_the_same_run_as_run(
    segpredict: Door, sample_file: Path, tmp_path: Path
) -> None:
    whole, steps = tmp_path / "whole", tmp_path / "steps"
    common = ("--data", sample_file, "--config", "online_retail", *QUICK)
    assert segpredict("run", *common, "--out", whole, "--quiet") == (0, "", "")
    assert segpredict("cluster", *common, "--out", steps)[0] == 0
    assert segpredict("train-classifier", "--run", steps)[0] == 0
    assert segpredict("explain", "--run", steps)[0] == 0
    code, out, _ = segpredict("report", "--run", steps)
    assert code == 0
    assert "report.html" in out
    one, two = open_run(whole).manifest["files"], open_run(steps).manifest["files"]
    assert one.keys() == two.keys()
    different = [name for name in one if one[name] != two[name]]
    # Page and test-set log name the minute in which they were made.
    assert set(different) <= {"classifier/test_set_log.json", "report.html"}


def test_a_run_as_json_is_one_object_and_its_leakage_demo_is_shown_in_words_too(
    segpredict: Door,
    told_run: tuple[Path, Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, done = told_run
    summary = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert summary["config"]["seed"] == 5
    assert summary["evaluation"]["pooled"]["scores"]["markov"]["n_rows"] > 0
    rows = open_run(folder).read_json("classifier/leakage_demo.json")
    wrong = next(s for s in rows if s["test"] == "same_window")
    honest = next(s for s in rows if s["is_honest"])
    assert wrong["accuracy"] > honest["accuracy"] + 0.2
    shutil.copytree(folder, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    out = segpredict("train-classifier", "--run", "run", "--leakage-demo", "--seed", 5)[1]
    assert fits(out)
    assert "LEAKAGE" in out
    assert "honest" in out


def test_scores_go_to_stdout_or_to_a_file_and_are_the_same(
    segpredict: Door, run_folder: Path, sample_file: Path, tmp_path: Path
) -> None:
    common = ("score", "--run", run_folder, "--data", sample_file)
    code, out, err = segpredict(*common)
    assert (code, err) == (0, "")
    for kind in ("csv", "parquet"):
        rows = ("--on-bad-rows", "quarantine", "--max-bad-rows", "2%")
        segpredict(*common, *rows, "--out", tmp_path / f"scores.{kind}", "--quiet")
    assert (tmp_path / "scores.csv").read_text() == out
    assert pl.read_parquet(tmp_path / "scores.parquet").equals(
        pl.read_parquet(run_folder / "scores.parquet")
    )


def test_one_customer_is_explained(segpredict: Door, run_folder: Path, tmp_path: Path) -> None:
    scores = pl.read_parquet(run_folder / "scores.parquet").filter("is_eligible")
    customer = scores["customer_id"][0]
    code, out, _ = segpredict("explain", "--run", run_folder, "--customer", customer)
    assert code == 0
    assert fits(out)
    assert f"CUSTOMER {customer}, now" in out
    assert "Probability: " in out
    asked = ("explain", "--run", run_folder, "--customer", customer)
    assert segpredict(*asked, "--plots", tmp_path / "drawn")[0] == 0
    assert (tmp_path / "drawn" / "waterfall.svg").read_bytes()
    code, _, err = segpredict("explain", "--run", run_folder, "--customer", "nobody")
    assert code == 2
    assert "nobody" in err
    assert not any(known in err for known in scores["customer_id"])


def test_a_segment_and_a_transition_are_explained_from_what_the_run_holds(
    segpredict: Door, run_folder: Path
) -> None:
    before = (run_folder / "manifest.json").read_bytes()
    drivers = pl.read_parquet(run_folder / "explain" / "transition_drivers.parquet")
    start, end = drivers.select("from_id", "to_id").row(0)
    asked = ("explain", "--run", run_folder, "--json")
    code, out, _ = segpredict(*asked, "--transition", f"{start}:{end.lower()}")
    assert code == 0
    assert {r["to_id"] for r in json.loads(out)["rows"]} == {end}
    code, out, _ = segpredict(*asked, "--segment", "inactive")
    assert {r["segment_id"] for r in json.loads(out)["rows"]} == {"S0"}
    assert (run_folder / "manifest.json").read_bytes() == before


def test_a_segment_and_a_transition_are_drawn(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    drivers = pl.read_parquet(run_folder / "explain" / "transition_drivers.parquet")
    start, end = drivers.select("from_id", "to_id").row(0)
    asked = ("explain", "--run", run_folder, "--plots", tmp_path)
    assert segpredict(*asked, "--transition", f"{start}:{end}")[0] == 0
    assert segpredict(*asked, "--segment", "inactive")[0] == 0
    out = segpredict(*asked, "--segment", "S0", "--top", 40)[1]
    assert "Days since the last purchase" in " ".join(out.split())
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {f"move_{start}_{end}.svg", "heatmap.svg"}


def test_a_wrong_question_about_reasons_says_what_can_be_asked(
    segpredict: Door, run_folder: Path
) -> None:
    asked = ("explain", "--run", run_folder)
    assert "FROM:TO" in segpredict(*asked, "--transition", "Core")[2]
    assert "Inactive" in segpredict(*asked, "--segment", "Inactives")[2]
    code, _, err = segpredict(*asked, "--segment", "S0", "--customer", "x")
    assert code == 2
    assert "Only one of" in err
    code, _, err = segpredict(*asked, "--segment", "S0", "--sample", 10)
    assert code == 2
    assert "again" in err


@pytest.mark.usefixtures("_no_pictures")
def test_a_run_is_cross_checked_on_request_and_drawn(
    segpredict: Door, told_run: tuple[Path, Result], tmp_path: Path
) -> None:
    mine, pictures = tmp_path / "run", tmp_path / "pictures"
    shutil.copytree(told_run[0], mine)
    asked = ("--refits", 1, "--sample", 60, "--plots", pictures)
    code, out, err = segpredict("explain", "--run", mine, *asked)
    assert (code, err) == (0, "")
    assert "loss: what is lost if it is shuffled" in out
    table = [line for line in out.splitlines() if re.search(r"\d %", line)]
    assert 1 < len(table) <= 12
    assert max(map(len, table)) <= 80
    assert {"bar.svg", "heatmap.svg"} <= {p.name for p in pictures.iterdir()}
    assert segpredict("report", "--run", mine)[0] == 0
    page = (mine / "report.html").read_text()
    assert "Permutation loss" in page
    # Every later reason uses the threshold that the cross-check found.
    state = json.loads((mine / "explain" / "explainer.json").read_text())
    assert state["least"]


def test_the_deck_stands_beside_the_page_and_tells_no_time(segpredict: Door, own_run: Path) -> None:
    pytest.importorskip("pptx")
    code, out, err = segpredict("report", "--run", own_run, "--format", "pptx")
    assert (code, err) == (0, "")
    assert "deck.pptx" in out
    first = open_run(own_run)
    verify_hashes(first)
    assert first.has("report.html")
    segpredict("report", "--run", own_run, "--format", "pptx", "--quiet")
    again = open_run(own_run).manifest["files"]["deck.pptx"]
    assert again == first.manifest["files"]["deck.pptx"]


def test_a_deck_goes_where_it_is_sent_and_leaves_the_run_as_it_was(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pptx")
    before = open_run(run_folder).manifest
    out = tmp_path / "slides.pptx"
    asked = ("report", "--run", run_folder, "--format", "pptx", "--out", out, "--json")
    code, told, err = segpredict(*asked)
    assert (code, err) == (0, "")
    assert json.loads(told)["deck"] == str(out.resolve())
    assert out.read_bytes()[:2] == b"PK"
    assert open_run(run_folder).manifest == before


def test_the_sample_is_the_same_for_the_same_seed(segpredict: Door, tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name
        segpredict("sample", "--customers", 50, "--seed", 9, "--out", folder, "--quiet")
    one, two = (tmp_path / n / "transactions.csv" for n in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.usefixtures("_no_pictures")
def test_the_demo_ends_by_saying_where_the_page_is(
    segpredict: Door, plain_config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "config_from_options", lambda *_, **__: plain_config)
    monkeypatch.chdir(tmp_path)
    code, out, err = segpredict("demo", "--out", "demo", "--customers", 300)
    assert code == 0
    assert fits(out)
    assert err.startswith("A simulated shop: ")
    page = next(line.split()[1] for line in out.splitlines() if line.startswith("Page "))
    assert Path(page.removeprefix("file://")).is_file()
    assert "Next     segpredict check --data" in out


def test_map_and_set_reach_their_rooms(segpredict: Door, sample_file: Path, tmp_path: Path) -> None:
    german = pl.read_csv(sample_file, n_rows=300, infer_schema=False).rename({"CustomerID": "WER"})
    german.write_csv(tmp_path / "verkauf.csv")
    common = ("check", "--data", tmp_path / "verkauf.csv")
    code, _, err = segpredict(*common)
    assert code == 5
    assert "--map customer_id=" in err
    code, out, _ = segpredict(*common, "--map", "customer_id=WER")
    assert code == 0
    assert "totals of the ledger reconcile" in out


def test_a_refit_keeps_ids_and_says_what_became_of_them(
    segpredict: Door, sample_file: Path, run_folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "again"
    code, out, err = segpredict(
        *("cluster", "--refit", run_folder, "--data", sample_file, "--out", target)
    )
    assert (code, err) == (0, "")
    assert "S1 (Occasional) is still itself (Jaccard 1.00)." in " ".join(out.split())
    old, new = open_run(run_folder), open_run(target)
    assert new.read_json("segmentation/segments.json") == old.read_json(
        "segmentation/segments.json"
    )
    assert {e["kind"] for e in new.read_json("segmentation/events.json")} == {"survive"}
    assert new.metadata["config"]["segmentation"]["n_init"] == 3
    assert new.metadata["refit_of"]["digest"] == old.manifest["digest"]


def test_a_refit_on_windows_of_another_length_is_refused(
    segpredict: Door, sample_file: Path, run_folder: Path, tmp_path: Path
) -> None:
    code, _, err = segpredict(
        *("cluster", "--refit", run_folder, "--data", sample_file),
        *("--set", "time.horizon=28", "--out", tmp_path / "again"),
    )
    assert code == 8
    assert "are measured on 91 days" in err


@pytest.mark.parametrize("path", ["C:\\new\\t.csv", 'it\'s "x".csv', "Käufer 🛒.csv"])
def test_a_setting_of_any_text_reads_as_that_text(path: str) -> None:
    name, _, value = setting("own_segments.data", path).partition("=")
    assert (name, toml_value(value)) == ("own_segments.data", path)
