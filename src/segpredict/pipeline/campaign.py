"""Draw the customer list of a campaign, and record the control group before it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.analytics import campaigns
from segpredict.analytics.campaigns import MAX_HOLDOUT_SHARE, CampaignListRequest, ExperimentLog
from segpredict.config.outputs import CampaignOptions, ExplainOptions
from segpredict.core import disk
from segpredict.core.customer_ids import IdForm
from segpredict.core.run_folder import RunFolder, encode_csv, open_run
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import ArtifactError, MismatchError, UsageError
from segpredict.pipeline import campaign_planning, loading
from segpredict.pipeline.results import CampaignPlans
from segpredict.scoring.predictor import SegmentPredictor

MAX_EXPLAINED = 5_000  # customers of a list that get reasons


@dataclass(frozen=True)
class CampaignRequest:
    """Which list of a run to draw.

    >>> CampaignRequest("win_back", Path("list.csv"), max_customers=0)
    ... # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    UsageError: a list cannot be empty
    """

    # name of the campaign, and the CSV file to write
    campaign: str
    out: Path
    # share of the list in the control group; the share of all campaigns if not given
    holdout_share: float | None = None
    max_customers: int | None = None  # the most customers on the list
    author: str = ""  # who draws the list, for the record
    by_segment: bool = False  # whether the readout is planned by segment, too

    def __post_init__(self) -> None:
        if self.holdout_share is not None and not 0 < self.holdout_share <= MAX_HOLDOUT_SHARE:
            raise UsageError(
                f"A control group cannot be a share of {self.holdout_share}.",
                fix=f"give --holdout between 0 and {MAX_HOLDOUT_SHARE}.",
            )
        if self.max_customers is not None and self.max_customers < 1:
            message = f"A list cannot have {self.max_customers} customers."
            raise UsageError(message, fix="give --max-customers 100.")


@loading.of_run
def list_campaigns(folder: str | Path) -> pl.DataFrame:
    """Return what stands behind each campaign of a run (`campaigns.plan_campaigns`).

    Raises `ArtifactError` when the campaigns of the run were not planned.
    """
    return _plans(open_run(folder))


def _plans(files: RunFolder) -> pl.DataFrame:
    if not loading.has_stage(files, CampaignPlans):
        raise ArtifactError(
            f"The campaigns of the run {files.folder} were not planned.",
            fix=f"segpredict report --run {files.folder}",
        )
    table: pl.DataFrame = loading.load(files, "plans")
    return table


@loading.of_run
def draw_campaign(folder: str | Path, request: CampaignRequest, created: str) -> dict[str, Any]:
    """Write the customer list of a campaign as CSV, and a record of who is treated.

    * `folder`, `request`, `created`: a finished run, which list to draw, and the time of day, as
      text.

    Returned is the record, with ``record`` and ``list``, the files that were written.

    Raises `UnknownNameError` when the catalogue of the run has no such campaign; `UsageError` when
    no customer is eligible; `MismatchError` when earlier lists are of other ids or another
    currency.
    """
    files = open_run(folder)
    options = loading.load_config(files).campaigns
    log = campaigns.find_experiment_logs(files.folder, options.experiments_folder)
    with log.lock() as work:  # two lists at once would not know each other's arms
        predictor, shop = loading.load_predictor(files), loading.load_transactions(files)
        earlier = log.earlier_arms()
        require_same_shop(log, earlier, shop)
        table, held = _drawn(files, predictor, shop, request, options, earlier)
        record = _record(files, table, request, created, options)
        reasons = _reasons(predictor, shop, table["customer_id"])
        content = encode_csv(campaigns.add_reasons(table, reasons))
        # Nobody may be treated without a record, so the list gets its name after it.
        with disk.drafted_file(request.out, content) as publish:
            written = log.append_experiment(record, campaigns.assigned_customers(table), work, held)
            publish()
    return {**record, "record": str(written), "list": str(request.out)}


def require_same_shop(
    log: ExperimentLog, earlier_arms: Mapping[str, Mapping[str, str]], shop: Transactions
) -> None:
    """Raise where the log is of other customers, whose control groups would say nothing here."""
    listed = {customer for arms in earlier_arms.values() for customer in arms}
    ids = shop.lines.select(pl.col("customer_id").unique()).collect().to_series()
    form = IdForm.of(pl.Series(sorted(listed), dtype=pl.String))
    found = [form.difference(IdForm.of(ids))]
    others = {record.get("currency", "") for record in log.read_records()} - {"", shop.currency}
    if shop.currency and others:
        found.append(f"the currency was {min(others)} and is {shop.currency}")
    if clauses := "; ".join(filter(None, found)):
        raise MismatchError(
            f"This run is not like those of the experiments in {log.folder}: {clauses}.",
            fix="give data in the form of those runs, or keep the runs of another shop in a "
            "folder of their own.",
        )


def _asked(files: RunFolder, request: CampaignRequest) -> CampaignListRequest:
    campaign = loading.load(files, "campaign_catalogue").get_campaign(request.campaign)
    return CampaignListRequest(
        campaign, request.holdout_share, request.max_customers, request.by_segment
    )


def _drawn(
    files: RunFolder,
    predictor: SegmentPredictor,
    shop: Transactions,
    request: CampaignRequest,
    options: CampaignOptions,
    earlier_arms: Mapping[str, Mapping[str, str]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the list of a campaign, and who came to the universal holdout."""
    ask = _asked(files, request)
    campaign = ask.campaign
    _plans(files)  # a run without plans is told so first
    customers = campaign_planning.campaign_customers(
        shop, loading.load(files, "scores"), predictor, campaign
    )
    marked = campaigns.mark_universal_holdout(customers, options, earlier_arms)
    table = campaigns.build_campaign_list(marked, predictor.segments, ask, options, earlier_arms)
    if table.is_empty():
        raise UsageError(
            f"No customer is eligible for the campaign {campaign.name}.",
            fix="choose another campaign; `segpredict campaign --run RUN` lists them.",
        )
    return table, campaigns.newly_held(marked, earlier_arms)


def _record(
    files: RunFolder,
    table: pl.DataFrame,
    request: CampaignRequest,
    created: str,
    options: CampaignOptions,
) -> dict[str, JSON]:
    ask = _asked(files, request)
    plan = _plans(files).filter(campaign=ask.campaign.name).to_dicts()
    facts = _facts(files, request, created, options)
    return campaigns.campaign_record(ask, table, plan[0], options, facts)


def _facts(
    files: RunFolder, request: CampaignRequest, created: str, options: CampaignOptions
) -> dict[str, JSON]:
    config, shop = loading.load_config(files), loading.load_transactions(files)
    window = config.time.window_at(shop.end_day, shop.first_day)
    ahead = config.time.days_to_outcome + config.time.settlement
    return {
        "created": created,
        "by": request.author,
        "run": files.folder.name,
        "digest": files.manifest["digest"],
        "as_of": as_date(shop.end_day).isoformat(),
        "readout": as_date(shop.end_day + ahead).isoformat(),
        "outcome_from": as_date(window.outcome_start).isoformat(),
        "outcome_until": as_date(window.outcome_end).isoformat(),  # the day after the last
        "currency": shop.currency,
        "holdout": options.holdout_share,
        "asked": {"share": request.holdout_share, "first": request.max_customers},
    }


def _reasons(
    predictor: SegmentPredictor, shop: Transactions, listed: pl.Series
) -> pl.DataFrame | None:
    """Return the reasons of the first customers of a list, if the run was explained."""
    if predictor.explainer is None:
        return None
    first = listed.head(MAX_EXPLAINED)
    frame = predictor.customer_rows(shop, predictor.score_window(shop)).eligible
    rows = frame.filter(pl.col("customer_id").is_in(first.implode()))
    return predictor.explainer.explain(rows, ExplainOptions(max(1, len(first)))).reasons
