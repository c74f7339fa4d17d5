"""Compare the model with every baseline, out of time, and select one."""

from collections.abc import Sequence

import numpy as np

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.bootstrap import bootstrap_differences
from segpredict.classifier.evaluation.results import (
    Backtest,
    Comparison,
    Evaluation,
    WindowScores,
    pool_all_models,
)
from segpredict.classifier.evaluation.significance import holm_adjust, mcnemar_tests
from segpredict.classifier.models.baselines import BASELINES
from segpredict.config.classifier import ClassifierOptions, TimeOptions

XGBOOST_NAME, BGNBD_NAME = "xgboost", "bgnbd_gg"  # explained, as the model itself is
# Skill is reported against them where they took part.
REFERENCE_MODELS = ("markov", "bgnbd_gg")
DOMINANT_SHARE = 0.90  # share of one segment from which accuracy says little
LEAKAGE_GAIN = 0.80  # share of what the largest class leaves that no honest model gets right
SIGNIFICANCE_LEVEL = 0.05  # of the tests behind a comparison
HIGHER_IS_BETTER = ("accuracy", "balanced_accuracy", "macro_f1")  # larger is better


def select_model(
    backtests: Sequence[Backtest],
    segments: Sequence[str],
    time: TimeOptions,
    options: ClassifierOptions,
    warnings: Sequence[str] = (),
) -> Evaluation:
    """Return the evaluation of the first model of each test.

    It "beats" where the pooled 95 % interval excludes 0, also after Holm's adjustment, and the sign
    holds in every window. It is selected if its pooled log-loss is below that of the best baseline.
    """
    origins = tuple(_window_scores([backtest], options) for backtest in backtests)
    pooled = _window_scores(backtests, options)
    model, *others = backtests[0].probabilities
    known = {XGBOOST_NAME, *BASELINES.names()}
    selectable = [name for name in others if name in known]
    selected, reason = _select(pooled, model, selectable, len(backtests))
    return Evaluation(
        model,
        selected,
        reason,
        origins,
        pooled,
        tuple(_compare(origins, pooled)),
        tuple(segments),
        time.horizon,
        time.lookback,
        (
            *warnings,
            *_pooled_warnings(pooled, segments),
            *_outside_warnings(pooled, selected, selectable),
            *_explanation_warning(pooled, model, selected),
        ),
        mcnemar_tests(backtests[-1].probabilities, backtests[-1].labels),
    )


def _window_scores(backtests: Sequence[Backtest], options: ClassifierOptions) -> WindowScores:
    probabilities, labels = pool_all_models(backtests)
    customers = np.concatenate([backtest.customers for backtest in backtests])
    classes = next(iter(probabilities.values())).shape[1]
    realised = np.bincount(labels, minlength=classes) / len(labels)
    return WindowScores(
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


def _outside_warnings(pooled: WindowScores, selected: str, selectable: Sequence[str]) -> list[str]:
    """Warn of models from outside the package that did better."""
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    return [
        f"{name} has a lower log-loss ({loss:.4f}) than {selected} "
        f"({losses[selected]:.4f}); it is not part of the package and cannot be selected."
        for name, loss in losses.items()
        if name not in selectable and loss < losses[selected]
    ]


def _explanation_warning(pooled: WindowScores, model: str, selected: str) -> list[str]:
    if selected in {XGBOOST_NAME, BGNBD_NAME, model} or XGBOOST_NAME not in pooled.scores:
        return []
    return [f"Reasons are those of {XGBOOST_NAME}, the trees; the selected model is {selected}."]


def _select(
    pooled: WindowScores, model: str, others: Sequence[str], windows: int
) -> tuple[str, str]:
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    own = losses[model]
    if losses.get(XGBOOST_NAME) == own:
        # BG/NBD had no part in any window: the model is the trees, and is named so.
        model, others = XGBOOST_NAME, [name for name in others if name != XGBOOST_NAME]
    plural = "window" if windows == 1 else "windows"
    if not others:
        return model, f"{model} is selected: there was no baseline."
    best = min(others, key=lambda name: losses[name])
    saved = metrics.skill_score(own, losses[best])
    if saved <= 0:
        return best, (
            f"{best} is selected: over {windows} test {plural} its log-loss of "
            f"{losses[best]:.4f} was not beaten by {model} ({own:.4f})."
        )
    versus = f"{saved:.1%} below {best}, the best baseline"
    for name in REFERENCE_MODELS:
        if name in losses and best != name:
            versus += f", {metrics.skill_score(own, losses[name]):.1%} below {name}"
    return model, (
        f"{model} is selected: over {windows} test {plural} its log-loss of {own:.4f} is {versus}."
    )


def _compare(origins: Sequence[WindowScores], pooled: WindowScores) -> list[Comparison]:
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
            comparisons.append(Comparison(baseline, metric, beats, better, p, p_holm))
    return comparisons


def _pooled_warnings(pooled: WindowScores, segments: Sequence[str]) -> list[str]:
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
