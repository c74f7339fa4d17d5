"""The contest from its command line to its tables, pages and challengers."""

import json
from pathlib import Path

import pytest

from contest import challengers
from contest.contest import fetched
from contest.page import insert
from contest.run import main
from segpredict.errors import UsageError

QUICK = (
    *("--set", "classifier.bootstrap_draws=100", "--set", "segmentation.n_init=3"),
    *("--set", "classifier.baselines=['markov', 'prior']"),
    *("--set", "classifier.families=['rfm']", "--set", "time.test_windows=1"),
    *("--set", "classifier.xgboost.learning_rate=0.3", "--set", "classifier.xgboost.max_rounds=20"),
)


def test_the_contest_writes_every_table_and_the_docs(
    sample_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, out = tmp_path / "page.md", tmp_path / "out"
    page.write_text(
        "# Before\n<!-- benchmark: begin -->\noutworn\n<!-- benchmark: end -->\nafter\n"
    )
    given = ["--data", f"online_retail={sample_file}", "--world", "or2_like"]
    given += ["--customers", "300", *QUICK, "--out", str(out), "--write", str(page)]
    main(given)
    tables = json.loads((out / "benchmark.json").read_text())
    names = {(row["data"], row["forecaster"]) for row in tables["scores"]}
    assert {("online_retail", "markov"), ("or2_like", "oracle")} <= names
    windows = {row["window"] for row in tables["scores"] if row["data"] == "or2_like"}
    assert len(windows) == 2
    assert "pooled" in windows
    markov = next(r for r in tables["scores"] if r["forecaster"] == "markov")
    assert (markov["skill"], markov["less"]) == (0.0, None)
    gap = next(r for r in tables["oracle"] if r["forecaster"] == "markov")
    assert gap["gap"] > 3 * gap["gap_se"]
    tests = [row["test"] for row in tables["leaks"]]
    assert tests == ["same_window", "random_rows", "grouped_customers", "honest"]
    assert {p.name for p in out.iterdir()} == {
        *("benchmark.md", "benchmark.json", "facts.csv", "scores.csv"),
        *("oracle.csv", "leaks.csv", "gaps.csv"),
    }
    text = page.read_text()
    assert text.startswith("# Before\n<!-- benchmark: begin -->\n\n### What takes part")
    assert text.endswith("<!-- benchmark: end -->\nafter\n")
    assert "outworn" not in text
    assert (out / "benchmark.md").read_text() == capsys.readouterr().out
    assert (out / "benchmark.md").read_text().strip() in text


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--world", "none"), 2, "--folder"),
        (("--data", "cdnow"), 2, "NAME=PATH"),
        (("--data", "nopreset=x.csv"), 3, "nopreset"),
        (("--world", "mars"), 3, "mars"),
        (("--folder", "nowhere"), 4, "nowhere"),
    ],
)
def test_a_contest_on_what_is_not_there_stops_at_once(
    arguments: tuple[str, ...], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == code
    assert word in capsys.readouterr().err


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(UsageError, match="no place"):
        insert(page, "table")
    assert page.read_text() == "nothing"


def test_data_sets_laid_out_by_fetch_are_found(tmp_path: Path) -> None:
    (tmp_path / "cdnow").mkdir()
    (tmp_path / "cdnow" / "CDNOW_master.txt").write_text("x")
    (found,) = fetched(tmp_path)
    assert found.name == "cdnow"
    assert found.config.cleaning.currency == "$"


@pytest.mark.parametrize("part", challengers.CHALLENGERS, ids=lambda part: part.name)
def test_a_challenger_gives_every_customer_probabilities(
    part, small, monkeypatch: pytest.MonkeyPatch
) -> None:
    if part not in challengers.installed():
        pytest.skip("its library is not installed")
    monkeypatch.setattr(challengers, "ROUNDS", 10)
    training_data = small.training_data()
    forecaster = part.fit(training_data)
    found = forecaster.predict_proba(training_data.rows)
    assert found.shape == (training_data.rows.height, training_data.n_classes)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (part.fit(training_data).predict_proba(training_data.rows) == found).all()
