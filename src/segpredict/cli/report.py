"""``segpredict report``: what a run found, as a page, slides, tables or JSON."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time, pseudonymizer_from_options
from segpredict.cli._output import Output
from segpredict.errors import UsageError


def command(
    run: o.RunOption = Path("artifacts/run"),
    output_format: Annotated[
        Literal["html", "pptx", "json", "md", "bi"],
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="html: the page. pptx: a deck of slides with charts that can be "
            "edited (needs pip install 'segpredict[deck]'). json: the content of "
            "the page (docs/reference/report-json.md). md: its key tables as Markdown. bi: a star "
            "schema as Parquet and CSV, for Tableau, Power BI and SQL (docs/reference/bi.md).",
        ),
    ] = "html",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write, outside of the run: a file; of bi, a folder. "
            "Default: report.html, deck.pptx, report.json, report.md or the folder bi "
            "in the run.",
            show_default=False,
        ),
    ] = None,
    to: o.ToOption = None,
    create: o.CreateOption = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a folder of tables at --out.")
    ] = False,
    hash_ids: o.HashIdsOption = False,
    secret_file: o.SecretFileOption = None,
    customers: o.CustomersOption = None,
    campaigns: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="A TOML file of campaigns that replaces those of the run."
        ),
    ] = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Write what a run found: a page, slides, tables for BI, JSON for programs.

    The page is one HTML file that needs no network. The tables are facts (orders,
    lines, scores, probabilities, transitions, KPIs) that join dimensions (customers, segments,
    dates) by one column each; `dictionary.md` describes every column. With --to they go
    into a database, as `segpredict publish --shop` puts them.

    With --hash-ids the ids of customers, and in tables those of orders, are keyed
    hashes, so that the files can be shared; anyone who holds the secret can identify the
    customers. Everything else stays as it is.

    Example: `segpredict report --run artifacts/may`

    Slides: `segpredict report --run artifacts/may --format pptx`

    Tables: `segpredict report --run artifacts/may --format bi --out tables`

    To share: `segpredict report --run artifacts/may --format bi --out tables
    --hash-ids --secret-file secret.txt`
    """
    from segpredict import pipeline

    output = Output(as_json, quiet)
    if to is not None and (output_format != "bi" or out is not None):
        raise UsageError("Only tables go into a database.", fix="--format bi --to URL, no --out.")
    if campaigns is not None:
        pipeline.run_report(run, current_time(), campaigns=campaigns, customers=customers)
    export = pipeline.ExportRequest(
        created=current_time(),
        out=out,
        replace=force,
        pseudonyms=pseudonymizer_from_options(hash_ids, secret_file),
        customers=customers,
    )
    if to is not None:
        names = export.pseudonyms
        stored = pipeline.publish_run(str(run), to, create=create, shop=True, pseudonyms=names)
        output.print_table("The tables", [{"table": n, "rows": stored[n]} for n in stored])
        output.print_json({"run": str(run), "rows": dict(stored)})
        return
    if output_format == "bi":
        place, rows = pipeline.export_bi_tables(run, export)
        counted = [{"table": name, "rows": rows[name]} for name in rows]
        output.print_table("The tables", counted)
        output.print_line(f"They are in {place}; dictionary.md describes every column.")
        output.print_json({"run": str(run), "tables": str(place), "rows": dict(rows)})
        return
    page = pipeline.export_report(run, output_format, export).resolve()
    if output_format == "pptx":
        output.print_line(f"The deck: {page}")
        output.print_json({"run": str(run), "deck": str(page)})
        return
    output.print_line(
        f"The page: {page.as_uri()}" if output_format == "html" else f"Written: {page}"
    )
    output.print_json({"run": str(run), "page": str(page)})
