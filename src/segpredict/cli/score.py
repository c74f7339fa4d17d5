"""``segpredict score``: each customer's next segment, from new transactions."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import (
    column_mapping,
    pseudonymizer_from_options,
    run_currency,
    split_pair,
)
from segpredict.cli._output import Output, require_table_ending, writing_to

if TYPE_CHECKING:
    import polars as pl

    from segpredict.pipeline.publish import ScoreTable
    from segpredict.scoring.history import ModelVersion

MAX_CUSTOMERS = 20  # who are shown on a terminal


def command(
    data: o.DataOption,
    run: o.RunOption = Path("artifacts/run"),
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A .parquet or .csv file. Default: CSV on stdout."),
    ] = None,
    as_of: o.AsOfOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="When scoring only a few customers: the day the shop's records begin. It "
            "states that these rows are all their orders from then to the cutoff.",
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also add the scores to this history, which only grows: the same "
            "customer, day and model add nothing. Read it with `segpredict transitions`.",
        ),
    ] = None,
    to: o.ToOption = None,
    table: Annotated[
        str, typer.Option(metavar="NAME", help="The table of the database that takes the scores.")
    ] = "customer_scores",
    create: o.CreateOption = False,
    columns: o.ColumnsOption = None,
    side_tables: Annotated[
        list[str] | None,
        typer.Option(
            "--side-table",
            metavar="TABLE=FILE",
            help="A new side table: customers, products, events or contacts, laid out "
            "as in the run. Repeatable.",
        ),
    ] = None,
    own_segments: o.SegmentsOption = None,
    on_bad_rows: o.BadRowsOption = None,
    max_bad: o.MaxBadRowsOption = None,
    hash_ids: o.HashIdsOption = False,
    secret_file: o.SecretFileOption = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Score customers: segment now, probability of each next segment, expected value.

    The data must reach back over the look-back before the cutoff. Customers with no
    order in it are listed as not eligible, without probabilities. The default cutoff
    is the day after the last row. Rows that cannot be read are set aside and counted,
    up to `--max-bad-rows` (the limit of the run), unless `--on-bad-rows fail`.

    With `--to` the scores go into a table of a database, by customer, day and model, and
    who moved since the day before into NAME_moves, all in one transaction: run it twice, and
    nothing is doubled.

    Nothing is saved unless `--history` names a folder. A history belongs to a shop, not
    to a run: it can hold the scores of every night and of every model.

    With `--hash-ids` the ids that are printed or written are keyed hashes, the same as
    in the tables of `segpredict report --format bi`. A history holds the original ids.

    Example: `segpredict score --run artifacts/may --data sales.csv --out scores.csv`

    Into a database: `segpredict score --run artifacts/may --data shop.store
    --to postgresql://shop@db/sales --create`
    """
    from segpredict import pipeline
    from segpredict.scoring.new_data import NewData

    require_table_ending(out)
    names = pseudonymizer_from_options(hash_ids, secret_file)
    example = "events=visits.csv"
    named = dict(split_pair(t, "--side-table", "TABLE=FILE", example) for t in side_tables or ())
    named |= {"own_segments": own_segments} if own_segments else {}
    output = Output(as_json, quiet)
    given = (("on_bad_rows", on_bad_rows), ("max_bad_rows", max_bad))
    target = None if to is None else pipeline.ScoreTable.open(to, table, create=create)
    with output.stages() as progress, writing_to("--history"):
        scores, version, update = pipeline.score_into_history(
            history,
            run,
            NewData(
                data, column_mapping(columns), named, {k: v for k, v in given if v is not None}
            ),
            as_of=as_of,
            since=since,
            progress=progress,
        )
    scores = scores if names is None else names.hash_customers(scores)
    written = _published(output, target, scores, version)
    if update is not None:
        output.print_note(update.summary_sentence())
    if as_json:
        added = {} if update is None else {"history": asdict(update)}
        added |= {"tables": written} if written else {}
        output.print_json({"scores": scores.to_dicts(), **added})
    if out is None and sys.stdout.isatty() and not output.is_silent:
        _show_first(output, scores, run_currency(run))
    elif out is not None or not (as_json or written):
        output.write_table(scores, out, "customers scored")


def _published(
    output: Output, target: "ScoreTable | None", scores: "pl.DataFrame", version: "ModelVersion"
) -> dict[str, int]:
    """Write scores to a database, if one was named; return the rows of each table."""
    written = {} if target is None else dict(target.write(scores, version))
    for name, rows in written.items():
        output.print_note(f"{name}: {rows:,} rows")
    return written


def _show_first(output: Output, scores: "pl.DataFrame", currency: str) -> None:
    """Print the customers with most revenue at risk: a terminal has no room for all."""
    from segpredict.report.formatting import format_money, format_share

    rows = [
        {
            "customer": row["customer_id"],
            "segment": row["segment"],
            "next": row["next_segment"],
            "probability": format_share(row[f"p_{row['next_segment_id']}"], 0),
            "expected": format_money(row["expected_value"], currency),
            "at risk": format_money(row["value_at_risk"], currency),
        }
        for row in scores.filter("is_eligible")
        .sort("value_at_risk", descending=True, nulls_last=True, maintain_order=True)
        .head(MAX_CUSTOMERS)
        .iter_rows(named=True)
    ]
    output.print_block("SCORES", rows, f"{scores.height:,} customers; all of them: --out or a pipe")
