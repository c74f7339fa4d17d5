"""``segpredict report``: the page that people look at, and the slides to present."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock


def command(
    run: o.RunFolder = Path("artifacts/run"),
    form: Annotated[
        Literal["html", "pptx"],
        typer.Option(
            "--format",
            help="html: the page. pptx: a deck of slides with charts that can be "
            "edited (needs pip install 'segpredict[deck]').",
        ),
    ] = "html",
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Write the page of a run, one HTML file that needs no network, or its slides.

    Example: `segpredict report --run artifacts/may --format pptx`
    """
    from segpredict import pipeline

    output = Output(as_json, quiet)
    if form == "pptx":
        made = pipeline.deck(run, clock())
        deck = (made.folder / "deck.pptx").resolve()
        output.say(f"The deck: {deck}")
        output.result({"run": str(made.folder), "deck": str(deck)})
        return
    made = pipeline.report(run, clock())
    page = (made.folder / "report.html").resolve()
    output.say(f"The page: {page.as_uri()}")
    output.result({"run": str(made.folder), "page": str(page)})
