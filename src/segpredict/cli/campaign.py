"""``segpredict campaign``: a customer list, its control group, and a record of both."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time, run_currency
from segpredict.cli._output import Output, Row, cut_text

if TYPE_CHECKING:
    from segpredict.pipeline import CampaignRequest, ReadoutRequest

STAKE_NOTE = "at stake: expected loss or gain without a campaign, not what a campaign saves"
PLAN_COLUMNS = ("campaign", "kpi", "base_rate", "uplift", "per_arm", "windows", "days")
MAX_TITLE = 31  # characters of a title


def command(
    run: o.RunOption = Path("artifacts/run"),
    campaign: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The campaign to draw a list for; none lists them."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The CSV file of the list.")
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="A larger control group for this list than the holdout of all campaigns, "
            "e.g. 0.5 for a test with equal arms.",
        ),
    ] = None,
    max_customers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Only so many customers, those with most value at stake."),
    ] = None,
    author: Annotated[
        str, typer.Option(metavar="NAME", help="Who draws the list, for the record.")
    ] = "",
    by_segment: Annotated[
        bool,
        typer.Option("--by-segment", help="Plan the readout of this list by segment, too."),
    ] = False,
    readout: Annotated[
        bool,
        typer.Option("--readout", help="Read out the lists on record. Needs --data."),
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="For a readout: transactions over the outcome window, and from before it. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    contacted: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="For a readout: the ids that were contacted (CSV or Parquet)."
        ),
    ] = None,
    cost: Annotated[
        float | None,
        typer.Option(metavar="MONEY", min=0.0, help="For a readout: what one contact costs."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="For a readout: what is left of revenue; 1 if not given.",
        ),
    ] = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Draw the customer list of a campaign: customers, reasons, and a control group.

    Some customers, assigned at random, are in the holdout of every campaign
    (`campaigns.holdout_share`, 10 % by default): without a control group nobody can measure
    what a campaign gained. A customer who was on an earlier list keeps the same assignment.
    The list is recorded before any customer is treated, in the folder `experiments` next to
    the run, to which records are only added.

    Without `--campaign` the campaigns are listed, with the test that each would need.

    With `--readout` the lists on record are compared with what came: treated customers against
    their control group, all of them, contacted or not. Each look is recorded, and a look before
    the day of the readout makes its interval wider.

    Results: `segpredict campaign --run artifacts/may --readout --data sales.csv --cost 0.8`

    Example: `segpredict campaign --run artifacts/may --campaign hold_best --out list.csv`
    """
    from segpredict import pipeline
    from segpredict.analytics.campaigns import ReadoutCosts
    from segpredict.errors import UsageError
    from segpredict.scoring.new_data import NewData

    output = Output(as_json, quiet, verbose)
    of_lists = {
        "--out": out is not None,
        "--holdout": holdout is not None,
        "--max-customers": max_customers is not None,
        "--author": bool(author),
        "--by-segment": by_segment,
    }
    of_readouts = {
        "--data": bool(data),
        "--contacted": contacted is not None,
        "--cost": cost is not None,
        "--margin": margin is not None,
    }
    for name, is_given in (of_lists if readout else of_readouts).items():
        if is_given:
            word = "has no meaning with" if readout else "needs"
            fix = "draw lists without --readout." if readout else "add --readout."
            raise UsageError(f"{name} {word} --readout.", fix=fix)
    if readout:
        costs = ReadoutCosts(cost, 1.0 if margin is None else margin)
        _read_out(
            output, run, pipeline.ReadoutRequest(NewData(data or []), campaign, contacted, costs)
        )
    elif campaign is None:
        _list_campaigns(output, run)
    elif out is None:
        raise UsageError("--campaign needs --out.", fix="name a CSV file with --out.")
    else:
        _draw(
            output,
            run,
            pipeline.CampaignRequest(campaign, out, holdout, max_customers, author, by_segment),
        )


def _list_campaigns(output: Output, run: Path) -> None:
    from segpredict import pipeline

    rows = pipeline.list_campaigns(run).to_dicts()
    output.print_block("ACTIONS", _listed(run, rows), STAKE_NOTE)
    if output.verbose:
        tests = [{name: row[name] for name in PLAN_COLUMNS} for row in rows]
        output.print_table("The test that each needs", tests, note="per arm: customers")
    output.print_line(f"{'Next':<9}segpredict campaign --run {run} --campaign NAME --out FILE")
    output.print_json({"run": str(run), "campaigns": rows})


def _draw(output: Output, run: Path, request: "CampaignRequest") -> None:
    from segpredict import pipeline

    made = pipeline.draw_campaign(run, request, current_time())
    arms = made["arms"]
    control = arms["campaign holdout"] + arms["universal holdout"]
    output.print_line(
        f"{made['customers']:,} customers: {arms['treatment']:,} to treat, {control:,} in "
        f"the control group. The list: {request.out}"
    )
    if made["detectable_uplift"] is not None:
        output.print_line(
            f"With these arms an uplift of {made['detectable_uplift']:.1%} or more would be "
            f"with {made['power']:.0%} power; read out on {made['readout']} or later."
        )
    output.print_line(f"Recorded in {made['record']}")
    output.print_json(made)


def _read_out(output: Output, run: Path, request: "ReadoutRequest") -> None:
    from segpredict import pipeline
    from segpredict.cli._readout import show_readouts
    from segpredict.errors import UsageError

    if not request.data.data:
        raise UsageError("--readout needs --data.", fix="name newer transactions with --data.")
    with output.stages() as progress:
        found = pipeline.read_out_campaigns(run, request, current_time(), progress)
    show_readouts(output, found, run_currency(run))


def _listed(run: Path, rows: Sequence[Row]) -> list[Row]:
    from segpredict.report.formatting import format_money

    currency = run_currency(run)
    return [
        {
            "campaign": row["campaign"],
            "customers": row["n"],
            "at stake": format_money(row["value_at_stake"], currency, 0),
            "": cut_text(row["title"], MAX_TITLE),
        }
        for row in rows
    ]
