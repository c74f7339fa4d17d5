"""What the command line says when it cannot: one line, a code, an exit code, a fix."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from door import Door

HEADER = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
ROW = "1,22423,2,2022-01-03 10:00,1.50,17850\n"


def refused(answer: tuple[int, str, str]) -> tuple[int, str]:
    code, _, err = answer
    assert err.startswith("error[SP-")
    assert " Fix: " in err
    assert "Traceback" not in err
    return code, err


def test_a_missing_file_leaves_with_4(segpredict: Door, tmp_path: Path) -> None:
    (tmp_path / "sales_2011.csv").write_text(HEADER + ROW)
    code, err = refused(segpredict("check", "--data", tmp_path / "sale_2011.csv"))
    assert code == 4
    assert f"Did you mean '{tmp_path}/sales_2011.csv'?" in err


def test_a_missing_file_does_not_list_the_files_of_its_folder(
    segpredict: Door, tmp_path: Path
) -> None:
    (tmp_path / "letters.csv").write_text(HEADER + ROW)
    _, err = refused(segpredict("check", "--data", tmp_path / "sale_2011.csv"))
    assert "letters" not in err
    assert f'looked for in "{tmp_path}"' in err
    _, err = refused(segpredict("check", "--data", "x.csv", "--config", tmp_path / "shop.toml"))
    assert "amazon" not in err


def test_of_many_names_only_the_nearest_are_listed(segpredict: Door, sample_file: Path) -> None:
    zone = ("--set", "cleaning.timezone='Mars/Olympus'")
    _, err = refused(segpredict("check", "--data", sample_file, *zone))
    assert "the nearest are " in err
    assert err.count("/") < 8


@pytest.mark.parametrize("text", ["", HEADER])
def test_a_file_without_rows_leaves_with_4_or_6(
    segpredict: Door, tmp_path: Path, text: str
) -> None:
    (tmp_path / "empty.csv").write_text(text)
    out = tmp_path / "run"
    code, _ = refused(segpredict("run", "--data", tmp_path / "empty.csv", "--out", out))
    assert code in (4, 6)
    assert not out.exists()


def test_too_little_history_leaves_with_6_and_writes_nothing(
    segpredict: Door, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_text(HEADER + ROW)
    out = tmp_path / "run"
    code, _ = refused(segpredict("run", "--data", tmp_path / "one.csv", "--out", out))
    assert code == 6
    assert [path.name for path in tmp_path.iterdir()] == ["one.csv"]


def test_a_cell_that_is_no_number_leaves_with_5_and_is_named(
    segpredict: Door, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(HEADER + ROW + ROW.replace("1.50", "free"))
    code, err = refused(segpredict("check", "--data", bad))
    assert code == 5
    for part in ("bad.csv", "row 3", "price", '"free"', "quarantine"):
        assert part in err
    code, out, _ = segpredict(
        *("check", "--data", bad, "--on-bad-rows", "quarantine"),
        *("--max-bad-rows", "60%", "--json"),
    )
    rejected = [e for e in json.loads(out)["ledger"] if e["stage"] == "rejected"]
    assert code == 0
    assert sum(e["rows"] for e in rejected) == 1


def test_an_unknown_setting_leaves_with_3_and_the_nearest_name(
    segpredict: Door, sample_file: Path
) -> None:
    answer = segpredict("check", "--data", sample_file, "--set", "time.horizn=28")
    code, err = refused(answer)
    assert code == 3
    assert "'horizon'" in err


def test_a_setting_of_the_wrong_kind_leaves_with_3(segpredict: Door, sample_file: Path) -> None:
    answer = segpredict("check", "--data", sample_file, "--set", "time.horizon=soon")
    code, err = refused(answer)
    assert code == 3
    assert "time.horizon" in err


def test_a_folder_in_the_way_leaves_with_11(
    segpredict: Door, sample_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    code, _ = refused(segpredict("run", "--data", sample_file, "--out", tmp_path))
    assert code == 11
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_folder_without_a_run_leaves_with_7(segpredict: Door, tmp_path: Path) -> None:
    for command in ("train-classifier", "explain", "report"):
        code, err = refused(segpredict(command, "--run", tmp_path / "none"))
        assert code == 7
        assert "segpredict run" in err


def test_usage_errors_leave_with_2(segpredict: Door, sample_file: Path) -> None:
    assert segpredict("run")[0] == 2
    assert segpredict("nonsense")[0] == 2
    assert segpredict("check", "--data", sample_file, "--set", "x")[0] == 2
    code, out, _ = segpredict("check", "--bogus", "--json")
    assert code == json.loads(out)["error"]["exit"] == 2
    assert segpredict("score", "--data", sample_file, "--out", "scores.xlsx")[0] == 2


def test_an_error_as_json_is_one_object_on_stdout(segpredict: Door, tmp_path: Path) -> None:
    code, out, _ = segpredict("check", "--data", tmp_path / "none.csv", "--json")
    told = json.loads(out)["error"]
    assert code == told["exit"] == 4
    assert {"code", "message", "fix", "file", "row", "column", "value"} <= told.keys()


def test_a_bug_leaves_with_1_and_shows_no_data(
    segpredict: Door, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("S3CR3T customer 17850")

    monkeypatch.setattr("segpredict.data.readers.read_raw_lines", broken)
    code, err = refused(segpredict("check", "--data", sample_file))
    assert code == 1
    assert "crash id" in err
    assert "S3CR3T" not in err


def test_scores_before_the_data_begin_leave_with_8(
    segpredict: Door, run_folder: Path, sample_file: Path
) -> None:
    answer = segpredict(
        *("score", "--run", run_folder, "--data", sample_file),
        *("--as-of", "2001-01-01"),
    )
    code, err = refused(answer)
    assert code in (6, 8)
    assert "2001" in err or "as-of" in err or "as_of" in err


def test_a_formula_as_an_id_is_disarmed_in_csv(
    segpredict: Door, run_folder: Path, sample_file: Path, tmp_path: Path
) -> None:
    lines = pl.read_csv(sample_file, infer_schema=False)
    first = lines["CustomerID"].drop_nulls()[0]
    evil = "=cmd|' /C calc'!A0"
    hostile = lines.with_columns(pl.col("CustomerID").replace(first, evil))
    hostile.write_csv(tmp_path / "hostile.csv")
    _, out, _ = segpredict("score", "--run", run_folder, "--data", tmp_path / "hostile.csv")
    rows = [line for line in out.splitlines() if "cmd|" in line]
    assert rows
    assert all(line.startswith("'=cmd") for line in rows)


@pytest.mark.parametrize("option", ["--html", "--write-config"])
def test_a_file_that_cannot_be_written_names_its_own_option(
    segpredict: Door, tmp_path: Path, option: str
) -> None:
    (tmp_path / "taken").write_text(HEADER + ROW)
    out = tmp_path / "taken" / "file"
    _, err = refused(segpredict("check", "--data", tmp_path / "taken", option, out))
    assert f"choose another {option}." in err


def test_plots_and_histories_that_cannot_be_written_name_their_options(
    segpredict: Door, run_folder: Path, sample_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    place = tmp_path / "taken" / "folder"
    given = ("--data", sample_file, "--history", place)
    _, err = refused(segpredict("score", "--run", run_folder, *given))
    assert "choose another --history." in err
    who = pl.read_parquet(run_folder / "scores.parquet").filter("is_eligible")["customer_id"][0]
    for target in (("--segment", "S1"), ("--customer", who)):
        answer = segpredict("explain", "--run", run_folder, *target, "--plots", place)
        _, err = refused(answer)
        assert "choose another --plots." in err


def test_a_sample_is_a_folder_and_says_so(segpredict: Door, tmp_path: Path) -> None:
    _, err = refused(segpredict("sample", "--customers", 50, "--out", tmp_path / "x.parquet"))
    assert f"--out {tmp_path / 'x'}." in err
    (tmp_path / "taken").write_text("mine")
    for out in (tmp_path / "taken", tmp_path / "taken" / "x"):
        code, err = refused(segpredict("sample", "--customers", 50, "--out", out))
        assert code == 2
        assert "choose another --out." in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_stdout_is_told_and_is_no_bug(tmp_path: Path, more: list[str]) -> None:
    asked = ["sample", "--customers", "20", "--out", str(tmp_path / "shop"), *more]
    command = [sys.executable, "-m", "segpredict", *asked]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 10
    assert done.stderr.count("error[SP-R001]") == 1
    assert "standard output" in done.stderr


def test_brackets_in_a_folder_of_data_stand_for_themselves(
    segpredict: Door, tmp_path: Path
) -> None:
    for name, rows in (("shop[1]", 1), ("shop1", 3)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sales.csv").write_text(HEADER + ROW * rows)
    for data in ("shop[1]", "shop[1]/sales.csv", "shop[1]/*.csv"):
        _, out, _ = segpredict("check", "--data", tmp_path / data, "--json")
        assert [each["rows"] for each in json.loads(out)["files"]] == [1], data
