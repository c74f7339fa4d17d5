"""``segpredict compare``: a run that is used beside one that may take its place."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import column_mapping
from segpredict.cli._output import Output, Row, cut_text

if TYPE_CHECKING:
    import polars as pl

    from segpredict.pipeline.compare import RunComparison

MAX_ROWS = 6  # of a table on a terminal
MAX_NAME = 16  # characters of a segment
SIGNS = {1: "+", 0: "0", -1: "-", None: ""}


def command(
    champion: Annotated[
        Path, typer.Argument(metavar="CHAMPION", help="The run that is used: a folder or a link.")
    ],
    challenger: Annotated[
        Path, typer.Argument(metavar="CHALLENGER", help="The run that may take its place.")
    ],
    data: o.DataOption,
    promote: Annotated[
        Path | None,
        typer.Option(
            metavar="LINK",
            help="Where the verdict is promote, let this link lead to the challenger. All "
            "commands take the link as a run.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With --promote: whatever the verdict.")
    ] = False,
    as_of: o.AsOfOption = None,
    columns: o.ColumnsOption = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Compare two runs on the same customers and dates, and say which to use.

    The dates are those whose outcome neither run was trained on. The verdict is promote or keep
    where the 95 % interval of the difference in log-loss, by a paired bootstrap of customers,
    excludes zero; otherwise no difference can be told.

    Example: `segpredict compare artifacts/current artifacts/june --data shop.store --promote
    artifacts/current`
    """
    from segpredict import pipeline
    from segpredict.core.disk import point_link
    from segpredict.errors import UsageError
    from segpredict.scoring.new_data import NewData

    if force and promote is None:
        raise UsageError("--force needs --promote.", fix="name the link: --promote LINK.")
    output = Output(as_json, quiet, verbose)
    with output.stages() as progress:
        new = NewData(data, column_mapping(columns))
        found = pipeline.compare_runs(champion, challenger, new, as_of=as_of, progress=progress)
    is_promoted = promote is not None and (force or found.verdict.action == "promote")
    if promote is not None and is_promoted:
        point_link(promote, challenger)
    _show(output, found)
    if promote is not None:
        done = f"leads to {challenger}" if is_promoted else "stays as it is"
        output.print_block("LINK", f"{promote} {done}")
    output.print_json({**found.to_json(), "promoted": is_promoted})


def _show(output: Output, found: "RunComparison") -> None:
    few = None if output.verbose else MAX_ROWS
    output.print_block("VERDICT", f"{found.verdict.action}: {found.verdict.reason}")
    judged = f"{found.outcome}; {len(found.dates)} dates, by {found.judged_by}"
    output.print_block("OUTCOME", judged)
    if found.dates:
        figures = list(_figures(found))
        output.print_block("FIGURES", figures, "challenger minus champion, 95 % interval")
    output.print_block("SEGMENTS", *found.events[:few])
    output.print_block("MOVES", list(_moves(found.moves))[:few], "customers by next segment")
    output.print_block("REASONS", list(_reasons(found.reasons))[:few], REASONS_NOTE)
    output.print_block("DRIVERS", list(_drivers(found.importance))[:few], *_agreement(found))
    output.print_block("NOTES", *found.notes)


REASONS_NOTE = "log-odds of the challenger's segment over the champion's, challenger minus champion"


def _figures(found: "RunComparison") -> Iterator[Row]:
    """Yield the log-loss of each date, and all figures of the dates together."""
    last = found.figures["date"][-1]
    for row in found.figures.iter_rows(named=True):
        if row["metric"] == "log_loss" or row["date"] == last:
            names = ("champion", "challenger", "difference", "low", "high")
            label = f"{row['date']} {row['metric'].replace('_', '-')}"
            yield {"date": label, **{name: f"{row[name]:.4f}" for name in names}}


def _moves(moves: "pl.DataFrame") -> Iterator[Row]:
    """Yield who gets another next segment, the most customers first."""
    import polars as pl

    moved = moves.filter(pl.col("champion_segment") != pl.col("challenger_segment"))
    for row in moved.sort("customers", descending=True, maintain_order=True).iter_rows(named=True):
        names = [cut_text(row[f"{name}_segment"], MAX_NAME) for name in ("champion", "challenger")]
        yield {"champion": names[0], "challenger": names[1], "customers": row["customers"]}


def _reasons(reasons: "pl.DataFrame") -> Iterator[Row]:
    for row in reasons.iter_rows(named=True):
        values = {name: f"{row[name]:+.2f}" for name in ("difference", "low", "high")}
        move = f"{row['champion_id']} → {row['challenger_id']}"
        yield {"next": move, "feature": row["feature"], **values}


def _drivers(importance: "pl.DataFrame") -> Iterator[Row]:
    from segpredict.report.formatting import format_share

    for row in importance.iter_rows(named=True):
        ranks = [row["rank_champion"], row["rank_challenger"]]
        mark = "*" if row["is_outside"] or row["sign_differs"] else ""
        shares = [format_share(row[f"share_{name}"]) for name in ("champion", "challenger")]
        yield {
            "feature": f"{row['feature']}{mark}",
            "rank": " → ".join("–" if rank is None else str(rank) for rank in ranks),
            "champion": shares[0],
            "challenger": shares[1],
            "lowest": format_share(row["low"]),
            "highest": format_share(row["high"]),
            "sign": f"{SIGNS[row['sign_champion']]} → {SIGNS[row['sign_challenger']]}",
        }


def _agreement(found: "RunComparison") -> Iterator[str]:
    if found.rank_agreement is not None:
        yield (
            f"Kendall's τ of the ranks {found.rank_agreement:.2f}; lowest and highest: what "
            "another training of the champion could give; *: outside, or another sign"
        )
