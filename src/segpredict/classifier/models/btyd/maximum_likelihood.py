"""Find the parameters of maximum likelihood."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from segpredict.core.arrays import FloatArray

LikelihoodFunction = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

MIN_PARAMETER, MAX_PARAMETER = 1e-4, 1e4  # of a parameter in scaled units; beyond, all look alike


def maximize_likelihood(
    likelihood: LikelihoodFunction, weights: FloatArray, start_values: Sequence[Sequence[float]]
) -> FloatArray:
    """Return the positive parameters with the largest mean log-likelihood.

    L-BFGS-B on logarithms with the exact gradient, on one thread, so equal rows give equal bits.
    """
    from scipy.optimize import minimize

    total = weights.sum()

    def descent(logs: FloatArray) -> tuple[float, FloatArray]:
        parameters = np.exp(logs)
        likely, slopes = likelihood(parameters)
        slope = (slopes * weights).sum(axis=1) * parameters / total
        return -float((likely * weights).sum() / total), -slope

    bounds = [(np.log(MIN_PARAMETER), np.log(MAX_PARAMETER))] * len(start_values[0])
    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-10}
    # Four numbers a step: threads that wait for each other take fifteen times as long.
    with threadpool_limits(1):
        search = partial(minimize, descent, jac=True, method="L-BFGS-B", bounds=bounds)
        ends = [search(np.log(start), options=options) for start in start_values]
    best = min(ends, key=lambda end: float(end.fun))
    return np.exp(np.asarray(best.x, dtype=np.float64))


def columns(*values: npt.ArrayLike) -> list[FloatArray]:
    """Return values, one a customer or one for all, as columns of one length."""
    rows = [np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in values]
    return list(np.broadcast_arrays(*rows))


def group_identical_rows(*columns: npt.ArrayLike) -> tuple[list[FloatArray], FloatArray]:
    """Return the distinct rows, sorted, and the number of customers of each.

    >>> columns, weights = group_identical_rows([2, 0, 2], [5.0, 1.0, 5.0])
    >>> [column.tolist() for column in columns], weights.tolist()
    ([[0.0, 2.0], [1.0, 5.0]], [1.0, 2.0])
    """
    rows = np.column_stack([np.asarray(c, dtype=np.float64) for c in columns])
    unique, counts = np.unique(rows, axis=0, return_counts=True)
    return list(np.ascontiguousarray(unique.T)), counts.astype(np.float64)
