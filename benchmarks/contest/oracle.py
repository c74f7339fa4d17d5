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
    trials: Sequence[Backtest],
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
    for place, trial in enumerate(trials):
        moment = Moment(trial.cutoff, plan.gap, plan.horizon, table, classes)
        found = world.probabilities(planted, trial.customers, moment, draws, place)
        extended.append(replace(trial, probabilities={**trial.probabilities, NAME: found}))
    return tuple(extended)


def distances(trials: Sequence[Backtest]) -> pl.DataFrame:
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
    labels = np.concatenate([trial.labels for trial in trials])
    who = np.concatenate([trial.customers for trial in trials])
    _, members = np.unique(who, return_inverse=True)
    chances = {
        name: np.concatenate([trial.probabilities[name] for trial in trials])
        for name in trials[0].probabilities
    }
    best = metrics.row_log_loss(chances[NAME], labels)
    ceiling = float(chances[NAME].max(axis=1).mean())
    rows = []
    for name, given in chances.items():
        losses = metrics.row_log_loss(given, labels)
        apart = losses - best
        gap = float(apart.mean())
        pull = np.bincount(members, weights=apart - gap)
        error = float(np.sqrt((pull**2).sum()) / len(labels))
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
