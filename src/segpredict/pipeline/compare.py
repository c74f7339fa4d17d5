"""Compare two runs on the same customers and windows: champion and challenger."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from segpredict.classifier.evaluation.bootstrap import bootstrap_differences
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.classifier.metrics import row_brier_score, row_log_loss
from segpredict.core.arrays import FloatArray
from segpredict.core.run_folder import open_run
from segpredict.core.types import JSON, DateLike, ProgressCallback
from segpredict.core.window import as_date
from segpredict.errors import MismatchError
from segpredict.explain import rank_agreement
from segpredict.pipeline import compare_tables as tables
from segpredict.pipeline.compare_tables import BUYS, PRODUCTION, Contender, PairedForecasts
from segpredict.pipeline.target import no_progress
from segpredict.scoring.new_data import NewData

PROMOTE, KEEP, UNCLEAR = "promote", "keep", "no difference that can be told"
FIGURES_SCHEMA = {
    **dict.fromkeys(("date", "metric"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("champion", "challenger", "difference", "low", "high", "p_value"), pl.Float64),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger takes the champion's place."""

    action: str  # `PROMOTE`, `KEEP` or `UNCLEAR`
    reason: str  # why, in a sentence


@dataclass(frozen=True)
class RunComparison:
    """Two runs on the same customers and windows."""

    champion: str
    challenger: str
    outcome: str  # what both forecast: the next segment, or whether a customer buys
    judged_by: str  # which models: of the runs as they are, or of backtests
    dates: tuple[str, ...]  # dates of forecasts whose outcome is known, oldest first
    verdict: Verdict
    # by date and pooled: the figure of either run, challenger minus champion, and its interval
    figures: pl.DataFrame
    segments: pl.DataFrame  # customers by segment now in either run, on the newest day
    events: tuple[str, ...]  # how segments of the champion became those of the challenger
    moves: pl.DataFrame  # customers by next segment in either run, on the newest day
    reasons: pl.DataFrame  # the features behind the moves (`explain.move_reasons`)
    importance: pl.DataFrame  # `explain.compare_importance`
    rank_agreement: float | None  # Kendall's τ of the rankings of features
    notes: tuple[str, ...] = ()

    def to_json(self) -> JSON:
        """Return all as plain values."""
        frames = ("figures", "segments", "moves", "reasons", "importance")
        names = ("champion", "challenger", "outcome", "judged_by", "rank_agreement")
        return {
            **{name: getattr(self, name) for name in names},
            "dates": list(self.dates),
            "verdict": asdict(self.verdict),
            "events": list(self.events),
            "notes": list(self.notes),
            **{name: getattr(self, name).to_dicts() for name in frames},
        }


def compare_runs(
    champion: str | Path,
    challenger: str | Path,
    data: NewData,
    *,
    as_of: DateLike = None,
    progress: ProgressCallback = no_progress,
) -> RunComparison:
    """Return two runs side by side, on dates whose outcome neither was trained on.

    * `champion`, `challenger`: a run that is used, and one that may take its place.
    * `data`: transactions from before both runs' dates to after their outcome.
    * `as_of`: later rows are not used; ``None`` means all are.

    The dates are those after the end of both runs, a step apart. Where none has an outcome yet,
    the challenger's own backtests are taken, of dates after the end of the champion; else the
    backtests that both have.

    Raises `MismatchError` when the runs forecast over windows of other lengths, or the data are of
    another shop.
    """
    progress("reading and cleaning", 0.0)
    one, other = (Contender.of(open_run(folder), data, as_of) for folder in (champion, challenger))
    _require_same_windows(one, other)
    now = tables.customers_now(one, other)
    matched = tables.match_by_customers(one, other, now)
    days, judged_by = tables.common_dates(one, other)
    progress("scoring past dates", 0.3)
    given = [tables.pair_forecasts(one, other, day, judged_by) for day in days]
    paired, outcome = tables.comparable_outcome(given, matched.order)
    figures = _figures(paired, one)
    progress("comparing explanations", 0.8)
    reasons, importance = tables.explain_both(one, other, now, matched.same)
    return RunComparison(
        str(champion),
        str(challenger),
        outcome,
        judged_by,
        tuple(as_date(day).isoformat() for day in days),
        _verdict(figures, len(days)),
        figures,
        matched.segments,
        matched.events,
        tables.count_pairs(now, "next_id", one, other),
        reasons,
        importance,
        rank_agreement(importance),
        tuple(_notes(given, paired, outcome, judged_by)),
    )


def _require_same_windows(one: Contender, other: Contender) -> None:
    lengths = [(each.time.horizon, each.time.gap) for each in (one, other)]
    if lengths[0] != lengths[1]:
        (first, gap), (second, later) = lengths
        raise MismatchError(
            f"The champion forecasts {first} days after a gap of {gap}, the challenger {second} "
            f"after {later}; their outcomes are not the same.",
            fix="make the challenger with the champion's time.horizon and time.gap.",
        )


def _figures(paired: Sequence[PairedForecasts], one: Contender) -> pl.DataFrame:
    """Return each figure by date, and over all dates."""
    if not paired:
        return pl.DataFrame(schema=FIGURES_SCHEMA)
    parts = [(as_date(each.cutoff).isoformat(), each) for each in paired]
    if len(paired) > 1:
        parts.append((POOLED_WINDOWS, PairedForecasts.pooled(paired)))
    return pl.concat([_figures_of(date, part, one) for date, part in parts])


def _figures_of(date: str, part: PairedForecasts, one: Contender) -> pl.DataFrame:
    options = one.config.classifier
    given = {"challenger": part.challenger, "champion": part.champion}
    found = bootstrap_differences(
        given,
        part.labels,
        part.customers,
        draws=options.bootstrap_draws,
        seed=options.seed,
    )["champion"]
    values = {name: _values(p, part) for name, p in given.items()}
    rows = [
        (
            *(date, metric, len(part.labels)),
            *(values[name][metric] for name in ("champion", "challenger")),
            *(each.value, each.low, each.high, each.p_value),
        )
        for metric, each in found.items()
        if metric in values["champion"]
    ]
    return pl.DataFrame(rows, FIGURES_SCHEMA, orient="row")


def _values(probabilities: FloatArray, part: PairedForecasts) -> Mapping[str, float]:
    return {
        "log_loss": float(row_log_loss(probabilities, part.labels).mean()),
        "brier": float(row_brier_score(probabilities, part.labels).mean()),
        "accuracy": float((probabilities.argmax(axis=1) == part.labels).mean()),
    }


def _verdict(figures: pl.DataFrame, dates: int) -> Verdict:
    """Return the verdict by the log-loss of all dates together."""
    if not dates:
        return Verdict(UNCLEAR, "No outcome window after the end of both runs is over yet.")
    pooled = figures.filter(metric="log_loss").row(-1, named=True)
    value, low, high = (pooled[name] for name in ("difference", "low", "high"))
    ends = f"{value:+.4f} ({low:+.4f} to {high:+.4f})"
    where = f"over {dates:,} dates" if dates > 1 else f"on {pooled['date']}"
    if high < 0:
        return Verdict(PROMOTE, f"The challenger's log-loss is lower: {ends} {where}.")
    if low > 0:
        return Verdict(KEEP, f"The challenger's log-loss is higher: {ends} {where}.")
    return Verdict(
        UNCLEAR, f"The interval of the difference in log-loss holds zero: {ends} {where}."
    )


def _notes(
    given: Sequence[PairedForecasts],
    paired: Sequence[PairedForecasts],
    outcome: str,
    judged_by: str,
) -> list[str]:
    notes = []
    if outcome == BUYS:
        notes.append(
            "The runs define segments differently, so only whether a customer buys is the same "
            "outcome: they are compared by it."
        )
    if judged_by != PRODUCTION:
        notes.append(f"Judged are {judged_by}: the last training saw these outcomes.")
    if left := sum(each.only_one for each in given):
        notes.append(f"{left:,} forecasts of one run alone are left out.")
    left, whole = (sum(len(each.labels) for each in parts) for parts in (paired, given))
    if left < whole:
        notes.append(
            f"{whole - left:,} of {whole:,} forecasts are left out: the runs define their actual "
            "segments differently."
        )
    if len(paired) == 1:
        notes.append("One date: the interval holds for other customers, not for other months.")
    return notes
