"""``segpredict check``: read and clean only, and say what was found."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import clock, kept, planned
from segpredict.signs import line


def command(
    data: o.Data,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    columns: o.Columns = None,
    on_bad_rows: o.BadRows = None,
    max_bad: o.MaxBad = None,
    as_of: o.AsOf = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write it as one HTML file.")
    ] = None,
    write_config: Annotated[
        Path | None,
        typer.Option(
            "--write-config", help="Also draft a config file from what was found."
        ),
    ] = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Read and clean only: the ledger, what was found, and which horizons would work.

    Run this first on a new export. Nothing is written unless `--page` or
    `--write-config` name a file.

    Example: `segpredict check --data sales.csv --map customer_id=KUNDE`
    """
    from segpredict import pipeline
    from segpredict.cli._findings import show
    from segpredict.config import draft
    from segpredict.disk import write_file

    output = Output(as_json, quiet)
    plan = planned(
        config,
        settings,
        columns,
        on_bad_rows=on_bad_rows,
        max_bad=max_bad,
        base=kept(data),
    )
    with output.progress() as progress:
        found = pipeline.check(
            data, plan, as_of, page=page, created=clock(), progress=progress
        )
    show(output, found)
    if page is not None:
        output.say(f"The page: {page.resolve().as_uri()}")
    if write_config is not None:
        write_file(write_config, draft(found, plan).encode())
        output.say(f"The config: {write_config}")
    output.result(found)
    if found["problem"]:
        problem = found["problem"]
        told = f"error[{problem['code']}] {problem['message']} Fix: {problem['fix']}"
        typer.echo(line(told), err=True)
        raise typer.Exit(problem["exit"])
