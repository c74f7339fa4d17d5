"""``segpredict demo``: a complete run on a simulated shop."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import config_from_options, current_time
from segpredict.cli._output import Output


def command(
    out: Annotated[Path, typer.Option(help="The folder to make: the data and the run.")] = Path(
        "artifacts/demo"
    ),
    customers: Annotated[int, typer.Option(min=200, help="Customers of the shop.")] = 3_000,
    seed: o.SeedOption = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Simulate a shop, run everything on it, and print where the page is.

    A second demo replaces the first.

    Example: `segpredict demo`
    """
    from segpredict import pipeline
    from segpredict.cli._run_tables import show_run
    from segpredict.data.sample import sample
    from segpredict.pipeline import loading

    output = Output(as_json, quiet)
    shop = sample.generate_sample(customers, seed=seed or 0)
    paths = [str(path) for path in sample.write_sample(shop, out / "data")]
    output.print_line(f"A simulated shop: {shop.lines.height:,} lines in {paths[0]}")
    plan = config_from_options("sample", seed=seed)
    with output.progress_bar() as progress:
        made = pipeline.run_pipeline(
            [str(out / "data")],
            plan,
            pipeline.RunTarget(out / "run", current_time(), replace=True),
            progress=progress,
        )
    show_run(output, made)
    output.print_json(loading.run_summary(made))
