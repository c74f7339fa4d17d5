"""``segpredict run``: cluster, train-classifier, explain and report in one."""

from pathlib import Path

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock, kept, planned


def command(
    data: o.Data,
    out: o.Out = Path("artifacts/run"),
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    columns: o.Columns = None,
    on_bad_rows: o.BadRows = None,
    max_bad: o.MaxBad = None,
    as_of: o.AsOf = None,
    canary: o.Canary = False,
    seed: o.Seed = None,
    threads: o.Threads = None,
    force: o.Force = False,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Do it all: clean, segment, forecast, explain, and write the page.

    The run folder appears whole at the end, or not at all.

    Example: `segpredict run --data 2023.csv --data 2024.csv --out artifacts/may`
    """
    from segpredict import archive, pipeline
    from segpredict.cli._show import show_run

    output = Output(as_json, quiet)
    plan = planned(
        config,
        settings,
        columns,
        on_bad_rows=on_bad_rows,
        max_bad=max_bad,
        seed=seed,
        threads=threads,
        base=kept(data),
    )
    with output.progress() as progress:
        made = pipeline.run(
            data,
            plan,
            pipeline.Target(out, clock(), replace=force),
            as_of=as_of,
            canary=canary,
            progress=progress,
        )
    show_run(output, made)
    output.result(archive.summary(made))
