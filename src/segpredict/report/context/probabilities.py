"""Quality of the probabilities: calibration, prediction sets, decisions, rankings, strata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.customer_value import LOSS_BY_SPEND
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.text import count_of
from segpredict.report.context._trust_box import MARKOV_GAP
from segpredict.report.formatting import (
    Row,
    finite_fields,
    finite_or_none,
    format_iso_day,
    name_to_words,
)
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput
from segpredict.report.model_names import model_label

FIRST_TENTH = 0.1  # of the customers, at which the lift is measured
RULE_LABELS = {
    "argmax": "the most likely segment",
    "balanced": "small segments predicted more often",
    "cost": "lowest expected error in revenue",
}
RANKING_LABELS = {
    "at_risk": "Customers of the upper segments who become inactive",
    "upgrade": "Other customers who move up",
    "future_top": "The top fifth by future spend",
}
STRATUM_LABELS = {
    "segment_now": "Current segment",
    "is_new": "New in the window",
    "long_inactive": "Inactive for 182 days",
    "cohort_age": "Years since the first order",
    "country": "Country",
    "value_decile": "Decile of last year's spend",
}


@dataclass(frozen=True, slots=True)
class ReliabilityCurve:
    """A line in a square plot."""

    label: str  # the model
    points: tuple[tuple[float, float], ...]  # percent from the upper left


@dataclass(frozen=True, slots=True)
class ReliabilityPlot:
    """One square plot."""

    # the segment, or else the heading
    badge: SegmentBadge | None
    title: str
    note: str  # a number, as text
    curves: tuple[ReliabilityCurve, ...]  # its lines


@dataclass(frozen=True, slots=True)
class StratumFigure:
    """A number with its interval, of a group of customers."""

    window: str  # the test window, or all
    group: str  # the group
    n: int  # its size
    # the number and its 95 % interval
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DecisionRuleRow:
    """The scores of one decision rule on all tests."""

    # the rule, and what it does
    name: str
    meaning: str
    is_used: bool  # whether the run uses it
    # of its predictions, over all tests; shares
    accuracy: float | None
    macro_f1: float | None
    cost: float | None  # mean cost of its errors, if costs were given


@dataclass(frozen=True, slots=True)
class ProbabilitiesSection:
    """The section."""

    # plots
    reliability: tuple[ReliabilityPlot, ...]
    captures: tuple[ReliabilityPlot, ...]
    set_coverage: tuple[StratumFigure, ...]  # coverage by test and by segment
    set_sizes: Mapping[str, float]  # mean size of a set by test
    untested_reason: str  # why no prediction sets were evaluated; empty where they were
    target: float  # target coverage of the sets
    decision_rules: tuple[DecisionRuleRow, ...]  # decision rules
    # the model's log-loss minus that of the Markov chain, by group of customers
    strata: tuple[tuple[str, tuple[StratumFigure, ...]], ...]


def probabilities_section(bundle: ReportInput) -> ProbabilitiesSection | None:
    """Return the context of the section; ``None`` where nothing was tested."""
    card, curves, found = bundle.scorecard, bundle.curves, bundle.evaluation
    if card is None or curves is None or not found:
        return None
    policies = found.get("policies") or {}
    sizes = card.filter(metric="set_size").select("window", "value")
    sets = _sets(card, bundle)
    return ProbabilitiesSection(
        _reliability(curves, card, bundle),
        (*_captures(curves), *_risk_capture(bundle)),
        sets,
        dict(sizes.iter_rows()),
        "" if sets else _untested_reason(policies.get("folds") or ()),
        1 - float(policies.get("alpha", 0.1)),
        _decision_rules(card, str(policies.get("rule", ""))),
        _strata(card, bundle),
    )


def _untested_reason(folds: Sequence[Row]) -> str:
    """Describe why no test had prediction sets, and how far to trust those in the scores."""
    if not folds:
        return ""
    text = (
        "No prediction set could be tested. Thresholds are learned by inner validation, on "
        "forecasts of older days whose outcome was known at the day of the test; here "
        "history is too short for that. "
    )
    days = folds[-1]["inner_origins"]
    if not days:
        return text + "In the scores every segment is therefore in every set."
    return text + (
        f"The sets in the scores come from {count_of(len(days), 'later inner window')}, the newest "
        f"of {format_iso_day(days[-1])}; their coverage is not known yet."
    )


def _points(part: pl.DataFrame, name: str) -> ReliabilityCurve:
    dots = tuple(
        (round(100 * x, 2), round(100 - 100 * y, 2))
        for x, y in part.sort("x").select("x", "y").drop_nulls().iter_rows()
    )
    return ReliabilityCurve(name, dots)


def _reliability(
    curves: pl.DataFrame, card: pl.DataFrame, bundle: ReportInput
) -> tuple[ReliabilityPlot, ...]:
    known, plots = segment_badges(bundle.segments), []
    parts = curves.filter(kind="reliability")
    pooled = card.filter(window=POOLED_WINDOWS, stratum="all")
    for (name, by), part in parts.group_by("name", "by", maintain_order=True):
        error = pooled.filter(forecaster=by, metric=f"ece_{name}").drop_nulls("value")
        note = "" if error.is_empty() else _error(error.row(0, named=True))
        curve = _points(part, "")
        plots.append(ReliabilityPlot(known.get(str(name)), "", note, (curve,)))
    return tuple(plots)


def _error(row: Row) -> str:
    text = f"calibration error {row['value']:.1%}"
    if row["low"] is None or row["high"] is None:
        return text
    return f"{text} ({row['low']:.1%} to {row['high']:.1%})"


def _captures(curves: pl.DataFrame) -> tuple[ReliabilityPlot, ...]:
    parts = curves.filter(kind="capture")
    plots = []
    for (name,), part in parts.group_by("name", maintain_order=True):
        lines = tuple(
            _points(each, model_label(str(by)))
            for (by,), each in part.group_by("by", maintain_order=True)
        )
        title = RANKING_LABELS.get(str(name), name_to_words(str(name)))
        note = f"{count_of(part['n'][0], 'forecast')}{_lift(part.filter(by=part['by'][0]))}"
        plots.append(ReliabilityPlot(None, title, note, lines))
    return tuple(plots)


def _risk_capture(bundle: ReportInput) -> tuple[ReliabilityPlot, ...]:
    """Return how much of the lost revenue is with those whom the lists name first."""
    sums = bundle.customer_value.get("sums", pl.DataFrame())
    if sums.is_empty() or bundle.evaluation is None:
        return ()
    selected = str(bundle.evaluation["selected"])
    # The name of all windows together sorts after every day; one window is not pooled.
    newest = sums.filter(pl.col("window") == pl.col("window").max(), model=selected)
    if newest.is_empty():
        return ()
    labels = {"value_at_risk": "Revenue at risk, as the lists rank", LOSS_BY_SPEND: "Past spend"}
    parts = {name: _capture_of_deciles(newest.filter(measure=name)) for name in labels}
    lines = tuple(_points(parts[name], label) for name, label in labels.items())
    note = f"{count_of(max(newest['n']), 'forecast')}{_lift(parts['value_at_risk'])}"
    return (ReliabilityPlot(None, "Revenue that is lost", note, lines),)


def _capture_of_deciles(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the share of the actual sum, ``y``, with a share of the customers, ``x``."""
    deciles = rows.filter(pl.col("part").str.contains(r"^\d+$")).sort(pl.col("part").cast(int))
    shares = deciles.select(
        (pl.col(column).cum_sum() / pl.col(column).sum()).alias(name)
        for name, column in (("x", "n"), ("y", "actual"))
    )
    return pl.concat([pl.DataFrame({"x": 0.0, "y": 0.0}), shares])


def _lift(points: pl.DataFrame) -> str:
    """Return how much more the first tenth of a ranking holds than its share of customers."""
    curve = points.sort("x").drop_nulls(["x", "y"])
    if curve.is_empty():
        return ""
    held = float(np.interp(FIRST_TENTH, curve["x"].to_numpy(), curve["y"].to_numpy()))
    return f"; the first tenth holds {held:.0%}, lift {held / FIRST_TENTH:.1f}"


def _sets(card: pl.DataFrame, bundle: ReportInput) -> tuple[StratumFigure, ...]:
    names = {f"set_coverage_{s.id}": s.name for s in bundle.segments}
    wanted = {"set_coverage": "all customers", **names}
    rows = card.filter(pl.col("metric").is_in(list(wanted)))
    return tuple(_bounded(r, wanted[r["metric"]]) for r in rows.iter_rows(named=True))


def _bounded(row: Row, group: str) -> StratumFigure:
    test = "all tests" if row["window"] == POOLED_WINDOWS else str(row["window"])
    return StratumFigure(test, group, row["n"], **finite_fields(row, "value", "low", "high"))


def _decision_rules(card: pl.DataFrame, used: str) -> tuple[DecisionRuleRow, ...]:
    pooled = card.filter(window=POOLED_WINDOWS)
    scores = dict(pooled.select("metric", "value").iter_rows())
    return tuple(
        DecisionRuleRow(
            name_to_words(name),
            meaning,
            name == used,
            finite_or_none(scores.get(f"accuracy_{name}")),
            finite_or_none(scores.get(f"macro_f1_{name}")),
            finite_or_none(scores.get(f"cost_{name}")),
        )
        for name, meaning in RULE_LABELS.items()
        if f"accuracy_{name}" in scores
    )


def _strata(
    card: pl.DataFrame, bundle: ReportInput
) -> tuple[tuple[str, tuple[StratumFigure, ...]], ...]:
    names = {s.id: s.name for s in bundle.segments}
    placed: dict[str, list[StratumFigure]] = {}
    for row in card.filter(metric=MARKOV_GAP).rows(named=True):
        group = names.get(row["group"], row["group"])
        placed.setdefault(row["stratum"], []).append(_bounded(row, group))
    return tuple(
        (title, tuple(placed[name])) for name, title in STRATUM_LABELS.items() if name in placed
    )
