"""Monitor a run: its past forecasts against what came, its data, and whether to train again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.analytics.campaigns import find_experiment_logs
from segpredict.analytics.monitoring import (
    FIGURE_LABELS,
    Finding,
    RefreshAdvice,
    advise_refresh,
)
from segpredict.config.load import Config
from segpredict.core.run_folder import RunFolder, continue_run, open_run, parquet_writer
from segpredict.core.text import count_of
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON, DateLike, ProgressCallback
from segpredict.core.window import as_date, day_number
from segpredict.errors import ArtifactError, MismatchError
from segpredict.pipeline import drift, loading
from segpredict.pipeline import monitor_tables as tables
from segpredict.pipeline.artifacts import MONITOR_FIGURES, MONITOR_PAGE
from segpredict.pipeline.past_forecasts import PastForecasts, evaluate_past_forecasts
from segpredict.pipeline.target import no_progress
from segpredict.report.html.page import render_html
from segpredict.report.input import MonitorInput
from segpredict.report.monitor import MONITOR_SECTIONS
from segpredict.scoring.history import ScoreHistory
from segpredict.scoring.new_data import NewData, read_new_data
from segpredict.scoring.predictor import SegmentPredictor

SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True)
class MonitorResult:
    """What became of the forecasts of a run."""

    run: str
    data_from: str  # the first day of the new data
    data_until: str  # the day after the last order of the new data
    dates: tuple[str, ...]  # dates of forecasts whose outcome is known, oldest first
    # one row a date and figure: ``value``, and the band ``low`` to ``high`` around ``expected``
    # that the backtests promised
    figures: pl.DataFrame
    baselines: pl.DataFrame  # log-loss of the model minus that of each baseline, by date
    sums: pl.DataFrame  # expected spend and revenue at risk against what came
    mix: pl.DataFrame  # predicted and actual share of each segment
    # log-loss by segment, country and cohort over all dates, beside that of the backtests
    groups: pl.DataFrame
    demand: pl.DataFrame  # units that were expected and sold, by level
    # how far scores, features and sizes moved, beside how far they move between dates of the run
    drift: pl.DataFrame
    recorded: pl.DataFrame  # of a history: what was said that night against what came
    findings: tuple[Finding, ...]
    advice: RefreshAdvice
    notes: tuple[str, ...] = ()

    def to_json(self) -> JSON:
        """Return all as plain values."""
        names = ("figures", "baselines", "sums", "mix", "groups", "demand", "drift", "recorded")
        return {
            "run": self.run,
            "data_from": self.data_from,
            "data_until": self.data_until,
            "dates": list(self.dates),
            "advice": {
                "action": self.advice.action,
                "since": self.advice.since,
                "reason": self.advice.reason,
            },
            "findings": [
                {"kind": f.kind, "since": f.since, "action": f.action, "text": f.text}
                for f in self.findings
            ],
            "notes": list(self.notes),
            **{name: getattr(self, name).to_dicts() for name in names},
        }


def monitor_run(
    folder: str | Path,
    data: NewData,
    history: str | Path | None = None,
    *,
    as_of: DateLike = None,
    progress: ProgressCallback = no_progress,
) -> MonitorResult:
    """Return what became of the forecasts of a run.

    * `folder`, `data`: a finished run, and transactions from before its end to today.
    * `history`: the history of the nights that were scored; without it the run is judged at its own
      end and every step after it.
    * `as_of`: the day on which is judged; ``None`` means the day after the last row.

    Every date whose outcome window is over is scored again with the run, on what was known that
    day. Bands are prediction intervals over the run's own backtests (`figure_band`).

    Raises `MismatchError` when the data are of another shop, or begin too late; `ArtifactError`
    when the history holds no scores.
    """
    files = open_run(folder)
    config, predictor = loading.load_config(files), loading.load_predictor(files)
    progress("reading and cleaning", 0.0)
    shop = read_new_data(data, predictor, config, as_of)
    if predictor.facts is not None:
        predictor.facts.require_same(shop, predictor.cleaning_options.revenue)
    kept = None if history is None else ScoreHistory(history)
    trained_until = day_number(files.metadata["windows"]["forecast_from"])
    _require_reach(predictor, shop, trained_until)
    cutoffs, notes = _dates(predictor, shop, config, trained_until, kept)
    found: PastForecasts | None = None
    if cutoffs:
        progress("scoring past dates", 0.4)
        found = evaluate_past_forecasts(
            predictor,
            loading.load_models(files),
            loading.load_transactions(files),
            shop,
            cutoffs,
            config,
        )
    today = shop.end_day if as_of is None else day_number(as_of)
    own = loading.load_transactions(files)
    progress("comparing dates", 0.8)
    moved = drift.drift_table(predictor, own, shop, config)
    findings = [
        *_stopped(own, shop, today),
        *drift.data_findings(own, shop),
        *drift.drift_findings(moved),
    ]
    return _result(files, shop, found, kept, trained_until, moved, findings, notes)


def keep_monitor_page(folder: str | Path, found: MonitorResult, created: str = "") -> Path:
    """Write the page of a result into the run, with the readouts of campaigns; return its path."""
    with continue_run(folder) as draft:
        place = loading.load_config(draft).campaigns.experiments_folder
        page = MonitorInput(
            title="Did it come true, did it help?",
            created=created,
            first_day=day_number(found.data_from),
            end_day=day_number(found.data_until),
            result=found.to_json(),
            readouts=tuple(find_experiment_logs(draft.place, place).with_results()),
            currency=draft.metadata["data"]["currency"],
        )
        draft.write(MONITOR_PAGE, render_html(page, MONITOR_SECTIONS).encode())
        draft.write(MONITOR_FIGURES, parquet_writer(found.figures))
        return draft.publish().folder / MONITOR_PAGE


def _require_reach(predictor: SegmentPredictor, shop: Transactions, trained_until: int) -> None:
    """Raise where data begin after the look-back of the first date: orders would be missing."""
    needed = trained_until - predictor.time.lookback
    needed = needed if predictor.first_day is None else max(needed, predictor.first_day)
    if shop.first_day > needed:
        raise MismatchError(
            f"The data begin on {as_date(shop.first_day)}; to score {as_date(trained_until)} they "
            f"must reach back to {as_date(needed)}.",
            fix="give the older data, too, e.g. a store that holds all.",
        )


def _dates(
    predictor: SegmentPredictor,
    shop: Transactions,
    config: Config,
    trained_until: int,
    history: ScoreHistory | None,
) -> tuple[list[int], list[str]]:
    """Return the dates to judge, and notes on those left out.

    Outcome windows of neighbouring nights are nearly the same: dates are a step apart.
    """
    time, newest = config.time, shop.end_day - config.time.days_to_complete
    if history is None:
        return list(range(trained_until, newest + 1, time.step)), []
    every = history.list_entries()
    if every.is_empty():
        raise ArtifactError(
            f"The history {history.folder} holds no scores.",
            fix="name the folder that `segpredict score --history` wrote into.",
        )
    entries = every.filter(model=predictor.model_version.model)
    known = [day_number(day) for day in entries["as_of"].unique().sort()]
    # What came after an earlier night the model was trained on.
    nights = [night for night in known if night >= trained_until]
    judged = _apart([night for night in nights if night <= newest], time.step)
    notes = []
    if not known:
        notes.append("No night of the history was scored by the model of this run.")
    if early := len(known) - len(nights):
        notes.append(
            f"{count_of(early, 'night')} before {as_date(trained_until)} not judged: the model was "
            "trained on what came after."
        )
    others = every.height - entries.height
    if others:
        notes.append(f"Other models scored {count_of(others, 'night')} of the history.")
    if waiting := len([night for night in nights if night > newest]):
        notes.append(f"The outcome window of {count_of(waiting, 'night')} is not over.")
    return judged, notes


def _apart(nights: Sequence[int], step: int) -> list[int]:
    """Return the first night, and each next one that is a step later."""
    chosen: list[int] = []
    for night in nights:
        if not chosen or night - chosen[-1] >= step:
            chosen.append(night)
    return chosen


def _result(
    files: RunFolder,
    shop: Transactions,
    found: PastForecasts | None,
    history: ScoreHistory | None,
    trained_until: int,
    moved: pl.DataFrame,
    before_outcome: Sequence[Finding],
    notes: Sequence[str],
) -> MonitorResult:
    config = loading.load_config(files)
    model = loading.load_predictor(files).model_version.model
    figures = tables.figures_table(files, config, found)
    baselines = tables.baselines_table(found)
    findings = [*before_outcome, *_outside(figures), *_worse(baselines)]
    dates = () if found is None else tuple(tables.days(found))
    return MonitorResult(
        run=str(files.folder),
        data_from=as_date(shop.first_day).isoformat(),
        data_until=as_date(shop.end_day).isoformat(),
        dates=dates,
        figures=figures,
        baselines=baselines,
        sums=tables.sums_table(found),
        mix=tables.mix_table(found, loading.load_segments(files)),
        groups=tables.groups_table(files, found),
        demand=tables.demand_table(files, config, shop, trained_until),
        drift=moved,
        recorded=tables.recorded_table(history, model, found),
        findings=tuple(findings),
        advice=advise_refresh(
            findings,
            len(dates),
            has_bands=figures["high"].is_not_null().any(),
            unjudged=" ".join(notes),
        ),
        notes=tuple(notes),
    )


def _stopped(trained_on: Transactions, shop: Transactions, today: int) -> Iterator[Finding]:
    """Yield that data stopped, where no order came for longer than ever before in the run."""
    days = trained_on.order_days().lines.select(pl.col("day").unique().sort()).collect()
    longest = int(np.diff(days["day"].to_numpy(), prepend=trained_on.first_day).max())
    missing = today - shop.end_day
    if missing >= longest:  # days of neighbouring orders are one further apart than the pause
        last = as_date(shop.end_day - 1).isoformat()
        yield Finding(
            "data_stopped",
            as_date(shop.end_day).isoformat(),
            f"Data stopped on {last}: no order for {missing:,} days; the longest pause before was "
            f"{longest - 1:,}.",
        )


def _outside(figures: pl.DataFrame) -> list[Finding]:
    """Return each figure that left its band, with the first day."""
    found = []
    for (name,), part in figures.filter("is_worse").group_by("figure", maintain_order=True):
        first = part.row(0, named=True)
        found.append(
            Finding(
                "figure_outside_band",
                first["date"],
                f"{FIGURE_LABELS[str(name)]} is outside its band since {first['date']}: "
                f"{first['value']:.3f} is not within {first['low']:.3f} to {first['high']:.3f}.",
            )
        )
    return found


def _worse(baselines: pl.DataFrame) -> list[Finding]:
    """Return the baselines that were clearly better than the model, with the first day."""
    dates = max(1, baselines["date"].n_unique())
    clear = baselines.filter(pl.col("low") > 0, pl.col("p_value") * dates <= SIGNIFICANCE_LEVEL)
    return [
        Finding(
            "worse_than_baseline",
            part["date"][0],
            f"The baseline {name} has a lower log-loss than the model since {part['date'][0]}.",
        )
        for (name,), part in clear.group_by("baseline", maintain_order=True)
    ]
