"""``segpredict report``: the page that people look at."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock


def command(
    run: o.RunFolder = Path("artifacts/run"),
    playbook: Annotated[
        str | None,
        typer.Option("--playbook", help="A TOML file of plays for the run to go by."),
    ] = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Write the page of a run: one HTML file that needs no network.

    Example: `segpredict report --run artifacts/may`
    """
    from segpredict import pipeline

    output = Output(as_json, quiet)
    made = pipeline.report(run, clock(), playbook=playbook)
    page = (made.folder / "report.html").resolve()
    output.say(f"The page: {page.as_uri()}")
    output.result({"run": str(made.folder), "page": str(page)})
