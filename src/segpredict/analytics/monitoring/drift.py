"""How far the distribution of a column moved between two dates."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from segpredict.core.arrays import FloatArray

BINS = 10
SMOOTHING = 0.5  # customers added to each bin, so that an empty one is not infinitely far


@dataclass(frozen=True, slots=True)
class DriftStatistics:
    """The distance of two distributions, by three measures of the field."""

    psi: float  # population stability index: Σ (q − p)·ln(q/p) over tenths of the reference
    js: float  # Jensen–Shannon distance over the same bins, base 2: 0 to 1
    ks: float  # largest distance of the distribution functions (Kolmogorov–Smirnov)


def measure_drift(reference: FloatArray, current: FloatArray) -> DriftStatistics | None:
    """Return how far values moved from a reference; ``None`` where one has no values.

    Missing values are left out.

    >>> rng = np.random.default_rng(0)
    >>> calm = measure_drift(rng.normal(0, 1, 2000), rng.normal(0, 1, 2000))
    >>> moved = measure_drift(rng.normal(0, 1, 2000), rng.normal(1, 1, 2000))
    >>> calm.psi < 0.02, moved.psi > 0.5, moved.ks > 0.3
    (True, True, True)
    """
    before, after = (values[np.isfinite(values)] for values in (reference, current))
    if not len(before) or not len(after):
        return None
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    shares = []
    for values in (before, after):
        # Equal values share a bin, so a column of few values has fewer bins.
        counts = np.bincount(np.searchsorted(edges, values, "left"), minlength=len(edges) + 1)
        shares.append((counts + SMOOTHING) / (counts + SMOOTHING).sum())
    p, q = shares
    return DriftStatistics(
        psi=float(np.sum((q - p) * np.log(q / p))),
        js=float(jensenshannon(p, q, base=2)),
        ks=float(stats.ks_2samp(before, after, method="asymp").statistic),
    )
