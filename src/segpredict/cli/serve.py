"""``segpredict serve``: a finished run behind HTTP."""

import os
from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_day

TOKEN_VARIABLE = "SEGPREDICT_TOKEN"


def command(
    run: o.RunOption = Path("artifacts/run"),
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen: this machine alone by default.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="The port.")] = 8000,
    orders: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Keep the orders that a shop sends: a SQLite file, or "
            "postgresql://USER@HOST/DATABASE.",
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also show how a customer was scored before (see `segpredict score --history`).",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The tokens that are accepted, one a line; read again when it changes. Or one "
            f"in the variable {TOKEN_VARIABLE}.",
        ),
    ] = None,
    allow_anonymous: Annotated[
        bool,
        typer.Option("--allow-anonymous", help="Listen beyond this machine without a token."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A name by which clients call the service, such as scores.example. Repeatable.",
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0, metavar="N", help="Requests a second of one client; 0: any.")
    ] = 50.0,
    threads: Annotated[
        int, typer.Option(min=1, metavar="N", help="Requests that are computed at one time.")
    ] = 2,
) -> None:
    """Serve a run: scores, reasons and segments for programs, and the live page for people.

    A new run that takes the folder's place is checked and then served, without a restart.
    With `--orders` a shop sends each order and gets the new scores of its customer back.

    It stops at SIGTERM or Ctrl+C, when all requests under way are answered.

    Example: `segpredict serve --run artifacts/may --orders orders.sqlite`
    """
    from segpredict.core.database import import_extra

    for module in ("fastapi", "uvicorn", "prometheus_client", "sqlalchemy"):
        import_extra(module, "segpredict serve", "serve")
    from segpredict.service.options import ServiceOptions
    from segpredict.service.server import serve

    options = ServiceOptions(
        run,
        host,
        port,
        tuple(allow_host or ()),
        token_file,
        os.environ.get(TOKEN_VARIABLE) or None,
        allow_anonymous,
        orders,
        history,
        rate,
        threads,
    )
    typer.echo(f"http://{host}:{port} serves {run}", err=True)
    serve(options, current_day)
