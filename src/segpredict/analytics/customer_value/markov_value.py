"""Customer value by a Markov chain of segments."""

from collections.abc import Sequence

import numpy as np

from segpredict.analytics.customer_value.periods import ValuePeriod
from segpredict.core.arrays import FloatArray


def markov_values(
    transition_matrix: FloatArray,
    values: Sequence[float],
    ahead: Sequence[ValuePeriod],
    seasons: Sequence[float] | None = None,
) -> FloatArray:
    """Return the value of each segment of the first window over all windows.

    w, one a segment. With π the probabilities of the first window, π'w is Σ_t (1 + d)^(−end_t /
    365) · share_t · season_t · π' P^(t−1) μ (Pfeifer and Carraway 2000, Modeling customer
    relationships as Markov chains). The first step is the forecast itself; only later steps use the
    chain.

    >>> from segpredict.analytics.customer_value.periods import value_periods
    >>> stay = np.array([[1.0, 0.0], [0.5, 0.5]])
    >>> markov_values(stay, (0.0, 10.0), value_periods(91, 0, 182)).tolist()
    [0.0, 15.0]
    """
    factors = [1.0] * len(ahead) if seasons is None else seasons
    now, total = np.array(values, dtype=np.float64), np.zeros(len(values))
    for period, season in zip(ahead, factors, strict=True):
        total += period.discount_factor * period.share * season * now
        now = transition_matrix @ now
    return total
