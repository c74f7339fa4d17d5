"""``segpredict explain``: which features move the forecast, overall and for whom."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock


def command(
    run: o.RunFolder = Path("artifacts/run"),
    customer: Annotated[
        str | None,
        typer.Option("--customer", help="Explain one customer; nothing is written."),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Customers to explain, at most."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Features to print.")] = 12,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Say which features move the forecast: overall, per segment, for one customer.

    Exact TreeSHAP values of the booster. They are associations, not causes.

    Example: `segpredict explain --run artifacts/may --customer 17850`
    """
    from segpredict import archive, pipeline
    from segpredict.cli._show import show_customer, show_importance

    output = Output(as_json, quiet)
    if customer is not None:
        reasons = pipeline.explain_customer(run, customer)
        show_customer(output, customer, reasons.head(top))
        output.result({"customer_id": customer, "reasons": reasons.to_dicts()})
        return
    with output.progress() as progress:
        made = pipeline.explain(run, clock(), rows=sample, progress=progress)
    show_importance(output, made, top)
    output.say(f"The run is in {made.folder}. Next: segpredict report --run {run}")
    output.result(archive.summary(made))
