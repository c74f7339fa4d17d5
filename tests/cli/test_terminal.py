"""What is printed is only read: no text of the data gives a terminal orders."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from segpredict.cli import _main
from segpredict.cli._output import Output
from segpredict.cli._results import show_data, show_model, show_results
from segpredict.cli._stages import StageClock
from segpredict.core.run_folder import draft_run, encode_json, open_run
from segpredict.report import ReportInput

ORDER = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\u202e"
MARKUP = "[bold]x[/] [/nothing] :smile:"
CALM = "�[31mred�]0;title��2J��"


def test_a_table_shows_names_as_they_are_wherever_they_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {f"{ORDER}{MARKUP}": f"{ORDER}{MARKUP}"}
    Output().print_table(MARKUP, [row], note=MARKUP)
    said = capsys.readouterr().out
    assert said.count(MARKUP) == 4
    assert said.count(CALM) == 2
    assert "\x1b" not in said


def test_what_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Output().print_line(f"Customer {ORDER}\nnote: all is well {MARKUP}.")
    Output().print_note("one\ntwo")
    said = capsys.readouterr()
    assert said.out == f"Customer {CALM} note: all is well {MARKUP}.\n"
    assert said.err == "one two\n"


def test_json_keeps_every_value_and_holds_no_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output(as_json=True).print_json({"id": ORDER, "file": "caf\udce9"})
    said = capsys.readouterr().out
    assert said.rstrip("\n").isprintable()
    assert json.loads(said) == {"id": ORDER, "file": "caf\udce9"}


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, CALM), (False, ORDER)])
def test_data_go_to_a_pipe_as_they_are_and_to_a_terminal_without_orders(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
    shown: str,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    Output().print_data(f"id\n{ORDER}\n")
    assert capsys.readouterr().out == f"id\n{shown}\n"


def test_an_error_is_one_line_without_orders(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _main._print_error({"code": "SP-D002", "message": f"{ORDER}\nerror[X] y.", "fix": "z."})
    assert capsys.readouterr().err == f"error[SP-D002] {CALM} error[X] y. Fix: z.\n"


def test_a_table_that_fails_does_not_fail_a_finished_run(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_output: Output, _page: ReportInput) -> None:
        raise TypeError("Ann Smith")

    show_results(Output(), open_run(run_folder), [fail, show_data])
    said = capsys.readouterr()
    assert "warning: a part of the results could not be printed (TypeError at test_term" in said.err
    assert "Ann" not in said.err
    assert "DATA" in said.out


def test_figures_that_are_not_defined_are_dashes(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with draft_run(tmp_path / "run", base=open_run(run_folder)) as draft:
        evaluation = draft.read_json("classifier/evaluation.json")
        evaluation["pooled"]["scores"]["markov"]["ece"] = None
        draft.write("classifier/evaluation.json", encode_json(evaluation))
        made = draft.publish()
    show_results(Output(verbose=True), made, [show_model])
    said = capsys.readouterr().out
    assert "–" in said
    assert "nan" not in said


def test_without_a_terminal_a_stage_is_a_line_when_it_is_done_and_none_for_programs(capsys):
    with Output().stages() as clock:
        clock("reading", 0.0)
        clock("comparing (1 of 3 done)", 0.1)
        assert capsys.readouterr().err == "   0.0 s  reading\n"
        clock("comparing (2 of 3 done)", 0.5)
        assert capsys.readouterr().err == ""
        clock("done", 1.0)
    assert capsys.readouterr().err == "   0.0 s  comparing\n"
    assert list(clock.seconds) == ["reading", "comparing"]
    for silent in (Output(quiet=True), Output(as_json=True)):
        with silent.stages() as clock:
            clock("reading", 0.0)
    assert capsys.readouterr() == ("", "")


def test_a_stage_that_failed_is_not_called_done(capsys):
    def fail() -> None:
        with Output().stages() as clock:
            clock("reading", 0.0)
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("redirect", ["2>&1 >/dev/null | head -1", "2>&-"])
def test_a_run_is_published_though_nobody_reads_stderr(
    sample_file: Path, tmp_path: Path, redirect: str
) -> None:
    command = (
        f"{sys.executable} -m segpredict cluster --data {sample_file} --out {tmp_path / 'run'}"
    )
    shell = ["bash", "-o", "pipefail", "-c", f"{command} {redirect}"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert open_run(tmp_path / "run").manifest["files"]


def test_scores_are_written_though_nobody_reads_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("sys.stderr.write", refuse)
    Output().print_note("History: 3 customers added.")
    Output().print_warning("a plot is missing")
    _main._print_error({"code": "SP-D002", "message": "x.", "fix": "z."})


def test_on_a_terminal_finished_stages_stand_above_the_one_at_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Output().stages() as clock:
        clock("reading [bold]", 0.0)
        clock("training", 0.5)
    said = re.sub(r"\x1b\[[\d;?]*\w", "", capsys.readouterr().err)
    assert "   0.0 s  reading [bold]" in said
    assert "   0.0 s  training" in said


def test_memory_is_named_where_the_system_counts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StageClock(print)
    clock.seconds = {"reading": 1.5}
    assert re.fullmatch(
        r"1\.5 s \(longest: reading, 1\.5 s\), [\d,]+ MiB of memory", clock.summary()
    )
    monkeypatch.setitem(sys.modules, "resource", None)
    assert clock.summary() == "1.5 s (longest: reading, 1.5 s)"
