"""Is the model better than no model, and what a careless test would have claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segpredict.classifier.verdict import POOLED
from segpredict.report._chart import Piece, Whisker, chips, strip, whiskers
from segpredict.report._format import figure, iso_day, span
from segpredict.report._input import ReportInput
from segpredict.report._models import METRICS, Metric, label
from segpredict.report.sections._trust import TREES
from segpredict.window import Window, day_number

DRAWN = ("log_loss", "accuracy")
FIRST = ("persistence", "markov")


@dataclass(frozen=True, slots=True)
class Judged:
    """One forecast in one window or pooled.

    Parameters
    ----------
    label
        Its name.
    is_model
        Whether it is the model that is on trial.
    values
        One figure per metric, in the order of `METRICS`.
    is_best
        For each metric whether no other forecast is better.
    """

    label: str
    is_model: bool
    values: tuple[float | None, ...]
    is_best: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The model minus one baseline, on one metric.

    Parameters
    ----------
    label
        The baseline.
    value, low, high
        Difference and 95 % interval.
    mark
        Its place on the axis.
    outcome
        ``better``, ``worse`` or ``open`` (the interval holds zero).
    beats
        Whether it may be claimed: the interval excludes zero and every window agrees.
    windows
        Windows in which the model was better; ``None`` within one window.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    mark: Whisker | None
    outcome: str
    beats: bool
    windows: int | None


@dataclass(frozen=True, slots=True)
class Duel:
    """The model against all baselines, on one metric."""

    metric: Metric
    title: str
    rows: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One test window, or all of them pooled.

    Parameters
    ----------
    cutoff, outcome
        The day of the forecast and the days foretold, as text; empty when pooled.
    n, customers
        Forecasts judged, and different customers behind them.
    judged, duels
        Figures, and differences with intervals.
    predicted, actual
        Mix of segments foretold by the model, and realised.
    """

    cutoff: str
    outcome: str
    n: int
    customers: int
    judged: tuple[Judged, ...]
    duels: tuple[Duel, ...]
    predicted: tuple[Piece, ...]
    actual: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The section.

    Parameters
    ----------
    metrics
        What the figures mean.
    model
        The model on trial.
    pooled
        All windows together; ``None`` where nothing was tested.
    origins
        One test window each.
    """

    metrics: tuple[Metric, ...]
    model: str
    pooled: Trial | None
    origins: tuple[Trial, ...]


def verdict(bundle: ReportInput) -> Verdict:
    """Return the context of the verdict."""
    found = bundle.verdict
    if not found or not (found.get("pooled") or {}).get("scores"):
        return Verdict(METRICS, "", None, ())
    found = _without_twin(found)
    origins = found.get("origins") or ()
    return Verdict(
        METRICS,
        label(str(found.get("model", ""))),
        _trial(found["pooled"], bundle, found),
        tuple(_trial(origin, bundle, found) for origin in origins),
    )


def _without_twin(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the verdict with the model named by its trees, where it is only these."""
    model, scores = str(found.get("model", "")), found["pooled"]["scores"]
    if model == TREES or TREES not in scores or scores.get(model) != scores[TREES]:
        return found

    def alone(reading: Mapping[str, Any]) -> dict[str, Any]:
        told = {
            part: {n: each for n, each in (reading.get(part) or {}).items() if n != own}
            for part, own in (
                ("scores", model),
                ("forecast", model),
                ("differences", TREES),
            )
        }
        return {**reading, **told}

    return {
        **found,
        "model": TREES,
        "pooled": alone(found["pooled"]),
        "origins": [alone(origin) for origin in found.get("origins") or ()],
    }


def _trial(
    reading: Mapping[str, Any], bundle: ReportInput, found: Mapping[str, Any]
) -> Trial:
    model = str(found.get("model", ""))
    ids = [str(i) for i in found.get("segments") or ()]
    cutoff = str(reading.get("cutoff", POOLED))
    is_pooled = cutoff == POOLED
    claims = found.get("claims") or () if is_pooled else ()
    told = (reading.get("forecast") or {}).get(model) or ()
    known = chips(bundle.segments)
    return Trial(
        cutoff="" if is_pooled else iso_day(cutoff),
        outcome="" if is_pooled else _outcome(cutoff, bundle.window),
        n=int(figure(reading.get("n")) or 0),
        customers=int(figure(reading.get("customers")) or 0),
        judged=_judged(reading.get("scores") or {}, model),
        duels=tuple(_duels(reading.get("differences") or {}, claims)),
        predicted=strip(dict(zip(ids, told, strict=False)), known),
        actual=strip(
            dict(zip(ids, reading.get("realised") or (), strict=False)), known
        ),
    )


def _outcome(cutoff: str, window: Window) -> str:
    asked = window.at(day_number(cutoff))
    return span(asked.outcome_start, asked.outcome_end)


def _ordered(models: Mapping[str, Any], *first: str) -> list[str]:
    known = [name for name in dict.fromkeys((*first, *FIRST)) if name in models]
    return [*known, *sorted(name for name in models if name not in known)]


def _judged(scores: Mapping[str, Any], model: str) -> tuple[Judged, ...]:
    rows = {
        name: tuple(figure(scores[name].get(metric.name)) for metric in METRICS)
        for name in _ordered(scores, model)
    }
    columns = list(zip(*rows.values(), strict=True))
    best = [_best(m, column) for m, column in zip(METRICS, columns, strict=True)]
    return tuple(
        Judged(
            label(name),
            name == model,
            values,
            tuple(v is not None and v == b for v, b in zip(values, best, strict=True)),
        )
        for name, values in rows.items()
    )


def _best(metric: Metric, values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    pick = max if metric.higher_is_better else min
    return pick(found, default=None)


def _duels(
    differences: Mapping[str, Any], claims: Sequence[Mapping[str, Any]]
) -> list[Duel]:
    names = _ordered(differences)
    claimed = {(c.get("baseline"), c.get("metric")): c for c in claims}
    found = []
    for metric in METRICS:
        gaps = [(differences[name] or {}).get(metric.name) for name in names]
        marks = whiskers(gaps)
        if metric.name not in DRAWN or not any(marks):
            continue
        rows = [
            _difference(name, gap or {}, mark, metric, claimed)
            for name, gap, mark in zip(names, gaps, marks, strict=True)
        ]
        found.append(Duel(metric, _title(metric, rows), tuple(rows)))
    return found


def _difference(
    name: str,
    gap: Mapping[str, Any],
    mark: Whisker | None,
    metric: Metric,
    claimed: Mapping[Any, Mapping[str, Any]],
) -> Difference:
    low, high = figure(gap.get("low")), figure(gap.get("high"))
    outcome = "open"
    if low is not None and high is not None and (low > 0 or high < 0):
        outcome = "better" if (low > 0) == metric.higher_is_better else "worse"
    claim = claimed.get((name, metric.name), {})
    return Difference(
        label=label(name),
        value=figure(gap.get("value")),
        low=low,
        high=high,
        mark=mark,
        outcome=outcome,
        beats=bool(claim.get("beats", outcome == "better")),
        windows=claim.get("windows"),
    )


def _title(metric: Metric, rows: Sequence[Difference]) -> str:
    beaten = sum(row.beats for row in rows)
    lost = sum(row.outcome == "worse" for row in rows)
    name = metric.label.lower()
    text = f"On {name} the model beats {beaten} of {len(rows)} baselines"
    return f"{text} and loses to {lost}." if lost else f"{text}."


@dataclass(frozen=True, slots=True)
class Sight:
    """One way to test, and the number it gives.

    Parameters
    ----------
    meaning
        What was done.
    accuracy, log_loss
        What it reads.
    is_honest
        Whether that says anything about the future.
    """

    meaning: str
    accuracy: float
    log_loss: float
    is_honest: bool


@dataclass(frozen=True, slots=True)
class Canary:
    """The leak canary.

    Parameters
    ----------
    sights
        The wrong tests, then the honest one.
    inflation
        Share of accuracy by which the worst wrong test flatters.
    """

    sights: tuple[Sight, ...]
    inflation: float


def canary(bundle: ReportInput) -> Canary | None:
    """Return the canary's sights, or nothing where it was not asked."""
    if not bundle.canary:
        return None
    sights = tuple(
        Sight(s["meaning"], s["accuracy"], s["log_loss"], s["is_honest"])
        for s in bundle.canary
    )
    honest = next(s.accuracy for s in sights if s.is_honest)
    worst = max(s.accuracy for s in sights if not s.is_honest)
    return Canary(sights, worst - honest)
