"""Can the probabilities be used: calibration, sets, names, rankings, strata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.report.context._trust_box import MARKOV_GAP
from segpredict.report.formatting import finite_or_none, format_iso_day, name_to_words
from segpredict.report.html.chart_layout import (
    IntervalMark,
    SegmentBadge,
    layout_intervals,
    segment_badges,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import model_label

RULE_LABELS = {
    "argmax": "the likeliest segment",
    "balanced": "small segments named too",
    "cost": "least error in revenue",
}
RANKING_LABELS = {
    "at_risk": "Who falls silent, among the two upper kinds of segment",
    "value_at_risk": "Revenue that falls away",
    "upgrade": "Who rises, among the others",
    "future_top": "The best fifth of what comes",
}
STRATUM_LABELS = {
    "segment_now": "Segment now",
    "is_new": "New in the window",
    "long_silent": "Silent for 182 days",
    "cohort_age": "Years since the first order",
    "country": "Country",
    "value_decile": "Tenth of last year's spend",
}


@dataclass(frozen=True, slots=True)
class ReliabilityCurve:
    """A line in a square picture.

    Parameters
    ----------
    label
        Whose it is.
    points
        Places for SVG, ``x,y`` in percent from the upper left.
    dots
        The same as pairs.
    """

    label: str
    points: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ReliabilityPlot:
    """One square: its heading, a figure to it, and its lines."""

    badge: SegmentBadge | None
    title: str
    note: str
    curves: tuple[ReliabilityCurve, ...]


@dataclass(frozen=True, slots=True)
class StratumFigure:
    """A figure with its interval, of a kind of customer.

    Parameters
    ----------
    window
        Which test, or all.
    group
        Which customers.
    n
        How many.
    value, low, high
        The figure and its 95 % interval.
    mark
        The interval on an axis, if one is drawn.
    """

    window: str
    group: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    mark: IntervalMark | None = None


@dataclass(frozen=True, slots=True)
class DecisionRuleRow:
    """How one way to name segments did on all tests.

    Parameters
    ----------
    name, meaning
        What it is called, and what it does.
    is_used
        Whether the run names segments so.
    accuracy, macro_f1
        Of the names, over all tests; shares.
    cost
        Mean cost of a wrong name, if costs were given.
    """

    name: str
    meaning: str
    is_used: bool
    accuracy: float | None
    macro_f1: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class ProbabilitiesSection:
    """The section.

    Parameters
    ----------
    calibration_text
        What became of calibration, in a sentence; empty where nothing was rehearsed.
    reliability, captures
        Pictures.
    set_coverage
        Coverage by test and by segment; ``set_sizes`` the mean size of a set by test.
    untested_reason
        Why there are no sets to judge, in sentences; empty where there are.
    target
        Share of customers whose segment the sets are meant to hold.
    decision_rules
        Ways to name a segment.
    strata
        The model's log-loss less the Markov chain's, by kind of customer.
    """

    calibration_text: str
    reliability: tuple[ReliabilityPlot, ...]
    captures: tuple[ReliabilityPlot, ...]
    set_coverage: tuple[StratumFigure, ...]
    set_sizes: Mapping[str, float]
    untested_reason: str
    target: float
    decision_rules: tuple[DecisionRuleRow, ...]
    strata: tuple[tuple[str, tuple[StratumFigure, ...]], ...]


def probabilities_section(bundle: ReportInput) -> ProbabilitiesSection | None:
    """Return the context of the section; ``None`` where nothing was tested."""
    card, drawn, found = bundle.scorecard, bundle.curves, bundle.evaluation
    if card is None or drawn is None or not found:
        return None
    usage = found.get("policies") or {}
    sizes = card.filter(metric="set_size").select("window", "value")
    sets = _sets(card, bundle)
    return ProbabilitiesSection(
        _calibrated(usage),
        _reliability(drawn, card, bundle),
        _captures(drawn),
        sets,
        dict(sizes.iter_rows()),
        "" if sets else _unjudged(usage.get("folds") or ()),
        1 - float(usage.get("alpha", 0.1)),
        _rules(card, str(usage.get("rule", ""))),
        _strata(card, bundle),
    )


def _calibrated(policy: Mapping[str, Any]) -> str:
    folds = policy.get("folds") or ()
    if not folds or not folds[-1]["rehearsals"]:
        return "History is too short to rehearse: no calibration could be proven."
    kinds = [fold["calibration"] for fold in folds]
    tests = sum(kind != "none" for kind in kinds[:-1])
    ships = kinds[-1]
    said = (
        "What ships gives its probabilities as they are"
        if ships == "none"
        else f"What ships has its probabilities mended ({ships}), which saved "
        f"{folds[-1]['gain']:.3f} nats on the newest rehearsal"
    )
    return f"{said}. They were mended in {tests} of {len(kinds) - 1} tests."


def _unjudged(folds: Sequence[Mapping[str, Any]]) -> str:
    """Return why no test had sets, and what the sets in the scores are worth."""
    if not folds:
        return ""
    told = (
        "No set could be tested. Thresholds are learned on rehearsals, forecasts of "
        "older days whose outcome was known by the day of the test; here history is "
        "too short to rehearse any test. "
    )
    days = folds[-1]["rehearsals"]
    if not days:
        return told + "In the scores every segment is therefore in every set."
    return told + (
        f"The sets in the scores come from {len(days)} later "
        f"{'rehearsal' if len(days) == 1 else 'rehearsals'}, the newest of "
        f"{format_iso_day(days[-1])}; how often they hold the true segment is not known yet."
    )


def _points(part: pl.DataFrame, name: str) -> ReliabilityCurve:
    dots = tuple(
        (round(100 * x, 2), round(100 - 100 * y, 2))
        for x, y in part.sort("x").select("x", "y").drop_nulls().iter_rows()
    )
    return ReliabilityCurve(name, " ".join(f"{x},{y}" for x, y in dots), dots)


def _reliability(
    drawn: pl.DataFrame, card: pl.DataFrame, bundle: ReportInput
) -> tuple[ReliabilityPlot, ...]:
    known, pictures = segment_badges(bundle.segments), []
    parts = drawn.filter(kind="reliability")
    for (name, by), part in parts.group_by("name", "by", maintain_order=True):
        error = card.filter(
            window=POOLED_WINDOWS, stratum="all", forecaster=by, metric=f"ece_{name}"
        )
        note = "" if error.is_empty() else _error(error.row(0, named=True))
        curve = _points(part, "")
        pictures.append(ReliabilityPlot(known.get(str(name)), "", note, (curve,)))
    return tuple(pictures)


def _error(row: Mapping[str, Any]) -> str:
    told = f"calibration error {row['value']:.1%}"
    if row["low"] is None:
        return told
    return f"{told} ({row['low']:.1%} to {row['high']:.1%})"


def _captures(drawn: pl.DataFrame) -> tuple[ReliabilityPlot, ...]:
    parts = drawn.filter(kind="capture")
    pictures = []
    for (name,), part in parts.group_by("name", maintain_order=True):
        curves = tuple(
            _points(each, model_label(str(by)))
            for (by,), each in part.group_by("by", maintain_order=True)
        )
        n = int(part["n"][0])
        title = RANKING_LABELS.get(str(name), name_to_words(str(name)))
        pictures.append(ReliabilityPlot(None, title, f"{n:,} forecasts", curves))
    return tuple(pictures)


def _sets(card: pl.DataFrame, bundle: ReportInput) -> tuple[StratumFigure, ...]:
    names = {f"set_coverage_{s.id}": s.name for s in bundle.segments}
    wanted = {"set_coverage": "everybody", **names}
    rows = card.filter(pl.col("metric").is_in(list(wanted)))
    return tuple(_bounded(r, wanted[r["metric"]]) for r in rows.iter_rows(named=True))


def _bounded(row: Mapping[str, Any], group: str, mark: IntervalMark | None = None) -> StratumFigure:
    low, high = finite_or_none(row["low"]), finite_or_none(row["high"])
    test = "all tests" if row["window"] == POOLED_WINDOWS else str(row["window"])
    return StratumFigure(test, group, row["n"], finite_or_none(row["value"]), low, high, mark)


def _rules(card: pl.DataFrame, used: str) -> tuple[DecisionRuleRow, ...]:
    pooled = card.filter(window=POOLED_WINDOWS)
    told = dict(pooled.select("metric", "value").iter_rows())
    return tuple(
        DecisionRuleRow(
            name_to_words(name),
            meaning,
            name == used,
            finite_or_none(told.get(f"accuracy_{name}")),
            finite_or_none(told.get(f"macro_f1_{name}")),
            finite_or_none(told.get(f"cost_{name}")),
        )
        for name, meaning in RULE_LABELS.items()
        if f"accuracy_{name}" in told
    )


def _strata(
    card: pl.DataFrame, bundle: ReportInput
) -> tuple[tuple[str, tuple[StratumFigure, ...]], ...]:
    names = {s.id: s.name for s in bundle.segments}
    rows = card.filter(metric=MARKOV_GAP).rows(named=True)
    marks = layout_intervals(rows)
    placed: dict[str, list[StratumFigure]] = {}
    for row, mark in zip(rows, marks, strict=True):
        group = names.get(row["group"], row["group"])
        placed.setdefault(row["stratum"], []).append(_bounded(row, group, mark))
    return _titled(placed)


def _titled(
    placed: Mapping[str, Sequence[StratumFigure]],
) -> tuple[tuple[str, tuple[StratumFigure, ...]], ...]:
    return tuple(
        (title, tuple(placed[name])) for name, title in STRATUM_LABELS.items() if name in placed
    )
