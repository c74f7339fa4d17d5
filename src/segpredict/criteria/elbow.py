"""Where a falling curve bends most; shown because people ask, never used."""

from collections.abc import Sequence

import numpy as np

WARNING = (
    "The elbow has no theory behind it and points somewhere on structureless data too "
    "(Schubert 2022); it is shown and decides nothing."
)


def knee(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """Return the k at which the curve bends most, by the Kneedle rule.

    Parameters
    ----------
    ks
        Numbers of groups, rising.
    inertias
        Spread within the groups at each.

    Returns
    -------
    int or None
        ``None`` for fewer than three numbers or a curve that does not fall.

    Notes
    -----
    Both axes are scaled to [0, 1]; the knee is where the curve lies farthest below the
    straight line from its first to its last point.

    References
    ----------
    Satopää, Albrecht, Irwin and Raghavan (2011).

    Examples
    --------
    >>> knee([2, 3, 4, 5], [10.0, 4.0, 3.0, 2.0])
    3
    """
    if len(ks) < 3 or inertias[0] <= inertias[-1]:
        return None
    across = (np.array(ks) - ks[0]) / (ks[-1] - ks[0])
    up = (np.array(inertias) - inertias[-1]) / (inertias[0] - inertias[-1])
    return int(ks[int(np.argmax(1 - across - up))])
