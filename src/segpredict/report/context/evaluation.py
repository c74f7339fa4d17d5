"""Model against baselines in backtests, and the leakage demo."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.text import count_of
from segpredict.core.window import as_date, day_number
from segpredict.report.formatting import (
    Row,
    finite_fields,
    finite_or_none,
    format_day_range,
    format_iso_day,
)
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput
from segpredict.report.model_names import METRIC_LABELS, MetricLabel, model_label

DECIDING_METRIC = "log_loss"
TRUTH_LABEL = "Known truth (of who made this shop)"


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """The model minus one baseline, on the metric that decides."""

    # difference and 95 % interval
    value: float | None
    low: float | None
    high: float | None
    outcome: str  # ``better``, ``worse`` or ``open`` (the interval holds zero)
    beats: bool  # whether the model beats it: the interval excludes zero and every window agrees
    windows: int | None  # windows in which the model was better


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """The scores of one model over all test windows."""

    label: str  # its name
    is_model: bool  # whether it is the model under evaluation
    is_selected: bool  # whether it is in use
    values: tuple[float | None, ...]  # one score per metric, in the order of `METRIC_LABELS`
    is_best: tuple[bool, ...]  # for each metric, whether no other model is better
    by_window: tuple[float | None, ...]  # the score that decides, window by window
    difference: MetricDifference | None  # the model minus it; ``None`` for the model itself


@dataclass(frozen=True, slots=True)
class TestWindow:
    """One test window."""

    # the day of the forecast and the days it is for, as text
    cutoff: str
    outcome: str
    n: int  # number of forecasts


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row of the time line: what was learned from, and what was forecast (percent)."""

    label: str
    known_width: float  # the days that were learned from, from the first on
    # the days that were forecast; no width for the fit of the segments
    forecast_left: float
    forecast_width: float


@dataclass(frozen=True, slots=True)
class SegmentAccuracy:
    """How well one segment was predicted, by the most likely segment of each customer."""

    badge: SegmentBadge  # the segment
    n: int  # customers who were in it
    counts: tuple[int, ...]  # customers who were in it, by predicted segment
    precision: float | None  # of those predicted in it, the share who were in it
    recall: float | None  # of those who were in it, the share predicted in it
    auc: float | None  # area under its ROC curve


@dataclass(frozen=True, slots=True)
class SegmentMix:
    """A segment in all test windows together."""

    badge: SegmentBadge  # the segment
    # its share of the customers, as the model in use predicted it, and as it was
    predicted: float
    actual: float


@dataclass(frozen=True, slots=True)
class EvaluationSection:
    """The section."""

    metrics: tuple[MetricLabel, ...]  # what the scores mean
    model: str  # the model under evaluation
    finding: str  # how many baselines it beats
    leaderboard: tuple[LeaderboardRow, ...]  # best first; empty where nothing was tested
    # forecasts in all test windows, and different customers behind them
    n: int
    customers: int
    windows: tuple[TestWindow, ...]  # the test windows, oldest first
    # what each model learned from, and the years under it: position (percent) and name
    timeline: tuple[TimelineRow, ...]
    years: tuple[tuple[float, str], ...]
    accuracy: tuple[SegmentAccuracy, ...]  # one a segment; empty where it was not counted
    mix: tuple[SegmentMix, ...]  # one a segment


def evaluation_section(bundle: ReportInput) -> EvaluationSection:
    """Return the context of the section."""
    found = bundle.evaluation
    if not found or not (found.get("pooled") or {}).get("scores"):
        return EvaluationSection(METRIC_LABELS, "", "", (), 0, 0, (), (), (), (), ())
    pooled, known = found["pooled"], segment_badges(bundle.segments)
    model, ids = str(found.get("selected", "")), [str(i) for i in found.get("segments") or ()]
    board = _leaderboard(found)
    predicted = (pooled.get("predicted_mix") or {}).get(model) or ()
    timeline, years = _timeline(bundle, found)
    return EvaluationSection(
        metrics=METRIC_LABELS,
        model=model_label(model),
        finding=_finding(board),
        leaderboard=board,
        n=int(finite_or_none(pooled.get("n_rows")) or 0),
        customers=int(finite_or_none(pooled.get("customers")) or 0),
        windows=tuple(_test_window(each, bundle) for each in found.get("windows") or ()),
        timeline=timeline,
        years=years,
        accuracy=_accuracy(bundle),
        mix=tuple(
            SegmentMix(known[name], *shares)
            for name, *shares in zip(ids, predicted, pooled.get("actual_mix") or (), strict=False)
            if name in known
        ),
    )


def _test_window(evaluated: Row, bundle: ReportInput) -> TestWindow:
    dated = bundle.window.at_cutoff(day_number(evaluated["cutoff"]))
    return TestWindow(
        cutoff=format_iso_day(evaluated["cutoff"]),
        outcome=format_day_range(dated.outcome_start, dated.outcome_end),
        n=int(finite_or_none(evaluated.get("n_rows")) or 0),
    )


def _leaderboard(found: Row) -> tuple[LeaderboardRow, ...]:
    """Return all models over all windows, lowest log-loss first."""
    pooled, model = found["pooled"], str(found.get("model", ""))
    scores, gaps = pooled["scores"], pooled.get("differences") or {}
    windows = found.get("windows") or ()
    ranked = sorted(scores, key=lambda name: (_score(scores, name) or math.inf, name))
    rows = {name: _values(scores[name]) for name in ranked}
    columns = zip(METRIC_LABELS, zip(*rows.values(), strict=True), strict=True)
    best = [_best(metric, column) for metric, column in columns]
    compared = {
        c.get("baseline"): c
        for c in found.get("comparisons") or ()
        if c.get("metric") == DECIDING_METRIC
    }
    truth = found.get("known_truth")
    return _truth_row(truth) + tuple(
        LeaderboardRow(
            label=model_label(name),
            is_model=name == model,
            is_selected=name == found.get("selected"),
            values=values,
            is_best=tuple(v is not None and v == b for v, b in zip(values, best, strict=True)),
            by_window=tuple(_score(window.get("scores") or {}, name) for window in windows),
            difference=_difference(
                (gaps.get(name) or {}).get(DECIDING_METRIC) or {}, compared.get(name, {})
            ),
        )
        for name, values in rows.items()
    )


def _values(scores: Row) -> tuple[float | None, ...]:
    return tuple(finite_or_none(scores.get(metric.name)) for metric in METRIC_LABELS)


def _truth_row(truth: Row | None) -> tuple[LeaderboardRow, ...]:
    """Return the row of who made the shop: nobody's forecast, and compared with none."""
    if not truth:
        return ()
    row = LeaderboardRow(
        label=TRUTH_LABEL,
        is_model=False,
        is_selected=False,
        values=_values(truth["pooled"]),
        is_best=(False,) * len(METRIC_LABELS),
        by_window=tuple(finite_or_none(each.get(DECIDING_METRIC)) for each in truth["windows"]),
        difference=None,
    )
    return (row,)


def _score(scores: Row, name: str) -> float | None:
    return finite_or_none((scores.get(name) or {}).get(DECIDING_METRIC))


def _best(metric: MetricLabel, values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    pick = max if metric.higher_is_better else min
    return pick(found, default=None)


def _difference(gap: Row, comparison: Row) -> MetricDifference | None:
    if finite_or_none(gap.get("value")) is None:
        return None
    low, high = finite_or_none(gap.get("low")), finite_or_none(gap.get("high"))
    outcome = "open"
    if low is not None and high is not None and (low > 0 or high < 0):
        outcome = "better" if high < 0 else "worse"
    return MetricDifference(
        **finite_fields(gap, "value", "low", "high"),
        outcome=outcome,
        beats=bool(comparison.get("beats", outcome == "better")),
        windows=comparison.get("windows_better"),
    )


def _finding(board: Sequence[LeaderboardRow]) -> str:
    compared = [row.difference for row in board if row.difference is not None]
    beaten, lost = sum(d.beats for d in compared), sum(d.outcome == "worse" for d in compared)
    text = f"On log-loss the model beats {beaten} of {count_of(len(compared), 'baseline')}"
    return f"{text} and loses to {lost}." if lost else f"{text}."


def _timeline(
    bundle: ReportInput, found: Row
) -> tuple[tuple[TimelineRow, ...], tuple[tuple[float, str], ...]]:
    """Return the rows of the time line, and the years under it."""
    first, last = bundle.first_day, bundle.window.outcome_end
    days = max(1, last - first)

    def place(day: int) -> float:
        return round(100 * (day - first) / days, 2)

    def row(label: str, known: int, start: int, end: int) -> TimelineRow:
        return TimelineRow(label, place(known), place(start), round(place(end) - place(start), 2))

    windows = [
        bundle.window.at_cutoff(day_number(each["cutoff"])) for each in found.get("windows") or ()
    ]
    rows = [
        row(f"Test {i}", window.cutoff, window.outcome_start, window.outcome_end)
        for i, window in enumerate(windows, 1)
    ]
    now = bundle.window
    rows.append(row("Forecast", now.cutoff, now.outcome_start, now.outcome_end))
    fitted = (bundle.manifest.get("windows") or {}).get("segmenter_saw_until")
    if fitted:
        until = day_number(fitted) + 1
        rows.insert(0, row("Segments fitted", until, until, until))
    starts = [
        (day_number(f"{year}-01-01"), str(year))
        for year in range(as_date(first).year, as_date(last).year + 1)
    ]
    return tuple(rows), tuple((place(day), year) for day, year in starts if first <= day < last)


def _accuracy(bundle: ReportInput) -> tuple[SegmentAccuracy, ...]:
    """Return the confusion matrix of the selected model, with what follows from it."""
    card, known = bundle.scorecard, segment_badges(bundle.segments)
    if card is None:
        return ()
    pooled = card.filter(pl.col("window") == POOLED_WINDOWS, pl.col("stratum") == "all")
    counted = pooled.filter(pl.col("metric").str.starts_with("predicted_"))
    if counted.is_empty():
        return ()
    selected = counted["forecaster"][0]
    counts = {(row["group"], row["metric"]): int(row["value"]) for row in counted.to_dicts()}
    areas = dict(pooled.filter(forecaster=selected).select("metric", "value").iter_rows())
    found = []
    for name, badge in known.items():
        row = tuple(counts.get((name, f"predicted_{other}"), 0) for other in known)
        hits, n = counts.get((name, f"predicted_{name}"), 0), sum(row)
        named = sum(counts.get((other, f"predicted_{name}"), 0) for other in known)
        found.append(
            SegmentAccuracy(
                badge=badge,
                n=n,
                counts=row,
                precision=hits / named if named else None,
                recall=hits / n if n else None,
                auc=finite_or_none(areas.get(f"auc_{name}")),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class LeakageRow:
    """One way to test, and the scores it gives."""

    meaning: str  # what was done
    # its scores
    accuracy: float
    log_loss: float
    is_honest: bool  # whether the test is free of leakage


@dataclass(frozen=True, slots=True)
class LeakageSection:
    """The leakage demo."""

    tests: tuple[LeakageRow, ...]  # the tests with leakage, then the correct one
    accuracy_inflation: float  # by how much accuracy the worst test is too high


def leakage_demo_section(bundle: ReportInput) -> LeakageSection | None:
    """Return the context of the demo; ``None`` where it was not requested."""
    if not bundle.leakage_demo:
        return None
    columns = ("meaning", "accuracy", "log_loss", "is_honest")
    rows = tuple(LeakageRow(*(row[name] for name in columns)) for row in bundle.leakage_demo)
    honest = next(s.accuracy for s in rows if s.is_honest)
    worst = max(s.accuracy for s in rows if not s.is_honest)
    return LeakageSection(rows, worst - honest)
