"""Describe the command line from its own help; `conf.py` writes it to ``reference/cli.md``."""

import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer

from segpredict import errors
from segpredict.cli._main import COMMANDS, app

HEAD = """\
# Command line

Written from the commands when the site is built; `segpredict COMMAND --help` says the same.

## Exit codes

| code | meaning |
| --: | --- |
| 0 | done |
"""
MONITOR = "| 12 | `monitor --exit-code`: train again, or check the data |"
SIGNALS = "| 130, 143 | stopped by Ctrl-C or by a signal; nothing was written |"


def document() -> str:
    """Return the page of all commands, as Markdown."""
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    codes = "\n".join([*_exit_codes(), MONITOR, SIGNALS])
    return "\n\n".join([HEAD + codes, *(_command(n, commands[n]) for n in COMMANDS)]) + "\n"


def _exit_codes() -> Iterator[str]:
    """Yield a row for each exit code, from the tree drawn in `segpredict.errors`."""
    tree = re.findall(r"^[│├└─ ]*(\w+Error) +(\d+)  (.+)$", cleandoc(errors.__doc__ or ""), re.M)
    meanings: dict[int, list[str]] = {}
    for _, code, meaning in tree:
        meanings.setdefault(int(code), []).append(meaning)
    for code, several in sorted(meanings.items()):
        yield f"| {code} | {'; '.join(several)} |"


def _command(name: str, command: Any) -> str:
    with typer.Context(command) as context:
        records = [param.get_help_record(context) for param in command.params]
    rows = [f"| {_code(names)} | {_cell(meaning)} |" for names, meaning in filter(None, records)]
    table = "\n".join(["| option | meaning |", "| --- | --- |", *rows])
    return f"## segpredict {name}\n\n{cleandoc(command.help)}\n\n{table}"


def _code(names: str) -> str:
    return f"`{_cell(names)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
