"""``segpredict demo``: a complete run on a simulated shop."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import config_from_options, current_time
from segpredict.cli._output import Output

OWN_FILE = (
    "check --data YOUR.csv",
    "run --data YOUR.csv --out artifacts/run",
    "campaign --run artifacts/run",
)


def command(
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder to make: the data and the run.")
    ] = Path("artifacts/demo"),
    customers: Annotated[
        int, typer.Option(min=200, metavar="N", help="Customers of the shop.")
    ] = 3_000,
    seed: o.SeedOption = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Simulate a shop, run everything on it, and print where the page is.

    A second demo replaces the first.

    Example: `segpredict demo`
    """
    from segpredict import pipeline
    from segpredict.cli._results import show_results
    from segpredict.data.sample import sample
    from segpredict.pipeline import loading

    output = Output(as_json, quiet, verbose)
    shop = sample.generate_sample(customers, seed=seed or 0)
    paths = [str(path) for path in sample.write_sample(shop, out / "data")]
    output.print_note(f"A simulated shop: {shop.lines.height:,} lines in {paths[0]}")
    plan = config_from_options("sample", seed=seed)
    with output.stages() as progress:
        made = pipeline.run_pipeline(
            [str(out / "data")],
            plan,
            pipeline.RunTarget(out / "run", current_time(), replace=True),
            progress=progress,
        )
    show_results(output, made, clock=progress, commands=OWN_FILE)
    output.print_json(loading.run_summary(made))
