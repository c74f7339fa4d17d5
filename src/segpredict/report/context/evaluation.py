"""Model against baselines in backtests, and the leakage demo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.window import day_number
from segpredict.report.formatting import (
    Row,
    finite_fields,
    finite_or_none,
    format_day_range,
    format_iso_day,
)
from segpredict.report.html.badges import StripPiece, segment_badges, stacked_strip
from segpredict.report.html.chart_layout import IntervalMark, layout_intervals
from segpredict.report.input import ReportInput
from segpredict.report.model_names import METRIC_LABELS, MetricLabel, model_label

COMPARED_METRICS = ("log_loss", "accuracy")
MODELS_FIRST = ("persistence", "markov")


@dataclass(frozen=True, slots=True)
class ModelScores:
    """The scores of one model in one window, or pooled."""

    label: str  # its name
    is_model: bool  # whether it is the selected model
    values: tuple[float | None, ...]  # one score per metric, in the order of `METRIC_LABELS`
    is_best: tuple[bool, ...]  # for each metric, whether no other model is better


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """The model minus one baseline, on one metric."""

    label: str  # the baseline
    # difference and 95 % interval
    value: float | None
    low: float | None
    high: float | None
    mark: IntervalMark | None  # its place on the axis
    outcome: str  # ``better``, ``worse`` or ``open`` (the interval holds zero)
    beats: bool  # whether the model beats it: the interval excludes zero and every window agrees
    windows: int | None  # windows in which the model was better; ``None`` within one window


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """The model against all baselines, on one metric."""

    metric: MetricLabel
    title: str
    rows: tuple[MetricDifference, ...]


@dataclass(frozen=True, slots=True)
class WindowEvaluation:
    """One test window, or all of them pooled."""

    # the day of the forecast and the days it is for, as text; empty when pooled
    cutoff: str
    outcome: str
    # number of forecasts, and of different customers
    n: int
    customers: int
    # scores, and differences with intervals
    models: tuple[ModelScores, ...]
    comparisons: tuple[MetricComparison, ...]
    # mix of segments predicted by the model, and actual mix
    predicted_mix: tuple[StripPiece, ...]
    actual_mix: tuple[StripPiece, ...]


@dataclass(frozen=True, slots=True)
class EvaluationSection:
    """The section."""

    metrics: tuple[MetricLabel, ...]  # what the scores mean
    model: str  # the selected model
    pooled: WindowEvaluation | None  # all windows together; ``None`` where nothing was tested
    windows: tuple[WindowEvaluation, ...]  # one test window each


def evaluation_section(bundle: ReportInput) -> EvaluationSection:
    """Return the context of the section."""
    found = bundle.evaluation
    if not found or not (found.get("pooled") or {}).get("scores"):
        return EvaluationSection(METRIC_LABELS, "", None, ())
    return EvaluationSection(
        METRIC_LABELS,
        model_label(str(found.get("selected", ""))),
        _window_evaluation(found["pooled"], bundle, found),
        tuple(_window_evaluation(each, bundle, found) for each in found.get("windows") or ()),
    )


def _window_evaluation(evaluated: Row, bundle: ReportInput, found: Row) -> WindowEvaluation:
    model = str(found.get("selected", ""))
    ids = [str(i) for i in found.get("segments") or ()]
    cutoff = str(evaluated.get("cutoff", POOLED_WINDOWS))
    is_pooled = cutoff == POOLED_WINDOWS
    dated = bundle.window if is_pooled else bundle.window.at_cutoff(day_number(cutoff))
    comparisons = found.get("comparisons") or () if is_pooled else ()
    predicted = (evaluated.get("predicted_mix") or {}).get(model) or ()
    actual, known = evaluated.get("actual_mix") or (), segment_badges(bundle.segments)
    return WindowEvaluation(
        cutoff="" if is_pooled else format_iso_day(cutoff),
        outcome="" if is_pooled else format_day_range(dated.outcome_start, dated.outcome_end),
        n=int(finite_or_none(evaluated.get("n_rows")) or 0),
        customers=int(finite_or_none(evaluated.get("customers")) or 0),
        models=_model_scores(evaluated.get("scores") or {}, model),
        comparisons=tuple(_comparisons(evaluated.get("differences") or {}, comparisons)),
        predicted_mix=stacked_strip(dict(zip(ids, predicted, strict=False)), known),
        actual_mix=stacked_strip(dict(zip(ids, actual, strict=False)), known),
    )


def _ordered(models: Row, *first: str) -> list[str]:
    known = [name for name in dict.fromkeys((*first, *MODELS_FIRST)) if name in models]
    return [*known, *sorted(name for name in models if name not in known)]


def _model_scores(scores: Row, model: str) -> tuple[ModelScores, ...]:
    rows = {
        name: tuple(finite_or_none(scores[name].get(metric.name)) for metric in METRIC_LABELS)
        for name in _ordered(scores, model)
    }
    columns = list(zip(*rows.values(), strict=True))
    best = [_best(m, column) for m, column in zip(METRIC_LABELS, columns, strict=True)]
    return tuple(
        ModelScores(
            model_label(name),
            name == model,
            values,
            tuple(v is not None and v == b for v, b in zip(values, best, strict=True)),
        )
        for name, values in rows.items()
    )


def _best(metric: MetricLabel, values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    pick = max if metric.higher_is_better else min
    return pick(found, default=None)


def _comparisons(differences: Row, comparisons: Sequence[Row]) -> list[MetricComparison]:
    names = _ordered(differences)
    compared = {(c.get("baseline"), c.get("metric")): c for c in comparisons}
    found = []
    for metric in METRIC_LABELS:
        gaps = [(differences[name] or {}).get(metric.name) for name in names]
        marks = layout_intervals(gaps)
        if metric.name not in COMPARED_METRICS or not any(marks):
            continue
        rows = [
            _difference(name, gap or {}, mark, metric, compared)
            for name, gap, mark in zip(names, gaps, marks, strict=True)
        ]
        found.append(MetricComparison(metric, _title(metric, rows), tuple(rows)))
    return found


def _difference(
    name: str, gap: Row, mark: IntervalMark | None, metric: MetricLabel, compared: Mapping[Any, Row]
) -> MetricDifference:
    low, high = finite_or_none(gap.get("low")), finite_or_none(gap.get("high"))
    outcome = "open"
    if low is not None and high is not None and (low > 0 or high < 0):
        outcome = "better" if (low > 0) == metric.higher_is_better else "worse"
    comparison = compared.get((name, metric.name), {})
    return MetricDifference(
        label=model_label(name),
        **finite_fields(gap, "value", "low", "high"),
        mark=mark,
        outcome=outcome,
        beats=bool(comparison.get("beats", outcome == "better")),
        windows=comparison.get("windows_better"),
    )


def _title(metric: MetricLabel, rows: Sequence[MetricDifference]) -> str:
    beaten = sum(row.beats for row in rows)
    lost = sum(row.outcome == "worse" for row in rows)
    name = metric.label.lower()
    text = f"On {name} the model beats {beaten} of {len(rows)} baselines"
    return f"{text} and loses to {lost}." if lost else f"{text}."


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


def leakage_section(bundle: ReportInput) -> LeakageSection | None:
    """Return the context of the demo; ``None`` where it was not requested."""
    if not bundle.leakage_demo:
        return None
    columns = ("meaning", "accuracy", "log_loss", "is_honest")
    rows = tuple(LeakageRow(*(row[name] for name in columns)) for row in bundle.leakage_demo)
    honest = next(s.accuracy for s in rows if s.is_honest)
    worst = max(s.accuracy for s in rows if not s.is_honest)
    return LeakageSection(rows, worst - honest)
