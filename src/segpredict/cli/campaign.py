"""``segpredict campaign``: a customer list, its control group, and a record of both."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time, run_currency
from segpredict.cli._output import Output, Row, cut_text

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

    Example: `segpredict campaign --run artifacts/may --campaign hold_best --out list.csv`
    """
    from segpredict import pipeline
    from segpredict.errors import UsageError

    output = Output(as_json, quiet, verbose)
    if campaign is None:
        rows = pipeline.list_campaigns(run).to_dicts()
        output.print_block("ACTIONS", _listed(run, rows), STAKE_NOTE)
        if output.verbose:
            tests = [{name: row[name] for name in PLAN_COLUMNS} for row in rows]
            output.print_table("The test that each needs", tests, note="per arm: customers")
        output.print_line(f"{'Next':<9}segpredict campaign --run {run} --campaign NAME --out FILE")
        output.print_json({"run": str(run), "campaigns": rows})
        return
    if out is None:
        raise UsageError("--campaign needs --out.", fix="name a CSV file with --out.")
    request = pipeline.CampaignRequest(campaign, out, holdout, max_customers, author)
    made = pipeline.draw_campaign(run, request, current_time())
    arms = made["arms"]
    control = arms["campaign holdout"] + arms["universal holdout"]
    output.print_line(
        f"{made['customers']:,} customers: {arms['treatment']:,} to treat, {control:,} in "
        f"the control group. The list: {out}"
    )
    if made["detectable_uplift"] is not None:
        output.print_line(
            f"With these arms an uplift of {made['detectable_uplift']:.1%} or more would be "
            f"with {made['power']:.0%} power; read out on {made['readout']} or later."
        )
    output.print_line(f"Recorded in {made['record']}")
    output.print_json(made)


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
