"""What a baseline is, and the smoothed shares that several of them count."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segpredict.classifier.training_data import Forecaster, TrainingData
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON

PRIOR_WEIGHT = 50.0  # customers that the prior of a cell counts for
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simple model that the ensemble is compared with, and that may be selected in its place.

    Examples
    --------
    >>> from segpredict.classifier import BASELINES
    >>> BASELINES.get("markov").meaning
    'Customers move as others in their segment moved before.'
    """

    name: str  # the name in the evaluation; equal to the file's
    meaning: str  # one sentence for readers
    fit: Callable[[TrainingData], Forecaster]  # returns the model fitted on training data
    from_state: Callable[[JSON], Forecaster]  # returns the model from its state
    required_columns: tuple[str, ...] = ()  # feature columns without which it cannot be fitted
    is_usual: bool = True  # whether it takes part where the options name no baseline


def smoothed_shares(labels: IntArray, classes: int) -> FloatArray:
    """Return the smoothed share of each class, (n + ½) / (N + C/2).

    >>> smoothed_shares(np.array([0, 0, 1]), 2).tolist()
    [0.625, 0.375]
    """
    counts = np.bincount(labels, minlength=classes) + 0.5
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def smoothed_transitions(states: IntArray, labels: IntArray, classes: int) -> FloatArray:
    """Return how often each state led to each class, (n + ½) / (N + C/2) a row.

    Examples
    --------
    >>> smoothed_transitions(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    counts = np.bincount(states * classes + labels, minlength=classes**2) + 0.5
    table = counts.reshape(classes, classes)
    return np.asarray(table / table.sum(axis=1, keepdims=True), dtype=np.float64)


def shrunk_shares(cells: IntArray, labels: IntArray, usual: FloatArray) -> Rows:
    """Return the class mix of each cell, (n + 50 · usual row) / (N + 50).

    >>> cells, labels = np.array([0] * 50), np.array([1] * 50)
    >>> shrunk_shares(cells, labels, np.array([[0.5, 0.5], [0.2, 0.8]]))
    ((0.25, 0.75), (0.2, 0.8))
    """
    counts = np.bincount(cells * usual.shape[1] + labels, minlength=usual.size)
    table = counts.reshape(usual.shape) + PRIOR_WEIGHT * usual
    return tuple(map(tuple, (table / table.sum(axis=1, keepdims=True)).tolist()))
