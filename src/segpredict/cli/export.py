"""``segpredict export``: the frozen segments as a query for a database."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output


def command(
    run: o.RunOption = Path("artifacts/run"),
    dialect: Annotated[
        Literal["duckdb", "postgresql", "mysql", "bigquery", "snowflake"],
        typer.Option(
            "--sql",
            metavar="DIALECT",
            help="duckdb, postgresql, mysql (MariaDB too), bigquery or snowflake; the last two "
            "are untried. Needs pip install 'segpredict[sql]'.",
        ),
    ] = "duckdb",
    table: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The table of order lines, as a query there writes its name."
        ),
    ] = "segpredict_lines",
    as_of: o.AsOfOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file to write. Default: stdout.")
    ] = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Write the segments of a run as one SQL query, for customers a database knows.

    The query counts and adds up the order lines of the newest window, and names the
    nearest centre or the cell of the grid: the segment that `score` gives the same
    customers. It runs without segpredict. Its table has the columns of `lines` in the BI
    tables. The cutoff stands at its top, to be changed (docs/guide/databases.md).

    Example: `segpredict export --run artifacts/may --sql postgresql --out segments.sql`
    """
    from segpredict import pipeline
    from segpredict.core.disk import write_file

    output = Output(as_json, quiet)
    query = pipeline.export_query(run, dialect, table, as_of)
    if out is not None:
        write_file(out, query.encode())
        output.print_line(f"Written: {out}")
    elif not as_json:
        output.print_data(query)
    output.print_json({"run": str(run), "dialect": dialect, "query": query})
