"""``segpredict campaign``: who to treat, who to leave alone, and a record of it."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_time
from segpredict.cli._output import Output

PLAN_HEADINGS = {
    "campaign": "campaign",
    "n": "customers",
    "value_at_stake": "money_at_stake",
    "backtest_low": "least_share_that_came",
    "uplift": "uplift_share",
    "per_arm": "per_arm",
    "detectable_uplift": "share_seen_at_once",
    "windows": "windows",
}


def command(
    run: o.RunOption = Path("artifacts/run"),
    campaign: Annotated[
        str | None,
        typer.Option("--play", help="The play to draw a list for; none lists them."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The CSV file of the list.")] = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            "--holdout",
            metavar="SHARE",
            help="Leave more of the list alone than those whom every campaign does, "
            "e.g. 0.5 for a test in equal arms.",
        ),
    ] = None,
    max_customers: Annotated[
        int | None,
        typer.Option("--first", help="Only so many, those with most at stake."),
    ] = None,
    author: Annotated[str, typer.Option("--by", help="Who draws the list, for the record.")] = "",
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Draw the list of a play: customers, reasons, and who is left alone.

    Some customers, drawn by lottery, are left alone by every campaign
    (`campaigns.holdout_share`, 10 % by default): without them nobody can tell what a campaign
    brought. Whoever was on an earlier list keeps the lot. The list is written down
    before anybody is treated, in the folder `experiments` beside the run, which is only
    ever added to.

    Without `--play` the plays are listed, with the test that each would need.

    Example: `segpredict campaign --run artifacts/may --play hold_best --out list.csv`
    """
    from segpredict import pipeline
    from segpredict.errors import UsageError

    output = Output(as_json, quiet)
    if campaign is None:
        rows = pipeline.list_campaigns(run).to_dicts()
        shown = [{PLAN_HEADINGS[n]: r[n] for n in PLAN_HEADINGS} for r in rows]
        note = "at stake is what is expected to be lost or won, not what a play saves."
        output.print_table("Plays", shown, note=note)
        output.print_json({"run": str(run), "plays": rows})
        return
    if out is None:
        raise UsageError("--play needs --out.", fix="name a CSV file with --out.")
    wish = pipeline.CampaignRequest(campaign, out, holdout, max_customers, author)
    made = pipeline.draw_campaign(run, wish, current_time())
    arms = made["arms"]
    alone = arms["campaign holdout"] + arms["universal holdout"]
    output.print_line(
        f"{made['customers']:,} customers: {arms['treatment']:,} to treat, {alone:,} to "
        f"leave alone. The list: {out}"
    )
    if made["detectable_uplift"] is not None:
        output.print_line(
            f"With these arms an uplift of {made['detectable_uplift']:.1%} or more would be seen "
            f"with {made['power']:.0%} power; read out on {made['readout']} or later."
        )
    output.print_line(f"Written down in {made['record']}")
    output.print_json(made)
