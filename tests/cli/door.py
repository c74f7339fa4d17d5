"""Walk through the command line's door without leaving the process."""

import re
import sys

import pytest

from segpredict.cli import main

Answer = tuple[int, str, str]
STAGE_LINE = re.compile(r"^ *\d+\.\d s +\d+% .*\n", re.MULTILINE)


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
