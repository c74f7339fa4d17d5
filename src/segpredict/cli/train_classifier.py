"""``segpredict train-classifier``: learn each customer's next segment, and judge it."""

from pathlib import Path

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock


def command(
    run: o.RunFolder = Path("artifacts/run"),
    canary: o.Canary = False,
    seed: o.Seed = None,
    threads: o.Threads = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Learn each customer's next segment from earlier behaviour, and judge it.

    The model is compared with every baseline on windows that it has not seen. Where it
    does not beat them, the best baseline ships instead, and the verdict says so.

    Example: `segpredict train-classifier --run artifacts/may --canary`
    """
    from segpredict import archive, pipeline
    from segpredict.cli._show import show_canary, show_verdict

    output = Output(as_json, quiet)
    with output.progress() as progress:
        made = pipeline.train_classifier(
            run, clock(), seed=seed, threads=threads, canary=canary, progress=progress
        )
    show_verdict(output, made)
    show_canary(output, made)
    output.say(f"The run is in {made.folder}. Next: segpredict explain --run {run}")
    output.result(archive.summary(made))
