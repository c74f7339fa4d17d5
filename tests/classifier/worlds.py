"""Forecasts whose truth is known: drawn from the very probabilities they state."""

import numpy as np

from segpredict.classifier import Backtest


def backtest(cutoff, rng, rows=4000, sharpen=1.0):
    """Return a backtest whose outcomes follow the predictions to the power 1/sharpen."""
    truth = rng.dirichlet([2.0, 1.0, 0.7], rows)
    edges = truth.cumsum(axis=1)[:, :-1]
    labels = (edges < rng.random((rows, 1))).sum(axis=1)
    predicted = truth**sharpen
    predicted = predicted / predicted.sum(axis=1, keepdims=True)
    who = np.array([f"c{i:05d}" for i in range(rows)])
    return Backtest(cutoff, who, labels, labels, {"m": predicted})


def backtests(seed, sharpen=1.0, rows=4000):
    rng = np.random.default_rng(seed)
    return tuple(backtest(day, rng, rows, sharpen) for day in (0, 28, 56))
