"""Start the command line, and turn every error into its message and exit code."""

import errno
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import typer
import typer.core

from segpredict._version import __version__
from segpredict.cli._output import error_line, write_stderr
from segpredict.core.crash import describe_crash
from segpredict.core.text import escape_json_controls
from segpredict.core.wording import name_options
from segpredict.core.write_errors import disk_full_error, is_disk_full
from segpredict.errors import LimitError, SegpredictError, UsageError, quote_value

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # a write that found no place
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG)
# In the order in which help lists them.
COMMAND_PANELS = {
    "Start here": ("demo", "check", "run"),
    "The three stages of a run": ("cluster", "train-classifier", "explain"),
    "Use a run": (
        "score",
        "campaign",
        "monitor",
        "compare",
        "transitions",
        "report",
        "publish",
        "export",
        "serve",
        "verify",
    ),
    "Data": ("ingest", "person", "sample", "fetch"),
}
# What most people need stands above these, in a panel without a name of its own.
OPTION_PANELS = {
    "Data": "set map table query watermark segments on-bad-rows max-bad-rows side-table campaigns",
    "Time": "as-of since from to",
    "Segments": "refit compare select algorithm k inputs",
    "Model": "leakage-demo thorough seed threads model",
    "Explaining the whole run again": "sample refits",
    "Readout": "readout contacted cost margin",
    "List and control group": "holdout max-customers author by-segment",
    "Database": "sql create prefix shop",
    "Service": "host port orders token-file allow-anonymous allow-host rate",
    "Privacy": "hash-ids secret-file no-customers receipts dry-run",
    "Output": (
        "plots top html page write-config replace force promote exit-code verbose json quiet help"
    ),
}
PANEL_OF_OPTION = {
    f"--{name}": panel for panel, names in OPTION_PANELS.items() for name in names.split()
}
COMMANDS = {
    name: import_module(f"segpredict.cli.{name.replace('-', '_')}")
    for names in COMMAND_PANELS.values()
    for name in names
}


class _Help:
    """Help that names no type for options without a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


class _Command(_Help, typer.core.TyperCommand):
    """One command, with its options in panels."""

    def get_params(self, ctx: Any) -> list[Any]:
        order = [None, *OPTION_PANELS]
        params = super().get_params(ctx)
        for param in params:
            names = [
                name for name in (*param.opts, *param.secondary_opts) if name in PANEL_OF_OPTION
            ]
            is_database = param.metavar == "URL"  # of transitions, --to is a day
            known = PANEL_OF_OPTION[names[0]] if names else None
            param.rich_help_panel = "Database" if is_database else known
        return sorted(params, key=lambda param: order.index(param.rich_help_panel))


class _Group(_Help, typer.core.TyperGroup):
    """All commands."""


_BAD_USAGE: Any = typer.BadParameter.__base__  # Typer does not export it

app = typer.Typer(
    cls=_Group,
    name="segpredict",
    help="Customer segments from transactions, and a backtested forecast of each "
    "customer's next segment.\n\n"
    "Start with `segpredict demo`; then `segpredict check --data FILE` on your own "
    "export, and `segpredict run --data FILE --out FOLDER`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for panel, names in COMMAND_PANELS.items():
    for name in names:
        app.command(name, cls=_Command, rich_help_panel=panel)(COMMANDS[name].command)


def _version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"segpredict {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version


def main() -> None:
    """Run the command line and leave with the documented exit code."""
    _open_missing_streams()
    with name_options():
        try:
            _run()
        except SystemExit as left:
            sys.exit(_flush(left.code))


def _open_missing_streams() -> None:
    """Give a process that was started with a closed stdout or stderr one that leads nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - until the end


def _flush(code: Any) -> Any:
    """Write what is left for stdout; return the exit code of that, if it cannot be written."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads it, and Python would end with 120
        _drop(sys.stderr)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        return _unexpected(error)
    return code


def _unexpected(error: Exception) -> int:
    """Tell an error that no part expected; return the exit code."""
    known = _obstacle(error)
    if known is None:
        _report_crash(error)
        return 1
    _print_error(known.to_dict())
    return known.exit_code


def _obstacle(error: Exception) -> SegpredictError | None:
    """Return what stood in the way of an error that is no bug."""
    if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
        _drop(sys.stdout)
        return LimitError(
            f"The standard output cannot be written: {error.strerror}.",
            fix="free space, or send it elsewhere; files that were named are written.",
        )
    if is_disk_full(error):  # of a library's temporary files, whose place is not ours
        return disk_full_error("temporary files")
    if isinstance(error, OSError) and error.errno in REFUSED:
        place = quote_value(error.filename) if error.filename else "A file"
        return UsageError(
            f"{place} cannot be used: {error.strerror}.",
            fix="see to its permissions, or name another place.",
        )
    return None


def _drop(stream: TextIO) -> None:
    """Send what is left for a stream nowhere, so that Python does not try again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run() -> None:
    signal.signal(signal.SIGTERM, _exit_on_signal)
    as_json = "--json" in sys.argv
    try:
        # In JSON mode a usage error is an object too, so Typer must not print it.
        sys.exit(app(standalone_mode=not as_json) or 0)
    except SegpredictError as error:
        _print_error(error.to_dict())
        sys.exit(error.exit_code)
    except _BAD_USAGE as error:
        _print_error(
            {"code": "SP-L001", "exit": 2, "message": error.format_message(), "fix": "see --help."}
        )
        sys.exit(2)
    except KeyboardInterrupt:
        write_stderr("stopped; nothing was written")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has closed the pipe
        sys.exit(0)
    except MemoryError:
        fix = "use a machine with more memory, or fewer customers."
        _print_error({"code": "SP-R000", "message": "Memory ran out.", "fix": fix})
        sys.exit(10)
    except Exception as error:
        sys.exit(_unexpected(error))


def _exit_on_signal(_number: int, _frame: object) -> None:
    """Exit through every ``finally`` on the way."""
    sys.exit(143)


def _print_error(facts: dict[str, object]) -> None:
    if "--json" in sys.argv:
        text = json.dumps({"error": facts}, ensure_ascii=False, default=str)
        typer.echo(escape_json_controls(text))
    write_stderr(error_line(facts))


def _report_crash(error: Exception) -> None:
    """Report a bug of the package without showing the user's data."""
    message = f"segpredict has a bug ({describe_crash(error)})."
    if os.environ.get("SEGPREDICT_TRACEBACK"):
        traceback.print_exception(error)
    fix = (
        "please report it with the crash id and the version "
        f"({__version__}); SEGPREDICT_TRACEBACK=1 shows the details."
    )
    _print_error({"code": SegpredictError.code, "message": message, "fix": fix})
