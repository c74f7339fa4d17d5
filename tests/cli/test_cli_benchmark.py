"""`segpredict benchmark` and `segpredict fetch` at the door."""

import json
from pathlib import Path

import pytest
from door import Door

QUICK = (
    *("--set", "classifier.draws=100", "--set", "segments.n_init=3"),
    *("--set", "classifier.baselines=['markov', 'prior']"),
    *("--set", "classifier.families=['rfm']"),
)


@pytest.fixture
def asked(sample_file: Path) -> tuple[object, ...]:
    data = f"online_retail={sample_file}"
    return ("--data", data, "--world", "or2_like", "--customers", 300, *QUICK)


def test_the_benchmark_writes_every_table_and_the_docs(
    segpredict: Door, asked: tuple[object, ...], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Before\n<!-- benchmark: begin -->\noutworn\n<!-- benchmark: end -->\nafter\n"
    )
    out = tmp_path / "out"
    code, said, err = segpredict(
        "benchmark", *asked, "--out", out, "--write", page, "--json"
    )
    assert (code, err) == (0, "")
    told = json.loads(said)
    names = {(row["data"], row["forecaster"]) for row in told["scores"]}
    assert {("online_retail", "markov"), ("or2_like", "oracle")} <= names
    windows = {row["window"] for row in told["scores"] if row["data"] == "or2_like"}
    assert len(windows) == 4
    assert "pooled" in windows
    markov = next(r for r in told["scores"] if r["forecaster"] == "markov")
    assert (markov["skill"], markov["less"]) == (0.0, None)
    gap = next(r for r in told["oracle"] if r["forecaster"] == "markov")
    assert gap["gap"] > 3 * gap["gap_se"]
    tests = [row["test"] for row in told["leaks"]]
    assert tests == ["same_window", "random_rows", "grouped_customers", "honest"]
    assert {p.name for p in out.iterdir()} == {
        *("benchmark.md", "benchmark.json", "facts.csv", "scores.csv"),
        *("oracle.csv", "leaks.csv"),
    }
    text = page.read_text()
    assert text.startswith("# Before\n<!-- benchmark: begin -->\n\n### What takes part")
    assert text.endswith("<!-- benchmark: end -->\nafter\n")
    assert "outworn" not in text
    assert (out / "benchmark.md").read_text().strip() in text


def test_a_contest_on_nothing_says_what_to_name(segpredict: Door) -> None:
    code, _, err = segpredict("benchmark", "--world", "none")
    assert code == 2
    assert "--folder" in err


def test_a_page_without_marks_is_left_alone(segpredict: Door, tmp_path: Path) -> None:
    from segpredict import benchmark
    from segpredict.errors import UsageError

    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(UsageError, match="no place"):
        benchmark.insert(page, "table")
    assert page.read_text() == "nothing"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--data", "cdnow"), 2, "NAME=PATH"),
        (("--data", "nopreset=x.csv"), 3, "nopreset"),
        (("--world", "mars"), 3, "mars"),
        (("--folder", "nowhere"), 4, "nowhere"),
    ],
)
def test_a_benchmark_of_what_is_not_there_stops_at_once(
    segpredict: Door, arguments: tuple[str, ...], code: int, word: str
) -> None:
    found, _, err = segpredict("benchmark", *arguments)
    assert found == code
    assert word in err


def test_data_sets_laid_out_by_fetch_are_found(tmp_path: Path) -> None:
    from segpredict import benchmark

    (tmp_path / "cdnow").mkdir()
    (tmp_path / "cdnow" / "CDNOW_master.txt").write_text("x")
    (entry,) = benchmark.laid_out(tmp_path)
    assert entry.name == "cdnow"
    assert entry.config.cleaning.currency == "$"


def test_fetch_without_a_name_lists_owners_and_licences(segpredict: Door) -> None:
    code, out, _ = segpredict("fetch")
    assert code == 0
    for word in ("online_retail_ii", "cdnow", "CC BY 4.0", "archive.ics.uci.edu"):
        assert word in out


def test_fetch_of_an_unknown_name_says_which_there_are(segpredict: Door) -> None:
    code, _, err = segpredict("fetch", "cdnaw")
    assert code == 3
    assert "cdnow" in err
