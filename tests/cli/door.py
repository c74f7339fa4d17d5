"""Walk through the command line's door without leaving the process."""

import re
import sys

import pytest

from segpredict.cli import main

Answer = tuple[int, str, str]
STAGE_LINE = re.compile(r"^ *\d+\.\d s  .*\n", re.MULTILINE)


class Door:
    """Calls the command line and returns exit code, stdout, and stderr without progress."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        self.monkeypatch.setattr(sys, "argv", ["segpredict", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        said = self.capsys.readouterr()
        return code, said.out, re.sub(STAGE_LINE, "", said.err)


def fits(out: str) -> bool:
    """Return whether an output fits a terminal of 80 columns and 40 lines."""
    lines = out.splitlines()
    return len(lines) <= 40 and max(map(len, lines)) <= 80 and "\x1b" not in out
