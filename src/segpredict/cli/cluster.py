"""``segpredict cluster``: transactions in, named segments out."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock, contest, planned


def command(
    data: o.Data,
    out: o.Out = Path("artifacts/run"),
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    columns: o.Columns = None,
    on_bad_rows: o.BadRows = None,
    max_bad: o.MaxBad = None,
    as_of: o.AsOf = None,
    refit: Annotated[
        Path | None,
        typer.Option(
            "--refit",
            metavar="RUN",
            help="A run whose segments are fitted again on these data: they keep their "
            "ids and names. Its config is used unless --config names another.",
        ),
    ] = None,
    compare: o.Compare = False,
    select: o.Select = False,
    algorithms: o.Algorithms = None,
    numbers: o.Numbers = None,
    instruments: o.Instruments = None,
    seed: o.Seed = None,
    threads: o.Threads = None,
    force: o.Force = False,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Make segments: clean the data, build RFM, choose k, name and freeze the result.

    Writes a run folder with the ledger, the frozen segmenter, the segments' profiles
    and each customer's segment. With --compare, also how every algorithm, number of
    segments and instrument fares; with --select, in the way that fares best.

    With `--refit` the segments of an earlier run are matched with the new ones; splits,
    merges and new segments are told and logged in segments/events.json.

    Example: `segpredict cluster --data sales.csv --out artifacts/may`
    """
    from segpredict import archive, pipeline
    from segpredict.artifacts import open_run
    from segpredict.cli._show import (
        show_comparison,
        show_events,
        show_ledger,
        show_segments,
    )

    output = Output(as_json, quiet)
    plan = planned(
        config,
        [*contest(algorithms, numbers, instruments), *(settings or ())],
        columns,
        on_bad_rows=on_bad_rows,
        max_bad=max_bad,
        seed=seed,
        threads=threads,
        base=None if refit is None else archive.config_of(open_run(refit)).state(),
    )
    ways = "select" if select else "compare" if compare else "one"
    with output.progress() as progress:
        made = pipeline.cluster(
            data,
            plan,
            pipeline.Target(out, clock(), replace=force, before=refit),
            as_of=as_of,
            ways=pipeline.Ways(ways),
            progress=progress,
        )
    show_ledger(output, made)
    show_comparison(output, made)
    show_segments(output, made)
    show_events(output, made)
    output.say(f"The run is in {made.folder}. Next: segpredict train-classifier")
    output.result(archive.summary(made))
