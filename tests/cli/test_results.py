"""What is printed of a run: few lines, of the page's figures, for people and for pipes."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from door import Door, fits

from segpredict.cli import _results as results
from segpredict.cli._output import Output
from segpredict.cli._stages import StageClock
from segpredict.core.run_folder import open_run
from segpredict.pipeline.exports import report_input
from segpredict.report import ReportInput

LABELS = ("DATA", "SEGMENTS", "MODEL", "DRIVERS", "VALUE", "ACTIONS", "TIME", "Page", "Files")


@pytest.fixture
def clock() -> StageClock:
    found = StageClock(print)
    found.seconds = {"reading and cleaning": 12.25, "explaining": 100.0, "a": 1.0, "b": 2.0}
    return found


@pytest.fixture
def page(run_folder: Path) -> ReportInput:
    return report_input(open_run(run_folder))


def test_a_run_is_told_in_40_lines_of_80_columns(
    run_folder: Path,
    clock: StageClock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(run_folder.parent)
    results.show_results(Output(), open_run(Path(run_folder.name)), clock=clock)
    said = capsys.readouterr()
    assert fits(said.out)
    assert said.err == ""
    # The demo has a line more, and there may be as many segments as are listed.
    listed = len(open_run(run_folder).read_json("segmentation/segments.json"))
    assert len(said.out.splitlines()) + 1 + results.MAX_SEGMENTS - listed <= 40
    assert all(re.search(rf"^{label} ", said.out, re.MULTILINE) for label in LABELS)
    assert "115.2 s (longest: explaining, 100.0 s)" in said.out
    assert "Next     segpredict campaign --run run\n" in said.out
    assert not re.search(r" +$", said.out, re.MULTILINE)


def test_money_has_the_currency_and_thousands_of_the_page(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.show_results(Output(), open_run(run_folder), [results.show_data, results.show_value])
    said = capsys.readouterr().out
    amount = r"£\d{1,3}(,\d{3})*(\.\d\d)?"
    assert re.search(rf"[\d,]+ of [\d,]+ rows used \(\d+\.\d %\), {amount} of {amount}\n", said)
    assert re.search(rf"expected revenue {amount}", said)
    assert len(re.findall(amount, said)) >= 6


def test_a_long_list_of_segments_is_cut_and_keeps_the_inactive(
    page: ReportInput, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "MAX_SEGMENTS", 3)
    results.show_forecast(Output(), page)
    said = " ".join(capsys.readouterr().out.split())
    assert "Inactive" in said
    assert "Occasional" not in said
    assert "; 1 more with --verbose)" in said


def test_a_long_address_gives_way_to_the_path(tmp_path: Path) -> None:
    short, long = tmp_path / "a", tmp_path / ("b" * 80)
    assert results._address(long) == str(long)
    assert results._address(Path("/r/page.html")) == "file:///r/page.html"
    assert results._address(short) in (short.as_uri(), str(short))


def test_where_customers_must_not_be_shown_none_is_named(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = set(pl.read_parquet(run_folder / "scores.parquet")["customer_id"])
    run = open_run(run_folder)
    results.show_results(Output(verbose=True), run)
    assert "--customer" in capsys.readouterr().out
    hidden = report_input(run, customers=False)
    monkeypatch.setattr(results, "report_input", lambda _: replace(hidden, lists=()))
    results.show_results(Output(verbose=True), run)
    said = capsys.readouterr().out
    assert "--customer" not in said
    assert not known & set(re.findall(r"\b\d{5}\b", said))


def test_every_table_is_printed_on_request_and_nothing_where_output_is_silent(
    run_folder: Path, page: ReportInput, capsys: pytest.CaptureFixture[str]
) -> None:
    run = open_run(run_folder)
    results.show_results(Output(verbose=True), run)
    said = capsys.readouterr().out
    told = " ".join(said.split())
    for text in ("Model performance", "Prediction sets", "Data quality", "Business KPIs", "Notes"):
        assert text in told
    assert all(" ".join(note.split()[:3]) in told for note in page.warnings)
    assert "\x1b" not in said
    for silent in (Output(as_json=True, verbose=True), Output(quiet=True)):
        results.show_results(silent, run)
    assert capsys.readouterr() == ("", "")


def test_no_colour_is_respected(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    results.show_results(Output(verbose=True), open_run(run_folder), [results.show_drivers])
    said = capsys.readouterr().out
    assert "\x1b[1m" in said
    assert not re.search(r"\x1b\[[\d;]*\b[349]\d", said)


@pytest.mark.parametrize("command", ["campaign", "transitions"])
def test_commands_that_read_a_run_fit_too(segpredict: Door, run_folder: Path, command: str) -> None:
    code, out, err = segpredict(command, "--run", run_folder)
    assert (code, err) == (0, "")
    assert fits(re.sub(r"^Next .*\n", "", out, flags=re.MULTILINE))


@pytest.mark.parametrize("more", ["--verbose", "--table customers"])
def test_a_pipe_that_is_closed_early_is_no_error(run_folder: Path, more: str) -> None:
    command = f"{sys.executable} -m segpredict transitions --run {run_folder} {more} | head -1"
    shell = [shutil.which("bash") or "bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_scores_on_a_terminal_are_the_first_customers(
    segpredict: Door, run_folder: Path, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    code, out, _ = segpredict("score", "--run", run_folder, "--data", sample_file)
    assert code == 0
    assert fits(re.sub(r"\x1b\[[\d;]*m", "", out))
    assert "customers; all of them: --out or a pipe" in out
    assert "£" in out
