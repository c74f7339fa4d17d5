"""``segpredict check``: read and clean only, and say what was found."""

from segpredict.cli import _options as o
from segpredict.cli._output import Output
from segpredict.cli._plan import planned


def command(
    data: o.Data,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    columns: o.Columns = None,
    on_bad_rows: o.BadRows = None,
    as_of: o.AsOf = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Read and clean only: the ledger, what was found, and which horizons would work.

    Nothing is written. Run this first on a new export.

    Example: `segpredict check --data sales.csv --map customer_id=KUNDE`
    """
    from segpredict import pipeline

    output = Output(as_json, quiet)
    plan = planned(config, settings, columns, on_bad_rows=on_bad_rows)
    with output.progress() as progress:
        found = pipeline.check(data, plan, as_of=as_of, progress=progress)
    output.table("What was read", found["files"])
    output.say(f"The data run from {found['first_day']} to {found['last_day']}.")
    output.table(
        "Ledger: in = used + excluded + rejected",
        [e for e in found["ledger"] if e["rows"]],
    )
    output.say("The ledger adds up, to the row and to the penny.")
    output.table("Which horizon?", found["horizons"])
    for note in found["notes"]:
        output.say(f"note: {note}")
    output.result(found)
