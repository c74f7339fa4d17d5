"""``segpredict transitions``: who entered and left each segment, and the migration matrix."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output, require_table_ending

TransitionTable = Literal[
    "customers", "matrix", "activity", "mobility", "markov-order", "comparison", "next"
]


def command(
    run: o.RunOption = Path("artifacts/run"),
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Take two days of this history (see `segpredict score --history`) "
            "instead of the periods of a run. Needs --from and --to.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="Of a run: the day a period begins with; the newest complete one if "
            "not given. Of a history: the earlier day.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Of a history: the later day.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST",
            help="Of a history: how the digest of a model begins, where several scored both days.",
        ),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only transitions of this segment: its name or id."),
    ] = None,
    table: Annotated[
        TransitionTable | None,
        typer.Option(
            metavar="TABLE",
            help="One table as data: the customers who entered and left, the matrix of the "
            "period, how many lapsed and were reactivated (activity), mobility over time, the "
            "test whether the earlier segment matters (markov-order), the comparison with other "
            "periods, or the next predicted period.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A .parquet or .csv file for --table. Default: CSV on stdout."
        ),
    ] = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Show transitions between segments: customers, the migration matrix, and mobility.

    A row of the matrix is where customers were in one window, a column where they were in the next.
    INACTIVE bought in the look-back but not in the last window; LAPSED last bought before the
    look-back; NEW bought for the first time in the second window, and is no column, since no
    customer becomes new. ERASED is a column of a history: all data of these customers were deleted.

    A run holds its complete periods, and the predictions for its test windows. A history
    holds the days that were scored; two of them make a period. Days are compared only if
    the same segments were used on both.

    More examples: `segpredict transitions --run artifacts/may` prints all tables; `segpredict
    transitions --history scores --from 2024-03-01 --to 2024-06-01` compares two days.

    Example: `segpredict transitions --run artifacts/may --table customers --segment Core`
    """
    from segpredict import pipeline
    from segpredict.cli._transition_tables import show_transitions
    from segpredict.errors import UsageError

    output = Output(as_json, quiet, verbose)
    require_table_ending(out)
    if out is not None and table is None:
        raise UsageError(f"--out {out} needs --table.", fix="name one: --table customers.")
    if history is None:
        if until is not None or model is not None:
            raise UsageError(
                "--to and --model need a history.", fix="add --history FOLDER, or leave them out."
            )
        found = pipeline.run_transitions(run, since, segment)
    elif since is None or until is None:
        raise UsageError("A history needs two days.", fix="give --from and --to as YYYY-MM-DD.")
    else:
        found = pipeline.history_transitions(history, since, until, model=model, segment=segment)
    tables = {name.replace("_", "-"): each for name, each in found.items()}
    if table is None:
        show_transitions(output, tables)
        output.print_json({name: t.to_dicts() for name, t in tables.items() if name != "customers"})
        return
    if table not in tables:
        raise UsageError(
            f"There is no table {table} here; known: {', '.join(tables)}.",
            fix="name one of these with --table.",
        )
    output.write_table(tables[table], out, "rows")
    output.print_json({table: tables[table].to_dicts()})
