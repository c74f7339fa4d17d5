"""``segpredict run``: cluster, train-classifier, explain and report in one."""

from pathlib import Path

from segpredict.cli import _options as o
from segpredict.cli._config import config_from_options, current_time, setting, settings_of_store
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
    own_segments: o.SegmentsOption = None,
    dates: o.DatesOption = None,
    leakage_demo: o.LeakageDemoOption = False,
    thorough: o.ThoroughOption = False,
    seed: o.SeedOption = None,
    threads: o.ThreadsOption = None,
    force: o.ForceOption = False,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Clean, segment, forecast, explain, and write the page, in one command.

    The run folder appears whole at the end, or not at all.

    Example: `segpredict run --data 2023.csv --data 2024.csv --out artifacts/may`
    """
    from segpredict import pipeline
    from segpredict.cli._results import show_results
    from segpredict.pipeline import loading

    output = Output(as_json, quiet, verbose)
    more = ["classifier.thorough=true"] if thorough else []
    more += [setting("own_segments.data", own_segments)] if own_segments else []
    more += [setting("dates.data", dates)] if dates else []
    plan = config_from_options(
        config,
        [*(settings or []), *more],
        columns,
        on_bad_rows,
        max_bad,
        seed=seed,
        threads=threads,
        table=table,
        query=query,
        base=settings_of_store(data),
    )
    with output.stages() as progress:
        made = pipeline.run_pipeline(
            data,
            plan,
            pipeline.RunTarget(out, current_time(), replace=force),
            as_of=as_of,
            leakage_demo=leakage_demo,
            progress=progress,
        )
    show_results(output, made, clock=progress)
    output.print_json(loading.run_summary(made))
