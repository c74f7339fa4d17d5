"""Revenue at risk and upside: expected loss and gain of the next window."""

from collections.abc import Sequence

import numpy as np

from segpredict.core.arrays import FloatArray, IntArray


def risk_and_upside(
    probabilities: FloatArray, states: IntArray, values: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Return revenue at risk and upside, one a customer, in currency.

    Parameters
    ----------
    probabilities, states
        Probability of each next segment, customers × segments, and current segments.
    values
        Mean spend in the next window by segment, in code order: μ.

    Notes
    -----
    At risk is Σ over c < z of p_c · (μ_z − μ_c), upside Σ over c > z of p_c · (μ_c − μ_z), with z
    the current segment (docs/decisions.md, "Analytics and money"); a move against the order of
    values counts as zero. Where μ rises with the code, Σ p_c · μ_c equals μ_z minus risk plus
    upside. Both are measured against the mean of the *segment*, not the last spend of a customer.

    Examples
    --------
    >>> risk, upside = risk_and_upside(
    ...     np.array([[0.2, 0.5, 0.3]]), np.array([1]), (0.0, 10.0, 100.0)
    ... )
    >>> risk.tolist(), upside.tolist()
    ([2.0], [27.0])
    """
    own = np.array(values, dtype=np.float64)[states]
    risk, upside = np.zeros(len(states)), np.zeros(len(states))
    # Segment by segment: library sums group their terms by the number of rows, and a
    # customer alone must get the bits it gets among others.
    for code, value in enumerate(values):
        probability = probabilities[:, code]
        risk += np.where(code < states, probability * np.maximum(own - value, 0.0), 0.0)
        upside += np.where(code > states, probability * np.maximum(value - own, 0.0), 0.0)
    return risk, upside


def expected_segment_value(probabilities: FloatArray, values: Sequence[float]) -> FloatArray:
    """Return Σ p_c · value_c, one a customer, identical for any set of rows.

    Examples
    --------
    >>> expected_segment_value(np.array([[0.5, 0.5], [0.0, 1.0]]), (0.0, 10.0)).tolist()
    [5.0, 10.0]
    """
    total = np.zeros(len(probabilities))
    for code, value in enumerate(values):
        total += probabilities[:, code] * value
    return total
