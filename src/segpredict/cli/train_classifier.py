"""``segpredict train-classifier``: train and evaluate the next-segment classifier."""

from pathlib import Path

from segpredict.cli import _options as o
from segpredict.cli._config import current_time
from segpredict.cli._output import RUN_FIX, Output, writing_to


def command(
    run: o.RunOption = Path("artifacts/run"),
    leakage_demo: o.LeakageDemoOption = False,
    seed: o.SeedOption = None,
    threads: o.ThreadsOption = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Train the classifier of each customer's next segment, and evaluate it.

    The model is compared with baselines on windows that it has not seen. A baseline is selected
    in its place only where windows before the tests prove it better, and the evaluation says so.

    Example: `segpredict train-classifier --run artifacts/may --leakage-demo`
    """
    from segpredict import pipeline
    from segpredict.cli import _results as show
    from segpredict.pipeline import loading

    output = Output(as_json, quiet, verbose)
    with output.stages() as progress, writing_to("--run", RUN_FIX):
        made = pipeline.run_training(
            run,
            current_time(),
            seed=seed,
            threads=threads,
            leakage_demo=leakage_demo,
            progress=progress,
        )
    show.show_results(
        output,
        made,
        (show.show_forecast, show.show_model, show.show_leakage, show.show_value, show.show_notes),
        clock=progress,
        commands=("explain --run {run}",),
    )
    output.print_json(loading.run_summary(made))
