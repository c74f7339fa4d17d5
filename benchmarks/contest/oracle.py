"""Put the oracle beside every forecaster, and measure how far each is from it.

The oracle knows how its world was made and forecasts by Bayes' rule. Nobody can beat it
by more than luck; a forecaster that does has seen the future.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from contest.world import Moment, Planted, World
from segpredict.classifier import Backtest, SegmentAssigner, metrics
from segpredict.classifier.models.baselines import find_segment_borders
from segpredict.config.classifier import TimeOptions

NAME = "oracle"
DRAWS = 2_000
ALARM = 3.0  # standard errors by which nobody beats the oracle honestly


def with_oracle(
    world: World,
    planted: Planted,
    segmenter: SegmentAssigner,
    backtests: Sequence[Backtest],
    time: TimeOptions | None = None,
    *,
    draws: int = DRAWS,
) -> tuple[Backtest, ...]:
    """Return the trials with the oracle as one more forecaster, in the last place.

    Parameters
    ----------
    world, planted
        How the shop was made, and what happened in it.
    segmenter
        The frozen segmenter of the run.
    trials
        Those of `classifier.train_classifier` on the planted lines.
    time
        Lengths, in days, as in training.
    draws
        Draws of the posterior for each customer: with 2,000 the oracle's log-loss is
        some .001 nats too large.
    """
    plan = time or TimeOptions()
    table = find_segment_borders(segmenter, plan.horizon)
    classes = len(segmenter.segments)
    extended = []
    for place, backtest in enumerate(backtests):
        moment = Moment(backtest.cutoff, plan.gap, plan.horizon, table, classes)
        found = world.probabilities(planted, backtest.customers, moment, draws, place)
        extended.append(replace(backtest, probabilities={**backtest.probabilities, NAME: found}))
    return tuple(extended)


def distances(backtests: Sequence[Backtest]) -> pl.DataFrame:
    """Return how far each forecaster is from the oracle, over all windows pooled.

    Parameters
    ----------
    trials
        Those of `with_oracle`.

    Returns
    -------
    polars.DataFrame
        One row a forecaster: ``n``, ``log_loss``, ``oracle`` (its log-loss), ``gap``
        (forecaster less oracle, in nats), ``gap_se``, ``accuracy``, ``ceiling`` (the
        accuracy that the oracle expects of itself, E[max p]) and ``is_alarm`` (better
        than the oracle by more than three standard errors: a leak).

    Notes
    -----
    The standard error is that of a mean over customers, each with all its windows.
    """
    labels = np.concatenate([backtest.labels for backtest in backtests])
    who = np.concatenate([backtest.customers for backtest in backtests])
    _, members = np.unique(who, return_inverse=True)
    probabilities = {
        name: np.concatenate([backtest.probabilities[name] for backtest in backtests])
        for name in backtests[0].probabilities
    }
    best = metrics.row_log_loss(probabilities[NAME], labels)
    ceiling = float(probabilities[NAME].max(axis=1).mean())
    rows = []
    for name, given in probabilities.items():
        losses = metrics.row_log_loss(given, labels)
        apart = losses - best
        gap = float(apart.mean())
        deviations = np.bincount(members, weights=apart - gap)
        error = float(np.sqrt((deviations**2).sum()) / len(labels))
        rows.append(
            {
                "forecaster": name,
                "n": len(labels),
                "log_loss": float(losses.mean()),
                "oracle": float(best.mean()),
                "gap": gap,
                "gap_se": error,
                "accuracy": float((given.argmax(axis=1) == labels).mean()),
                "ceiling": ceiling,
                "is_alarm": gap < -ALARM * error,
            }
        )
    return pl.DataFrame(rows)
