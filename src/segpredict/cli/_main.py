"""Start the command line, and turn every error into its message and exit code."""

import os

# Before anything loads OpenMP: idle threads that spin made one fit 35 times slower on a
# busy machine. The environment may say otherwise.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import json
import signal
import sys
import traceback
import zlib
from typing import Any

import typer

from segpredict._version import __version__
from segpredict.cli import (
    campaign,
    check,
    cluster,
    demo,
    explain,
    fetch,
    ingest,
    report,
    run,
    sample,
    score,
    train_classifier,
    transitions,
)
from segpredict.core.text import escape_json_controls, to_single_line
from segpredict.errors import SegpredictError

COMMANDS = {
    "demo": demo,
    "sample": sample,
    "check": check,
    "ingest": ingest,
    "cluster": cluster,
    "train-classifier": train_classifier,
    "explain": explain,
    "report": report,
    "run": run,
    "score": score,
    "campaign": campaign,
    "moves": transitions,
    "fetch": fetch,
}

_BAD_USAGE: Any = typer.BadParameter.__base__  # Typer keeps it to itself

app = typer.Typer(
    name="segpredict",
    help="Customer segments from transactions, and an honest forecast of each "
    "customer's next segment.\n\n"
    "Start with `segpredict demo`; then `segpredict check --data FILE` on your own "
    "export, and `segpredict run --data FILE --out FOLDER`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for name, module in COMMANDS.items():
    app.command(name)(module.command)


def _version(asked: bool) -> None:
    if asked:
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
    signal.signal(signal.SIGTERM, _stop)
    as_json = "--json" in sys.argv
    try:
        # In JSON mode a usage error is an object too, so Typer must not print it.
        sys.exit(app(standalone_mode=not as_json) or 0)
    except SegpredictError as error:
        _tell(error.to_dict())
        sys.exit(error.exit_code)
    except _BAD_USAGE as error:
        _tell(
            {
                "code": "SP-L001",
                "exit": 2,
                "message": error.format_message(),
                "fix": "see --help.",
            }
        )
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("stopped; nothing was written", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has left: nobody to tell
        sys.exit(0)
    except MemoryError:
        fix = "use a machine with more memory, or fewer customers."
        _tell({"code": "SP-R000", "message": "Memory ran out.", "fix": fix})
        sys.exit(10)
    except Exception as error:
        _confess(error)
        sys.exit(1)


def _stop(_number: int, _frame: object) -> None:
    """Leave as asked, but through every ``finally`` on the way."""
    sys.exit(143)


def _tell(facts: dict[str, object]) -> None:
    if "--json" in sys.argv:
        text = json.dumps({"error": facts}, ensure_ascii=False, default=str)
        typer.echo(escape_json_controls(text))
    told = f"error[{facts['code']}] {facts['message']} Fix: {facts['fix']}"
    typer.echo(to_single_line(told), err=True)


def _confess(error: Exception) -> None:
    """Report a bug of ours without showing the user's data."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames]
    crash = f"{zlib.crc32(''.join(places).encode()):08x}"
    message = f"segpredict has a bug ({type(error).__name__} at {places[-1]}; crash id {crash})."
    if os.environ.get("SEGPREDICT_TRACEBACK"):
        traceback.print_exception(error)
    fix = (
        "please report it with the crash id and the version "
        f"({__version__}); SEGPREDICT_TRACEBACK=1 shows the details."
    )
    _tell({"code": SegpredictError.code, "message": message, "fix": fix})
