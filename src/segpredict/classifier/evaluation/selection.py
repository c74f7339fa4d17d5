"""Judge the model beside every baseline, out of time, and decide what ships."""

from collections.abc import Sequence

import numpy as np

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.bootstrap import bootstrap_differences
from segpredict.classifier.evaluation.results import Backtest, Comparison, Evaluation, WindowScores
from segpredict.classifier.evaluation.significance import holm_adjust, mcnemar_tests
from segpredict.classifier.models.baselines import BASELINES
from segpredict.config.classifier import ClassifierOptions, TimeOptions

XGBOOST_NAME, BGNBD_NAME = "xgboost", "bgnbd_gg"  # what is explained beside the model itself
# Skill is told against them where they were asked.
REFERENCE_MODELS = ("markov", "bgnbd_gg")
LEAKAGE_ACCURACY = 0.90  # no honest forecast of three or more segments is more accurate
SIGNIFICANCE_LEVEL = 0.05  # of the tests behind a claim
HIGHER_IS_BETTER = ("accuracy", "balanced_accuracy", "macro_f1")  # larger is better


def select_model(
    backtests: Sequence[Backtest],
    segments: Sequence[str],
    time: TimeOptions,
    options: ClassifierOptions,
    warnings: Sequence[str] = (),
) -> Evaluation:
    """Return the verdict on the first forecaster of each test.

    Parameters
    ----------
    backtests
        One per test window, oldest first, with the same forecasters in each.
    segments
        Ids of the classes, in code order.
    time
        Lengths, in days.
    options
        Draws and seed of the bootstrap.
    warnings
        What was known to be wanting before anything was measured.

    Notes
    -----
    Claim rule: "beats" only if the pooled 95 % interval excludes 0, also after Holm's
    adjustment over the baselines, and the sign holds in every window. Ship rule: the
    model ships only if its pooled log-loss is below that of the best baseline that may
    ship, so below Markov and BG/NBD too; else that baseline does.
    """
    origins = tuple(_read([backtest], options) for backtest in backtests)
    pooled = _read(backtests, options)
    model, *others = backtests[0].probabilities
    known = {XGBOOST_NAME, *BASELINES.names()}
    able = [name for name in others if name in known]
    selected, reason = _ship(pooled, model, able, len(backtests))
    return Evaluation(
        model,
        selected,
        reason,
        origins,
        pooled,
        tuple(_claims(origins, pooled)),
        tuple(segments),
        time.horizon,
        time.lookback,
        (
            *warnings,
            *_warn(pooled, segments),
            *_outside(pooled, selected, able),
            *_explained(pooled, model, selected),
        ),
        mcnemar_tests(backtests[-1].probabilities, backtests[-1].labels),
    )


def _read(backtests: Sequence[Backtest], options: ClassifierOptions) -> WindowScores:
    labels = np.concatenate([backtest.labels for backtest in backtests])
    customers = np.concatenate([backtest.customers for backtest in backtests])
    probabilities = {
        name: np.concatenate([backtest.probabilities[name] for backtest in backtests])
        for name in backtests[0].probabilities
    }
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


def _outside(pooled: WindowScores, selected: str, able: Sequence[str]) -> list[str]:
    """Warn of forecasters from outside the package that did better."""
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    return [
        f"{name} reads a lower log-loss ({loss:.4f}) than {selected} "
        f"({losses[selected]:.4f}); it is no part of the package and does not ship."
        for name, loss in losses.items()
        if name not in able and loss < losses[selected]
    ]


def _explained(pooled: WindowScores, model: str, selected: str) -> list[str]:
    if selected in {XGBOOST_NAME, BGNBD_NAME, model} or XGBOOST_NAME not in pooled.scores:
        return []
    return [f"The reasons are those of {XGBOOST_NAME}, the trees; what ships is {selected}."]


def _ship(pooled: WindowScores, model: str, others: Sequence[str], windows: int) -> tuple[str, str]:
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    own = losses[model]
    if losses.get(XGBOOST_NAME) == own:
        # BG/NBD had no part in any window: the model is the trees, and named so.
        model, others = XGBOOST_NAME, [name for name in others if name != XGBOOST_NAME]
    plural = "window" if windows == 1 else "windows"
    if not others:
        return model, f"{model} ships: no baseline was asked."
    best = min(others, key=lambda name: losses[name])
    saved = metrics.skill_score(own, losses[best])
    if saved <= 0:
        return best, (
            f"{best} ships: over {windows} test {plural} its log-loss of "
            f"{losses[best]:.4f} was not beaten by {model} ({own:.4f})."
        )
    versus = f"{saved:.1%} below {best}, the best baseline"
    for name in REFERENCE_MODELS:
        if name in losses and best != name:
            versus += f", {metrics.skill_score(own, losses[name]):.1%} below {name}"
    return model, (
        f"{model} ships: over {windows} test {plural} its log-loss of {own:.4f} is {versus}."
    )


def _claims(origins: Sequence[WindowScores], pooled: WindowScores) -> list[Comparison]:
    found = pooled.differences
    measured = next(iter(found.values()), {})
    adjusted = {
        metric: holm_adjust({name: each[metric].p_value for name, each in found.items()})
        for metric in measured
    }
    claims = []
    for baseline, each in found.items():
        for metric, interval in each.items():
            sign = 1 if metric in HIGHER_IS_BETTER else -1
            better = sum(
                sign * window.differences[baseline][metric].value > 0 for window in origins
            )
            p_holm = adjusted[metric][baseline]
            clear = interval.excludes_zero and p_holm <= SIGNIFICANCE_LEVEL
            beats = clear and sign * interval.value > 0 and better == len(origins)
            claims.append(Comparison(baseline, metric, beats, better, interval.p_value, p_holm))
    return claims


def _warn(pooled: WindowScores, segments: Sequence[str]) -> list[str]:
    found = []
    top = max(pooled.actual_mix)
    if top > LEAKAGE_ACCURACY:
        found.append(f"{top:.0%} of the outcomes are one segment; accuracy says little here.")
    if len(segments) >= 3:
        found += [
            f"{name} reads {scores.accuracy:.1%} accuracy over {len(segments)} "
            "segments: presumed leak until explained."
            for name, scores in pooled.scores.items()
            if scores.accuracy > max(LEAKAGE_ACCURACY, top)
        ]
    found += [
        f"{segments[code]} is {share:.1%} of the outcomes; its numbers are uncertain."
        for code, share in enumerate(pooled.actual_mix)
        if share < 0.02
    ]
    return found
