"""What the same algorithm finds where there is nothing to find."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.clustering import Points
from segpredict.criteria.agreement import contingency, rand
from segpredict.criteria.bench import Bench, Null
from segpredict.criteria.internal import Folds, inertia
from segpredict.criteria.stability import Fit, Returns, foretold

QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class Nothing:
    """What was found in one null world.

    Parameters
    ----------
    silhouette, strength, rand
        As measured of the candidate; `rand` is ``None`` without resamples.
    inertia
        Mean squared distance of a row to its group's mean.
    """

    silhouette: float
    strength: float
    inertia: float
    rand: float | None


def reference(fit: Fit, bench: Bench, own: float, returns: Returns) -> dict[str, float]:
    """Return the figures of `Trial` that compare a candidate with null worlds.

    Parameters
    ----------
    fit
        The candidate's algorithm and number of groups.
    bench
        Holds the null worlds.
    own
        The candidate's inertia on the sample.
    returns
        How well the candidate came back over bootstrap draws.

    Notes
    -----
    Gap: mean log inertia of Gaussian null worlds minus log inertia here, error
    sd·√(1 + 1/n). The Gaussian keeps the covariance; Tibshirani's uniform box would
    call any correlation a cluster.

    References
    ----------
    Tibshirani, Walther and Hastie (2001); for structureless references that keep what
    is no cluster, Hennig and Lin (2015).
    """
    clouds = [_nothing(fit, null) for null in bench.gaussian]
    mixed = [_nothing(fit, null) for null in bench.permuted]
    logs = np.log([max(found.inertia, 1e-12) for found in clouds])
    rands = [found.rand for found in clouds if found.rand is not None]
    return {
        "null_silhouette": _mean([found.silhouette for found in clouds]),
        "null_permuted": _mean([found.silhouette for found in mixed]),
        "null_silhouette_high": max(
            _high([found.silhouette for found in kind]) for kind in (clouds, mixed)
        ),
        "null_strength_high": max(
            _high([found.strength for found in kind]) for kind in (clouds, mixed)
        ),
        "null_bootstrap": _mean(rands),
        **_beyond(returns, rands),
        "gap": float(logs.mean()) - math.log(max(own, 1e-12)),
        "gap_se": _spread(logs.tolist()) * math.sqrt(1 + 1 / len(logs)),
    }


def _nothing(fit: Fit, null: Null) -> Nothing:
    rule, places = fit(null.sample), null.sample.matrix
    labels = rule.assign(places)
    folds = Folds.of(null.sample, folds=1)
    again = [
        rand(contingency(labels, fit(drawn).assign(places), null.sample.weights))
        for drawn in null.resamples
    ]
    return Nothing(
        silhouette=folds.silhouette([rule.assign(m) for m in folds.matrices])[0],
        strength=foretold(fit, null.halves),
        inertia=inertia(null.sample, labels),
        rand=_mean(again) if again else None,
    )


def _beyond(returns: Returns, rands: Sequence[float]) -> dict[str, float]:
    """Return by how many standard deviations the candidate comes back more surely."""
    spread = max(_spread(rands), 1e-3)  # no z without end where nothing varies
    score = (returns.rand - _mean(rands)) / spread
    count = len(rands)
    error = (returns.error / spread) ** 2 + 1 / count
    error += score**2 / (2 * max(count - 1, 1))
    return {"stability": score, "stability_se": math.sqrt(error)}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _high(values: Sequence[float]) -> float:
    return float(np.quantile(values, QUANTILE))


def on_sample(points: Points, fit: Fit) -> float:
    """Return the inertia of a fit on the points themselves."""
    return inertia(points, fit(points).assign(points.matrix))
