"""Evaluate prediction sets and decision rules on the tests."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.decisions.policy import DecisionPolicy
from segpredict.classifier.decisions.rule import macro_f1_of_labels
from segpredict.classifier.evaluation.bootstrap import Resampling, percentile_interval
from segpredict.classifier.evaluation.rankings import capture_curves
from segpredict.classifier.evaluation.results import POOLED_WINDOWS, Backtest, pool_backtests
from segpredict.classifier.evaluation.scorecard import SCORECARD_SCHEMA
from segpredict.config.classifier import DECISION_RULES
from segpredict.core.arrays import IntArray
from segpredict.core.window import as_date


def evaluate_policies(
    backtests: Sequence[Backtest],
    policies: Sequence[DecisionPolicy],
    name: str,
    segments: Sequence[str],
    by: Resampling,
) -> pl.DataFrame:
    """Return the metrics of a model's prediction sets and decision rules, one a row."""
    pairs = [(backtest, policy) for backtest, policy in zip(backtests, policies, strict=True)]
    parts = [
        (as_date(backtest.cutoff).isoformat(), [(backtest, policy)]) for backtest, policy in pairs
    ]
    rows = [
        cell
        for window, part in (*parts, (POOLED_WINDOWS, pairs))
        for cell in (*_covered(window, part, name, segments, by), *_named(window, part, name))
    ]
    return pl.DataFrame(rows, SCORECARD_SCHEMA, orient="row").with_columns(
        pl.col("value", "low", "high").fill_nan(None)
    )


BacktestPolicies = Sequence[tuple[Backtest, DecisionPolicy]]


def _covered(
    window: str, part: BacktestPolicies, name: str, ids: Sequence[str], by: Resampling
) -> Iterator[tuple[object, ...]]:
    with_sets = [(t, u) for t, u in part if u.inner_origins]
    if not with_sets:
        return
    inside = np.concatenate([u.prediction_sets(t.probabilities[name]) for t, u in with_sets])
    labels = np.concatenate([t.labels for t, _ in with_sets])
    who = [t.customers for t, _ in with_sets]
    hit = inside[np.arange(len(labels)), labels].astype(np.float64)
    happened = np.eye(inside.shape[1])[labels]
    ratios = {
        "set_coverage": (hit, np.ones(len(hit))),
        "set_size": (inside.sum(axis=1).astype(np.float64), np.ones(len(hit))),
    }
    ratios |= {
        f"set_coverage_{i}": (hit * happened[:, code], happened[:, code])
        for code, i in enumerate(ids)
    }
    # One draw of customers serves all ratios.
    drawn = by.sums(who, np.column_stack([part for ratio in ratios.values() for part in ratio]))
    for place, (metric, (top, bottom)) in enumerate(ratios.items()):
        value = float(top.sum() / bottom.sum()) if bottom.any() else float("nan")
        tops, bottoms = drawn[:, 2 * place], drawn[:, 2 * place + 1]
        some = bottoms > 0
        low, high = percentile_interval(tops[some] / bottoms[some])
        yield (window, "all", "", int(bottom.sum()), name, metric, value, low, high)


def _named(window: str, part: BacktestPolicies, name: str) -> Iterator[tuple[object, ...]]:
    labels = np.concatenate([t.labels for t, _ in part])
    classes = part[0][0].probabilities[name].shape[1]
    for rule in DECISION_RULES:
        guesses = [u.decision_rule.predict(t.probabilities[name], rule) for t, u in part]
        values = {
            f"accuracy_{rule}": float((np.concatenate(guesses) == labels).mean()),
            f"macro_f1_{rule}": macro_f1_of_labels(np.concatenate(guesses), labels, classes),
            f"cost_{rule}": _cost(part, guesses) / len(labels),
        }
        for metric, value in values.items():
            yield (window, "all", "", len(labels), name, metric, value, None, None)


def _cost(part: BacktestPolicies, guesses: Sequence[IntArray]) -> float:
    total = 0.0
    for (backtest, policy), guess in zip(part, guesses, strict=True):
        values = np.array(policy.decision_rule.segment_values)
        total += float(np.abs(values[guess] - values[backtest.labels]).sum())
    return total


CURVES_SCHEMA = {
    **dict.fromkeys(("kind", "name", "by"), pl.String),
    "x": pl.Float64,
    "y": pl.Float64,
    "n": pl.Int64,
}
DECILES = 10


def reliability_and_capture(
    backtests: Sequence[Backtest], name: str, segments: Sequence[str]
) -> pl.DataFrame:
    """Return the reliability curve of a model, and the capture curves of its rankings."""
    rows = [
        ("capture", found.ranking, found.ranked_by, share, caught, found.n)
        for found in capture_curves(backtests, name)
        for share, caught in zip(found.shares, found.captured, strict=True)
    ]
    rows += _reliability(backtests, name, segments)
    return pl.DataFrame(rows, CURVES_SCHEMA, orient="row").with_columns(pl.col("y").fill_nan(None))


CurvePoint = tuple[str, str, str, float, float, int]


def _reliability(
    backtests: Sequence[Backtest], name: str, segments: Sequence[str]
) -> list[CurvePoint]:
    probabilities, labels = pool_backtests(backtests, name)
    rows: list[CurvePoint] = []
    for code, segment in enumerate(segments):
        given, actual = probabilities[:, code], labels == code
        places = metrics.equal_mass_bins(given, DECILES)
        for place in range(DECILES):
            inside = places == place
            if inside.any():
                predicted, real = float(given[inside].mean()), float(actual[inside].mean())
                n = int(inside.sum())
                rows.append(("reliability", segment, name, predicted, real, n))
    return rows
