"""``segpredict explain``: what moves the forecast, overall, by segment, for a customer."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time
from segpredict.cli._output import RUN_FIX, Output, writing_to


def command(
    run: o.RunOption = Path("artifacts/run"),
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Explain one customer; nothing is written.")
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Print what moves the forecast of customers now in a segment, by name or id.",
        ),
    ] = None,
    transition: Annotated[
        str | None,
        typer.Option(
            metavar="FROM:TO",
            help="Print what distinguishes customers who move between two segments.",
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Customers to explain, at most.")
    ] = None,
    refits: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Models fitted again for intervals (20 by default; 0 leaves the "
            "cross-check out and is quick).",
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write plots into this folder: all of the run, or the requested one.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to print.")] = 12,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Explain the forecast: of all customers, of a segment, of a transition, of a customer.

    Without --customer, --segment or --transition the whole run is explained again
    and cross-checked: columns are shuffled, left out, and models fitted again. With one
    of them the stored explanation is printed, and nothing is written.

    Reasons are exact SHAP values of the selected model. They are associations, not causes.

    Example: `segpredict explain --run artifacts/may --customer 17850`

    Example: `segpredict explain --run artifacts/may --transition Core:Inactive --json`
    """
    from segpredict import pipeline
    from segpredict.cli import _explanation_tables as show
    from segpredict.cli import _results
    from segpredict.errors import UsageError
    from segpredict.pipeline import loading

    output = Output(as_json, quiet, verbose)
    targets = sum(target is not None for target in (customer, segment, transition))
    if targets > 1:
        raise UsageError(
            "Only one of --customer, --segment and --transition can be given at a time.",
            fix="give one of them.",
        )
    if targets and not (sample is None and refits is None):
        raise UsageError(
            "--sample and --refits are for explaining a whole run again.",
            fix="leave them out, or leave out --customer, --segment and --transition.",
        )
    if customer is not None:
        output.print_json(show.show_customer(output, run, customer, plots))
        return
    if segment is not None or transition is not None:
        rows = show.show_stored_explanation(output, run, (segment, transition), top, plots)
        output.print_json({"run": str(run), "rows": rows})
        return
    with output.stages() as progress, writing_to("--run", RUN_FIX):
        made = pipeline.run_explanation(
            run, current_time(), rows=sample, refits=refits, progress=progress
        )
    _results.show_results(
        output,
        made,
        (partial(_results.show_drivers, top=top), _results.show_notes),
        clock=progress,
        commands=("report --run {run}", "explain --run {run} --customer {customer}"),
    )
    if plots is not None:
        written = show.write_plots(run, plots)
        output.print_line(f"{written} plots are in {plots}.")
    output.print_json(loading.run_summary(made))
