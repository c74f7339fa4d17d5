"""``segpredict explain``: what moves the forecast, overall, for a segment, for one."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time
from segpredict.cli._output import Output


def command(
    run: o.RunOption = Path("artifacts/run"),
    customer: Annotated[
        str | None,
        typer.Option("--customer", help="Explain one customer; nothing is written."),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(
            "--segment",
            help="Print what matters for those now in a segment, by name or id.",
        ),
    ] = None,
    transition: Annotated[
        str | None,
        typer.Option(
            "--move",
            metavar="FROM:TO",
            help="Print what sets those apart who move between two segments.",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Customers to explain, at most."),
    ] = None,
    refits: Annotated[
        int | None,
        typer.Option(
            "--refits",
            min=0,
            help="Models fitted anew for intervals (20 by default; 0 leaves the "
            "cross-check out and is quick).",
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            "--plots",
            help="Also write pictures into this folder: all of the run, or the one of "
            "what is asked.",
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Rows to print.")] = 12,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Say why: what moves the forecast of all, of a segment, of a move, of a customer.

    Without --customer, --segment or --move the whole run is explained anew and
    cross-checked: columns are shuffled, left out, and models fitted again. With one of
    them the reasons that the run holds are printed, and nothing is written.

    Reasons are exact SHAP values of what ships. They are associations, not causes.

    Example: `segpredict explain --run artifacts/may --customer 17850`

    Example: `segpredict explain --run artifacts/may --move Core:Inactive --json`
    """
    from segpredict import pipeline
    from segpredict.cli import _explanation_tables as show
    from segpredict.errors import UsageError
    from segpredict.pipeline import loading

    output = Output(as_json, quiet)
    questions = sum(asked is not None for asked in (customer, segment, transition))
    if questions > 1:
        raise UsageError(
            "Only one of --customer, --segment and --move can be asked at a time.",
            fix="give one of them.",
        )
    if questions and not (sample is None and refits is None):
        raise UsageError(
            "--sample and --refits say how a whole run is explained anew.",
            fix="leave them out, or leave out --customer, --segment and --move.",
        )
    if customer is not None:
        told = show.show_customer(output, run, customer, plots)
        output.print_json(told)
        return
    if segment is not None or transition is not None:
        rows = show.show_stored_explanation(output, run, (segment, transition), top, plots)
        output.print_json({"run": str(run), "rows": rows})
        return
    with output.progress_bar() as progress:
        made = pipeline.run_explanation(
            run, current_time(), rows=sample, refits=refits, progress=progress
        )
    show.show_importance(output, made, top)
    if plots is not None:
        written = pipeline.write_plots(run, plots)
        output.print_line(f"{written} pictures are in {plots}.")
    output.print_line(f"The run is in {made.folder}. Next: segpredict report --run {run}")
    output.print_json(loading.run_summary(made))
