"""``segpredict transitions`` from outside: what is printed, written and refused."""

import json
from pathlib import Path

import polars as pl
from door import Door, fits


def test_the_transitions_of_a_run_are_printed_with_their_forecast(
    segpredict: Door, run_folder: Path
) -> None:
    code, out, err = segpredict("transitions", "--run", run_folder)
    assert (code, err) == (0, "")
    assert fits(out)
    for text in ("OBSERVED", "Lapsed", "EXPECTED", "Predicted from"):
        assert text in out
    code, out, err = segpredict("transitions", "--run", run_folder, "--verbose")
    for text in ("predicted", "entered", "Mobility", "Does the earlier segment matter?"):
        assert text in out


def test_one_table_goes_to_stdout_or_to_a_file(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    common = ("transitions", "--run", run_folder, "--table", "customers", "--segment", "Core")
    code, out, _ = segpredict(*common)
    assert code == 0
    assert out.startswith("segment_id,segment,direction,customer_id,other_segment_id,other_segment")
    for kind in ("csv", "parquet"):
        segpredict(*common, "--out", tmp_path / f"core.{kind}")
    assert (tmp_path / "core.csv").read_text() == out
    table = pl.read_parquet(tmp_path / "core.parquet")
    assert table.height == len(out.splitlines()) - 1


def test_as_json_it_is_one_object(segpredict: Door, run_folder: Path) -> None:
    _, out, _ = segpredict("transitions", "--run", run_folder, "--json")
    told = json.loads(out)
    assert set(told) == {
        *("matrix", "activity", "mobility", "markov-order", "comparison", "next"),
    }
    _, out, _ = segpredict("transitions", "--run", run_folder, "--json", "--table", "markov-order")
    assert set(json.loads(out)) == {"markov-order"}


def test_scores_of_two_days_make_transitions(
    segpredict: Door, run_folder: Path, sample_file: Path, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    common = ("score", "--run", run_folder, "--data", sample_file, "--history", history)
    for day in ("2023-09-01", "2023-12-01"):
        code, out, err = segpredict(*common, "--as-of", day)
        assert code == 0
        assert out.startswith("customer_id,as_of")
        assert f"History: {day} added" in err
    kept = sorted(path.name for path in history.iterdir())
    _, _, err = segpredict(*common, "--as-of", day)
    assert "nothing added" in err
    assert sorted(path.name for path in history.iterdir()) == kept
    days = ("--from", "2023-09-01", "--to", "2023-12-01")
    code, out, err = segpredict("transitions", "--history", history, *days)
    assert (code, err) == (0, "")
    assert "From the window before 2023-09-01 to 2023-12-01" in out
    code, _, err = segpredict("transitions", "--history", history, *days, "--table", "markov-order")
    assert code == 2
    assert "no table markov-order" in err


def test_options_that_do_not_go_together_are_refused(
    segpredict: Door, run_folder: Path, tmp_path: Path
) -> None:
    refused = [
        ("--run", run_folder, "--to", "2023-12-01"),
        ("--history", tmp_path, "--from", "2023-09-01"),
        ("--run", run_folder, "--out", tmp_path / "moves.csv"),
        ("--run", run_folder, "--table", "customers", "--out", tmp_path / "moves.txt"),
    ]
    for options in refused:
        code, _, err = segpredict("transitions", *options)
        assert code == 2, options
        assert "Fix:" in err
