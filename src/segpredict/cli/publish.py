"""``segpredict publish``: what a run found, in tables of a database."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import pseudonymizer_from_options
from segpredict.cli._output import Output
from segpredict.errors import UsageError


def command(
    run: o.RunOption = Path("artifacts/run"),
    to: o.ToOption = None,
    create: o.CreateOption = False,
    prefix: Annotated[
        str, typer.Option(metavar="TEXT", help="The names of all tables begin with it.")
    ] = "segpredict_",
    shop: Annotated[
        bool,
        typer.Option(
            "--shop",
            help="Also replace customers, orders, lines, products and dates by those of the run: "
            "then the tables are the star schema of docs/reference/bi.md.",
        ),
    ] = False,
    hash_ids: o.HashIdsOption = False,
    secret_file: o.SecretFileOption = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Write scores, probabilities, segments, transitions, KPIs and campaigns to a database.

    Each table is kept by day and model, so that it can be published every night. All
    tables are written in one transaction: run it twice or stop it half-way, and nothing is
    doubled or half there. Columns that you add keep their values. Views such as
    `scores_today` hold the newest day, the table `scores_moves` who entered and left each segment.

    With --shop the shop's own tables are there, too, as they are now: a BI tool needs nothing
    else, and `segpredict export` reads the lines.

    To MLflow goes how the run was made and how good it is: settings, figures, and the page
    without single customers: `segpredict publish --run artifacts/may --to
    mlflow+sqlite:///mlflow.db` (needs pip install 'segpredict[mlflow]').

    Example: `segpredict publish --run artifacts/may --to postgresql://shop@db/sales --create`
    """
    from segpredict import pipeline

    if to is None:
        raise UsageError("No database was named.", fix="name it: --to URL.")
    output = Output(as_json, quiet)
    if to.startswith("mlflow+"):
        if create or shop or hash_ids:
            raise UsageError(
                "--create, --shop and --hash-ids have no meaning for MLflow.", fix="leave them out."
            )
        logged = pipeline.publish_to_mlflow(run, to)
        output.print_line(f"MLflow's run: {logged['run']} (experiment {logged['experiment']})")
        output.print_json({"run": str(run), "mlflow": dict(logged)})
        return
    names = pseudonymizer_from_options(hash_ids, secret_file)
    rows = pipeline.publish_run(
        str(run), to, prefix=prefix, create=create, shop=shop, pseudonyms=names
    )
    output.print_table("The tables", [{"table": name, "rows": rows[name]} for name in rows])
    output.print_json({"run": str(run), "rows": dict(rows)})
