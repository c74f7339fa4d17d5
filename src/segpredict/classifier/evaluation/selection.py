"""Compare the model with every baseline, out of time, and select one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation import results
from segpredict.classifier.evaluation.bootstrap import bootstrap_differences
from segpredict.classifier.evaluation.significance import holm_adjust, mcnemar_tests
from segpredict.classifier.models.baselines import BASELINES
from segpredict.classifier.splits import MIN_TRAIN_ORIGINS
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.core.text import count_of

# Skill is reported against them where they took part.
REFERENCE_MODELS = ("prior", "persistence", "markov")
MIN_SELECTION_WINDOWS = 2
MIN_SELECTION_ORIGINS = MIN_TRAIN_ORIGINS  # without them a window says little about a model
DOMINANT_SHARE = 0.90  # share of one segment from which accuracy says little
LEAKAGE_GAIN = 0.80  # share of what the largest class leaves that no honest model gets right
SIGNIFICANCE_LEVEL = 0.05  # of the tests behind a comparison
HIGHER_IS_BETTER = ("accuracy", "balanced_accuracy", "macro_f1")  # larger is better


def select_model(inner: Sequence[results.Backtest], model: str) -> tuple[str, str]:
    """Return the selected model and why, by inner validation alone: no test window is looked at.

    A baseline replaces the model only where its log-loss is lower in each of two inner windows or
    more, and over all of them by more than one standard error over customers; of several, the one
    with the lowest is selected. One window is one season, and selects nothing.

    * `inner`: windows before the first test, with forecasts of the model and of the baselines.
    * `model`: the name of the model.
    """
    if len(inner) < MIN_SELECTION_WINDOWS:
        return model, f"{model} is selected: too little history before the tests to prove another."
    names = set.intersection(*(set(backtest.probabilities) for backtest in inner))
    labels = np.concatenate([backtest.labels for backtest in inner])
    customers = pl.Series(np.concatenate([backtest.customers for backtest in inner]))
    losses = {
        name: metrics.row_log_loss(results.pool_backtests(inner, name)[0], labels)
        for name in sorted(names)
    }
    ends = np.cumsum([len(backtest.labels) for backtest in inner])[:-1]
    best, lowest = model, float(losses[model].mean())
    for name, given in losses.items():
        gain = losses[model] - given
        is_clear = gain.mean() > metrics.clustered_standard_error(gain, customers)
        is_clear = is_clear and all(part.mean() > 0 for part in np.split(gain, ends))
        if name in BASELINES.names() and is_clear and given.mean() < lowest:
            best, lowest = name, float(given.mean())
    windows = f"{count_of(len(inner), 'window')} before the tests"
    if best == model:
        return model, (
            f"{model} is selected: over {windows} no baseline was better in each of them and by "
            "more than one standard error in all."
        )
    return best, (
        f"{best} is selected: over {windows} its log-loss of {lowest:.4f} was below that of "
        f"{model} ({losses[model].mean():.4f}) by more than one standard error."
    )


def evaluate_models(
    backtests: Sequence[results.Backtest],
    selected: str,
    reason: str,
    segments: Sequence[str],
    time: TimeOptions,
    options: ClassifierOptions,
    warnings: Sequence[str] = (),
) -> results.Evaluation:
    """Return the evaluation of the selected model against all others on the test windows.

    The first of the forecasts is the ensemble's. It "beats" where the pooled 95 % interval excludes
    0, also after Holm's adjustment, and the sign holds in every window.
    """
    # The forecasts of the selected model stand first.
    ordered = [
        replace(each, probabilities={selected: each.probabilities[selected], **each.probabilities})
        for each in backtests
    ]
    windows = tuple(_window_scores([backtest], options) for backtest in ordered)
    pooled = _window_scores(ordered, options)
    return results.Evaluation(
        next(iter(backtests[0].probabilities)),
        selected,
        f"{reason} {_test_result(pooled, selected, len(backtests))}",
        windows,
        pooled,
        tuple(_compare(windows, pooled)),
        tuple(segments),
        time.horizon,
        time.lookback,
        (*warnings, *_pooled_warnings(pooled, segments), *_better_warnings(pooled, selected)),
        mcnemar_tests(ordered[-1].probabilities, ordered[-1].labels),
    )


def _window_scores(
    backtests: Sequence[results.Backtest], options: ClassifierOptions
) -> results.WindowScores:
    probabilities, labels = results.pool_all_models(backtests)
    customers = np.concatenate([backtest.customers for backtest in backtests])
    classes = next(iter(probabilities.values())).shape[1]
    realised = np.bincount(labels, minlength=classes) / len(labels)
    return results.WindowScores(
        backtests[0].cutoff if len(backtests) == 1 else None,
        len(labels),
        len(np.unique(customers)),
        {name: metrics.score_forecast(given, labels) for name, given in probabilities.items()},
        bootstrap_differences(
            probabilities, labels, customers, draws=options.bootstrap_draws, seed=options.seed
        ),
        tuple(realised.tolist()),
        {name: metrics.predicted_mix(given) for name, given in probabilities.items()},
    )


def _better_warnings(pooled: results.WindowScores, selected: str) -> list[str]:
    """Warn of models that did clearly better on the tests, which select nothing."""
    found = []
    for name, each in pooled.differences.items():
        interval = each["log_loss"]
        if interval.value > 0 and interval.excludes_zero:
            losses = pooled.scores[name].log_loss, pooled.scores[selected].log_loss
            found.append(
                f"{name} has a lower log-loss on the tests ({losses[0]:.4f}) than {selected} "
                f"({losses[1]:.4f}); tests do not select a model."
            )
    return found


def _test_result(pooled: results.WindowScores, selected: str, windows: int) -> str:
    """Return how the selected model did on the tests, in one sentence."""
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    own = losses.pop(selected)
    text = f"Over {count_of(windows, 'test window')} its log-loss is {own:.4f}"
    if not losses:
        return f"{text}; there was no baseline."
    best = min(losses, key=lambda name: losses[name])
    named = [n for n in REFERENCE_MODELS if n in losses and n != best]
    parts = [_versus(own, losses[name], name) for name in (best, *named)]
    return f"{text}: {parts[0]}, the best other forecast{''.join(f', {p}' for p in parts[1:])}."


def _versus(own: float, other: float, name: str) -> str:
    saved = metrics.skill_score(own, other)
    return f"{abs(saved):.1%} {'below' if saved >= 0 else 'above'} {name}"


def _compare(
    origins: Sequence[results.WindowScores], pooled: results.WindowScores
) -> list[results.Comparison]:
    found = pooled.differences
    measured = next(iter(found.values()), {})
    adjusted = {
        metric: holm_adjust({name: each[metric].p_value for name, each in found.items()})
        for metric in measured
    }
    comparisons = []
    for baseline, each in found.items():
        for metric, interval in each.items():
            sign = 1 if metric in HIGHER_IS_BETTER else -1
            gains = [sign * window.differences[baseline][metric].value for window in origins]
            better = sum(gain > 0 for gain in gains)
            p, p_holm = interval.p_value, adjusted[metric][baseline]
            clear = interval.excludes_zero and p_holm <= SIGNIFICANCE_LEVEL
            beats = clear and sign * interval.value > 0 and better == len(origins)
            comparisons.append(results.Comparison(baseline, metric, beats, better, p, p_holm))
    return comparisons


def _pooled_warnings(pooled: results.WindowScores, segments: Sequence[str]) -> list[str]:
    found = []
    top = max(pooled.actual_mix)
    if top > DOMINANT_SHARE:
        found.append(f"{top:.0%} of the outcomes are one segment; accuracy is not informative.")
    if len(segments) >= 3:
        found += [
            f"{name} has {scores.accuracy:.1%} accuracy over {len(segments)} "
            f"segments, of which the largest is {top:.1%}: presumed leak until explained."
            for name, scores in pooled.scores.items()
            if scores.accuracy - top > LEAKAGE_GAIN * (1 - top)
        ]
    found += [
        f"{segments[code]} is {share:.1%} of the outcomes; its numbers are uncertain."
        for code, share in enumerate(pooled.actual_mix)
        if share < 0.02
    ]
    return found
