"""Read out the experiments on record of a run, from newer transactions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from segpredict import features
from segpredict.analytics import campaigns
from segpredict.analytics.campaigns import (
    CampaignReadout,
    ExperimentLog,
    ReadoutCosts,
    ReadoutLook,
    level_of_look,
)
from segpredict.core.run_folder import open_run
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.state import to_plain
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.types import JSON, ProgressCallback
from segpredict.core.window import as_date, day_number
from segpredict.core.work_folder import WorkFolder
from segpredict.data.cleaning import normalize_id
from segpredict.errors import ArtifactError, MismatchError, UnknownNameError, UsageError
from segpredict.pipeline import loading
from segpredict.pipeline.campaign import require_same_shop
from segpredict.pipeline.target import no_progress
from segpredict.scoring.new_data import NewData, read_new_data
from segpredict.scoring.predictor import SegmentPredictor


@dataclass(frozen=True, slots=True)
class ReadoutRequest:
    """What is read out, and from which data.

    >>> ReadoutRequest(NewData(["sales.csv"])).costs.margin
    1.0
    """

    data: NewData  # transactions that reach over the outcome windows
    campaign: str | None = None  # the name of one campaign; all if not given
    contacted: Path | None = None  # a CSV or Parquet file of the ids that were contacted
    costs: ReadoutCosts = field(default_factory=ReadoutCosts)


def read_out_campaigns(
    folder: str | Path,
    request: ReadoutRequest,
    created: str,
    progress: ProgressCallback = no_progress,
) -> tuple[CampaignReadout, ...]:
    """Return the readout of each experiment beside a run, oldest first, and record the looks.

    * `folder`, `request`, `created`: the run whose settings the data are read with; what to read;
      the time of day, as text.

    Raises `ArtifactError` when there is no experiment on record; `UnknownNameError` when there is
    none of that campaign; `MismatchError` when the data are of another shop, or begin after the
    outcome window does; `UsageError` when an earlier look had newer data.
    """
    files = open_run(folder)
    config = loading.load_config(files)
    log = campaigns.find_experiment_logs(files.folder, config.campaigns.experiments_folder)
    records = _wanted(log, request.campaign)
    contacted = None if request.contacted is None else _contacted(request.contacted)
    progress("reading and cleaning", 0.0)
    predictor = loading.load_predictor(files)
    shop = read_new_data(request.data, predictor, config)
    arms = log.earlier_arms()
    require_same_shop(log, arms, shop)
    if contacted is not None:
        _require_listed(contacted, {customer for own in arms.values() for customer in own})
    progress("comparing arms", 0.7)
    with log.lock_readouts() as work:
        # All before any is on record: where one is refused, none has spent a look.
        found = [
            _read_out(log, name, record, predictor, shop, contacted, request.costs)
            for name, record in records.items()
        ]
        for each in found:
            _record_look(log, each, created, work)
    return tuple(found)


def _wanted(log: ExperimentLog, campaign: str | None) -> dict[str, dict[str, JSON]]:
    records = log.named_records()
    if not records:
        raise ArtifactError(
            f"There is no experiment on record in {log.folder}.",
            fix="draw a list first: segpredict campaign --run RUN --campaign NAME --out FILE.",
        )
    if campaign is None:
        return records
    known = sorted({record["campaign"] for record in records.values()})
    if campaign not in known:
        raise UnknownNameError("campaign on record", campaign, known)
    return {name: each for name, each in records.items() if each["campaign"] == campaign}


def _read_out(
    log: ExperimentLog,
    name: str,
    record: Mapping[str, JSON],
    predictor: SegmentPredictor,
    shop: Transactions,
    contacted: pl.Series | None,
    costs: ReadoutCosts,
) -> CampaignReadout:
    look = _look(record, shop, log.read_readouts(name))
    customers = log.assigned_customers(name)
    rows = _with_contacts(customers, record, predictor, shop, contacted)
    if look is not None:
        rows = _with_outcomes(rows, record, predictor, shop, look)
    found = campaigns.read_out(name, record, rows, look, costs)
    return replace(found, notes=(*found.notes, *_elsewhere(log, name, rows)))


def _elsewhere(log: ExperimentLog, name: str, rows: pl.DataFrame) -> Iterator[str]:
    """Yield a note where other lists treat the same customers in the same days."""
    records = log.named_records()
    start, end = _outcome_window(records[name])
    treated: set[str] = set()
    for other, record in records.items():
        other_start, other_end = _outcome_window(record)
        if other != name and other_start < end and start < other_end:
            listed = log.listed_customers(other).filter(arm=campaigns.TREATMENT_ARM)
            treated.update(listed["customer_id"])
    is_both = rows["customer_id"].is_in(list(treated))
    in_arm = rows["arm"] == campaigns.TREATMENT_ARM
    ours, controls = int((is_both & in_arm).sum()), int((is_both & ~in_arm).sum())
    if ours or controls:
        yield (
            f"{ours:,} of the treatment arm and {controls:,} of the control group are treated by "
            "other lists in the same days; the effect is that of this campaign on top of those."
        )


def _outcome_window(record: Mapping[str, JSON]) -> tuple[int, int]:
    end = record.get("outcome_until") or record["readout"]
    return day_number(_outcome_from(record)), day_number(end)


def _record_look(
    log: ExperimentLog, found: CampaignReadout, created: str, work: WorkFolder
) -> None:
    if found.look is None:
        return
    earlier, state = log.read_readouts(found.record), to_plain(found)
    last = {k: v for k, v in earlier[-1].items() if k != "created"} if earlier else None
    if state != last:  # the same question on the same data is no new look
        log.append_readout(found.record, {"created": created, **state}, work)


def _look(
    record: Mapping[str, JSON], shop: Transactions, earlier: list[dict[str, JSON]]
) -> ReadoutLook | None:
    """Return how much of the outcome window the data hold; ``None`` where nothing."""
    start, settled = day_number(_outcome_from(record)), day_number(record["readout"])
    if shop.first_day > start:
        raise MismatchError(
            f"The data begin on {as_date(shop.first_day)}, after the outcome window of "
            f"{record['campaign']} began on {as_date(start)}.",
            fix="give data that hold the whole outcome window.",
        )
    seen = min(shop.end_day, settled) - start
    if seen <= 0:
        return None
    fraction = seen / (settled - start)
    levels = {each["look"]["fraction"]: each["look"]["alpha"] for each in earlier}
    alpha = level_of_look(fraction, levels, record["alpha"])
    number = len({*levels, fraction})
    until = min(shop.end_day, day_number(record.get("outcome_until") or record["readout"]))
    return ReadoutLook(number, as_date(until).isoformat(), fraction, alpha)


def _outcome_from(record: Mapping[str, JSON]) -> str:
    return str(record.get("outcome_from") or record["as_of"])


def _with_contacts(
    customers: pl.DataFrame,
    record: Mapping[str, JSON],
    predictor: SegmentPredictor,
    shop: Transactions,
    contacted: pl.Series | None,
) -> pl.DataFrame:
    """Return the customers with ``is_found`` and ``is_contacted``."""
    known = shop.lines.select(pl.col("customer_id").unique()).collect().to_series()
    needed = day_number(record["as_of"]) - predictor.time.lookback
    # Data that begin later need not hold an order of everybody on the list.
    is_whole = shop.first_day <= max(needed, predictor.first_day or needed)
    is_found = customers["customer_id"].is_in(known.implode()) if is_whole else pl.lit(value=True)
    is_contacted = (
        pl.lit(None, pl.Boolean)
        if contacted is None
        else customers["customer_id"].is_in(contacted.implode())
    )
    return customers.with_columns(is_found=is_found, is_contacted=is_contacted)


def _with_outcomes(
    customers: pl.DataFrame,
    record: Mapping[str, JSON],
    predictor: SegmentPredictor,
    shop: Transactions,
    look: ReadoutLook,
) -> pl.DataFrame:
    """Return the customers with what each did in the outcome window, nothing being nought."""
    start, end = day_number(_outcome_from(record)), day_number(look.until)
    bought = features.clustering_inputs(shop, [(start, end)]).select(
        "customer_id", purchase_rate=pl.lit(1.0), revenue=pl.col("spend") / MONEY_SCALE
    )
    orders = (
        shop.known_at(end)
        .filter("is_order_head", pl.col("day") >= start)
        .group_by("customer_id")
        .agg(orders=pl.len().cast(pl.Float64))
        .collect()
    )
    rows = customers
    for table in (bought, orders):
        rows = rows.join(table, on="customer_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("purchase_rate", "revenue", "orders").fill_null(0.0))
    is_by_segment = record["kpi"] in ("stays", "rises") and "segment_id" in rows.columns
    if not (is_by_segment and look.is_complete):
        return rows
    segmentation, horizon = predictor.segmentation, predictor.time.horizon
    inputs = features.clustering_inputs(shop, [(end - horizon, end)], segmentation.extra_inputs)
    later = (
        segmentation.assign(inputs, [end]).filter(end=end).select("customer_id", reached="segment")
    )
    codes = {segment.id: segment.code for segment in predictor.segments}
    now = pl.col("segment_id").replace_strict(codes, default=None, return_dtype=pl.Int64)
    rows = rows.join(later, on="customer_id", how="left", maintain_order="left")
    reached = pl.col("reached").fill_null(INACTIVE_CODE).cast(pl.Int64)
    outcome = reached > now if record["kpi"] == "rises" else reached >= now
    return rows.with_columns(kpi=outcome.cast(pl.Float64)).drop("reached")


def _contacted(path: Path) -> pl.Series:
    """Return the ids in a file: of the column ``customer_id``, or of its only one."""
    fix = "give a CSV (with commas) or Parquet file with a column customer_id."
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path, glob=False)
        else:
            table = pl.read_csv(path, infer_schema=False, glob=False)
        name = "customer_id" if "customer_id" in table.columns else ""
        if table.width == 1:
            (name,) = table.columns
        ids = [name, *table[name].cast(pl.String).drop_nulls()] if name else []
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(
            f"The contacted customers cannot be read from {path}: {str(error).splitlines()[0]}.",
            fix=fix,
        ) from None
    if not ids:
        raise UsageError(f"{path} has several columns, and none is customer_id.", fix=fix)
    # The only column may have no head; a head is nobody's id.
    return pl.Series([normalize_id(text) for text in ids], dtype=pl.String)


def _require_listed(contacted: pl.Series, listed: set[str]) -> None:
    """Raise where no contacted customer was on any list: the ids are others, or are misread."""
    if not contacted.is_in(list(listed)).any():
        raise UsageError(
            "None of the contacted customers is on a list on record.",
            fix="give a file with the ids of the lists, in a column customer_id.",
        )
