"""Ask whether groups differ in what comes after: the later value that they explain."""

import numpy as np

from segpredict.clustering import Floats, Labels


def separation(
    values: Floats, labels: Labels, customers: Labels
) -> tuple[float, float]:
    """Return η² of the values by group, and its standard error.

    Parameters
    ----------
    values
        One a row, such as log1p of the next window's revenue.
    labels
        The group of each row.
    customers
        Whose row it is, from 0 on; rows of one customer are not independent.

    Notes
    -----
    η² = 1 − (spread within groups) / (spread of all). The error is that of a ratio of
    means (its influence function), summed by customer.

    Examples
    --------
    >>> import numpy as np
    >>> spent = np.array([1.0, 1.0, 3.0, 3.0])
    >>> separation(spent, np.array([0, 0, 1, 1]), np.arange(4))
    (1.0, 0.0)
    """
    total = (values - values.mean()) ** 2
    if not total.sum():
        return 0.0, 0.0
    size = np.maximum(np.bincount(labels), 1)
    within = (values - (np.bincount(labels, values) / size)[labels]) ** 2
    ratio = within.mean() / total.mean()
    pull = np.bincount(customers, (within - ratio * total) / total.mean())
    error = np.sqrt((pull**2).sum()) / len(values)
    return float(1 - ratio), float(error)
