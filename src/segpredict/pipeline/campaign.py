"""Draw the list of a play, and write down who was left alone before anybody is not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.analytics import campaigns
from segpredict.analytics.campaigns import MAX_HOLDOUT_SHARE, CampaignListRequest
from segpredict.analytics.campaigns import files as planning
from segpredict.config.campaigns import CampaignOptions
from segpredict.config.explain import ExplainOptions
from segpredict.core.disk import write_file
from segpredict.core.run_folder import RunFolder, encode_csv, open_run
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import ArtifactError, UsageError
from segpredict.pipeline import archive, campaign_planning

MAX_EXPLAINED = 5_000  # customers of a list whose reasons are worked out


@dataclass(frozen=True)
class CampaignRequest:
    """What list of a run is wanted.

    Parameters
    ----------
    campaign
        Name of the play.
    out
        The CSV file to write.
    holdout_share
        Share of the list to be left alone; the universal share if not given.
    max_customers
        The most customers on the list.
    author
        Who asks, for the record.
    """

    campaign: str
    out: Path
    holdout_share: float | None = None
    max_customers: int | None = None
    author: str = ""

    def __post_init__(self) -> None:
        if self.holdout_share is not None and not 0 < self.holdout_share <= MAX_HOLDOUT_SHARE:
            raise UsageError(
                f"A share of {self.holdout_share} cannot be left alone.",
                fix=f"give --holdout between 0 and {MAX_HOLDOUT_SHARE}.",
            )
        if self.max_customers is not None and self.max_customers < 1:
            raise UsageError(
                f"A list cannot have {self.max_customers} customers.", fix="give --first 100."
            )


def list_campaigns(folder: str | Path) -> pl.DataFrame:
    """Return what stands behind each play of a run (`actions.plan_campaigns`).

    Raises
    ------
    ArtifactError
        When the run's plays were not weighed.
    """
    found = planning.load_campaign_plans(open_run(folder))
    if not found:
        raise ArtifactError(
            f"The plays of the run {folder} were not weighed.",
            fix=f"segpredict report --run {folder}",
        )
    table: pl.DataFrame = found["plans"]
    return table


def draw_campaign(folder: str | Path, request: CampaignRequest, created: str) -> dict[str, Any]:
    """Write the list of a play as CSV, and a record of who is treated.

    Parameters
    ----------
    folder
        A finished run.
    request
        What list is wanted.
    created
        The time of day, as text.

    Returns
    -------
    dict
        The record, with ``campaign_record`` and ``list``, the files that were written.

    Raises
    ------
    UnknownNameError
        When the playbook of the run has no such play.
    """
    files = open_run(folder)
    options = archive.load_run_config(files).campaigns
    play = planning.load_campaign_catalogue(files).get_campaign(request.campaign)
    weighed = list_campaigns(folder).filter(play=play.name).to_dicts()
    customers = campaign_planning.campaign_customers(files, play)
    log = campaigns.find_experiment_logs(files.folder, options.experiments_folder)
    ask = CampaignListRequest(play, request.holdout_share, request.max_customers)
    segments = archive.load_segments(files)
    table = campaigns.build_campaign_list(customers, segments, ask, options, log.earlier_arms())
    if table.is_empty():
        raise UsageError(
            f"Nobody is eligible for the play {play.name}.",
            fix="choose another play; `segpredict campaign --run RUN` lists them.",
        )
    told = campaigns.add_reasons(table, _reasons(files, table["customer_id"]))
    write_file(request.out, encode_csv(told))
    facts = _facts(files, request, created, options)
    whole = campaigns.campaign_record(ask, table, weighed[0], options, facts)
    written = log.append_experiment(whole, table.select("customer_id", "arm"))
    return {**whole, "record": str(written), "list": str(request.out)}


def _facts(
    files: RunFolder, request: CampaignRequest, created: str, options: CampaignOptions
) -> dict[str, JSON]:
    config, shop = archive.load_run_config(files), archive.load_transactions(files)
    ahead = config.time.days_to_outcome + config.time.settlement
    return {
        "created": created,
        "by": request.author,
        "run": files.folder.name,
        "digest": files.manifest["digest"],
        "as_of": as_date(shop.end_day).isoformat(),
        "readout": as_date(shop.end_day + ahead).isoformat(),
        "currency": shop.currency,
        "holdout": options.holdout_share,
        "asked": {"share": request.holdout_share, "first": request.max_customers},
    }


def _reasons(files: RunFolder, chosen: pl.Series) -> pl.DataFrame | None:
    """Return the reasons of the first customers of a list, if the run was explained."""
    predictor = archive.load_predictor(files)
    if predictor.explainer is None:
        return None
    shop = archive.load_transactions(files)
    first = chosen.head(MAX_EXPLAINED)
    frame = predictor.feature_rows(shop, predictor.score_window(shop)).frame
    asked = frame.filter(pl.col("customer_id").is_in(first.implode()))
    return predictor.explainer.explain(asked, ExplainOptions(max(1, len(first)))).reasons
