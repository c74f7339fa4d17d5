"""``segpredict check``: read and clean only, and report what was found."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import config_from_options, current_time, settings_of_store
from segpredict.cli._output import Output, error_line, write_stderr, writing_to


def command(
    data: o.DataOption,
    config: o.ConfigOption = None,
    settings: o.SettingsOption = None,
    columns: o.ColumnsOption = None,
    table: o.TableOption = None,
    query: o.QueryOption = None,
    on_bad_rows: o.BadRowsOption = None,
    max_bad: o.MaxBadRowsOption = None,
    as_of: o.AsOfOption = None,
    page: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write the result as one HTML file."),
    ] = None,
    write_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a config file drafted from the data."),
    ] = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Read and clean only: the ledger, what was found, and which horizons would work.

    Run this first on a new export. Nothing is written unless `--html` or
    `--write-config` name a file.

    Example: `segpredict check --data sales.csv --map customer_id=KUNDE`
    """
    from segpredict import pipeline
    from segpredict.cli._check_tables import show_check
    from segpredict.config.load import draft_config
    from segpredict.core.disk import write_file

    output = Output(as_json, quiet, verbose)
    plan = config_from_options(
        config,
        settings,
        columns,
        on_bad_rows,
        max_bad,
        table=table,
        query=query,
        base=settings_of_store(data),
    )
    with output.stages() as progress, writing_to("--html"):
        found = pipeline.check_data(
            data, plan, as_of, page=page, created=current_time(), progress=progress
        )
    show_check(output, found)
    if page is not None:
        output.print_line(f"The page: {page.resolve().as_uri()}")
    if write_config is not None:
        with writing_to("--write-config"):
            write_file(write_config, draft_config(found, plan).encode())
        output.print_line(f"The config: {write_config}")
    output.print_json(found)
    if found["problem"]:
        write_stderr(error_line(found["problem"]))
        raise typer.Exit(found["problem"]["exit"])
