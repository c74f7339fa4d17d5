"""``segpredict verify``: whether a run or a store is what was made."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output

SIGNATURES = {
    "valid": "signed by the key that is set",
    "not checked": "signed; set SEGPREDICT_SIGNING_KEY to check by whom",
    "none": "not signed: damage is found, a forger who corrects hashes is not",
}


def command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A run or a store.")],
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Verify a run or a store: every file, its signature, and that a run scores as it did.

    Files are compared with their hashes, and none may be there that has no hash. A
    trained run scores all its customers again. Runs and stores are signed when they are
    made while SEGPREDICT_SIGNING_KEY is set; then no other one is read (SECURITY.md).

    Example: `segpredict verify artifacts/may`
    """
    from segpredict import pipeline

    output = Output(as_json, quiet)
    found = pipeline.verify_folder(folder)
    done = "read" if found["kind"] == "store" else "scored again"
    output.print_line(
        f"The {found['kind']} is as it was made: {found['files']} files, {found['bytes']:,} bytes; "
        f"{found['customers']:,} customers {done}."
    )
    output.print_line(f"Signature: {SIGNATURES[found['signature']]}.")
    output.print_json(found)
