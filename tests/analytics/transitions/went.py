"""Moves for tests: written by hand as counts, or drawn from a chain that is known."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from segpredict.analytics.transitions.states import TRANSITIONS_SCHEMA
from segpredict.core.segment import Segment

SEGMENTS = (
    Segment(0, "S0", "Inactive"),
    Segment(1, "S1", "Occasional"),
    Segment(2, "S2", "Core"),
)
IDS = [segment.id for segment in SEGMENTS]
DAYS = [date(2024, 1, 1) + timedelta(91 * i) for i in range(5)]
CHAIN = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.3, 0.6]])


def moves(*rows: tuple[str, ...], day: date = DAYS[0], who: str = "c") -> pl.DataFrame:
    """Return moves of one period: (from, to) or (before, from, to), a customer each."""
    told = [
        (
            f"{who}{i:05d}",
            day,
            day + timedelta(91),
            *((None, *row) if len(row) == 2 else row),
        )
        for i, row in enumerate(rows)
    ]
    return pl.DataFrame(told, schema=TRANSITIONS_SCHEMA, orient="row")


def times(*counted: tuple[tuple[str, ...], int]) -> list[tuple[str, ...]]:
    """Return each row as many times as it says."""
    return [row for row, n in counted for _ in range(n)]


def walk(
    matrix: np.ndarray, customers: int, periods: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the moves of customers who walk a chain; starts are spread evenly."""
    states = [rng.integers(0, len(matrix), customers)]
    for _ in range(periods + 1):
        cuts = matrix[states[-1]].cumsum(axis=1)
        lots = rng.random((customers, 1))
        states.append(np.minimum((lots > cuts).sum(axis=1), len(matrix) - 1))
    return paths(np.column_stack(states))


def paths(states: np.ndarray) -> pl.DataFrame:
    """Return moves from customers × windows of codes; the first is only "before"."""
    parts = [
        moves(
            *(tuple(IDS[code] for code in path) for path in states[:, i : i + 3].tolist()),
            day=DAYS[i],
        )
        for i in range(states.shape[1] - 2)
    ]
    return pl.concat(parts)
