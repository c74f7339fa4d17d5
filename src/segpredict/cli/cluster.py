"""``segpredict cluster``: transactions in, named segments out."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import (
    config_from_options,
    current_time,
    run_settings,
    selection_settings,
    settings_of_store,
)
from segpredict.cli._output import Output


def command(
    data: o.DataOption,
    config: o.ConfigOption = None,
    out: o.OutOption = Path("artifacts/run"),
    settings: o.SettingsOption = None,
    columns: o.ColumnsOption = None,
    table: o.TableOption = None,
    query: o.QueryOption = None,
    on_bad_rows: o.BadRowsOption = None,
    max_bad: o.MaxBadRowsOption = None,
    as_of: o.AsOfOption = None,
    refit: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="A run whose segments are fitted again on these data: they keep their "
            "ids and names. Its config is used unless --config names another.",
        ),
    ] = None,
    compare: o.CompareOption = False,
    select: o.SelectOption = False,
    algorithms: o.AlgorithmsOption = None,
    numbers: o.SegmentCountsOption = None,
    inputs: o.InputsOption = None,
    seed: o.SeedOption = None,
    threads: o.ThreadsOption = None,
    force: o.ForceOption = False,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Make segments: clean the data, build RFM, choose k, name and freeze the result.

    Writes a run folder with the ledger, the frozen segmenter, the segments' profiles and each
    customer's segment. With --compare, also how every algorithm, number of segments and set of
    clustering inputs compares; with --select, the selected candidate is used.

    With `--refit` the segments of an earlier run are matched with the new ones; splits,
    merges and new segments are printed and logged in segmentation/events.json.

    Example: `segpredict cluster --data sales.csv --out artifacts/may`
    """
    from segpredict import pipeline
    from segpredict.cli import _results as show
    from segpredict.pipeline import loading

    output = Output(as_json, quiet, verbose)
    plan = config_from_options(
        config,
        [*selection_settings(algorithms, numbers, inputs), *(settings or ())],
        columns,
        on_bad_rows,
        max_bad,
        seed=seed,
        threads=threads,
        table=table,
        query=query,
        base=settings_of_store(data) if refit is None else run_settings(refit),
    )
    mode = "select" if select else "compare" if compare else "one"
    with output.stages() as progress:
        made = pipeline.run_clustering(
            data,
            plan,
            pipeline.RunTarget(out, current_time(), replace=force),
            as_of=as_of,
            search=pipeline.SegmentationSearch(pipeline.SelectionMode(mode), refit),
            progress=progress,
        )
    show.show_results(
        output,
        made,
        (show.show_data, show.show_selection, show.show_rules, show.show_notes),
        clock=progress,
        commands=("train-classifier --run {run}",),
    )
    output.print_json(loading.run_summary(made))
