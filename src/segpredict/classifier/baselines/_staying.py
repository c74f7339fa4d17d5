"""Forecast one segment with some doubt, and everybody's mix with the rest."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.baselines._baseline import shares
from segpredict.classifier.lesson import Floats, Ints, Lesson, codes
from segpredict.tables import JSON

DOUBTS = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True, slots=True)
class Staying:
    """The segment of a column with probability 1 − ε, else the class mix of the past.

    Parameters
    ----------
    doubt
        The ε above.
    mix
        Share of each segment, in code order.
    name
        The name in the verdict.
    column
        The segment that is foretold.
    """

    doubt: float
    mix: tuple[float, ...]
    name: str
    column: str

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return (1 − ε)·1{z} + ε·π for each customer."""
        mix = np.array(self.mix)
        stay = np.eye(len(mix))[codes(customers, self.column)]
        return (1 - self.doubt) * stay + self.doubt * mix

    def state(self) -> JSON:
        """Return all that `from_state` needs beside the column, as JSON."""
        return {"kind": self.name, "doubt": self.doubt, "mix": list(self.mix)}

    @classmethod
    def from_state(cls, state: JSON, column: str) -> "Staying":
        """Return the forecaster that gave a state."""
        return cls(state["doubt"], tuple(state["mix"]), state["kind"], column)


def fit(lesson: Lesson, name: str, column: str) -> Staying:
    """Return a forecast of one column, with the doubt that served validation best.

    Parameters
    ----------
    lesson
        Labelled rows and their inner split.
    name, column
        The name in the verdict, and the column with the segment.

    Notes
    -----
    The doubt stays so small that the segment of the column is the likeliest one for
    everybody: with more, this would turn into the prior. Without validation origins it
    is chosen on the training rows; thousands of rows do not over-fit one number.
    """
    mix = shares(lesson.labels, lesson.classes)
    if not lesson.validation:
        doubt = _doubt(lesson, column, mix, mix)
    else:
        known, later = lesson.at(lesson.fitting), lesson.at(lesson.validation)
        doubt = _doubt(later, column, shares(known.labels, lesson.classes), mix)
    return Staying(doubt, tuple(mix.tolist()), name, column)


def _doubt(lesson: Lesson, column: str, past: Floats, mix: Floats) -> float:
    spread = max(np.ptp(past), np.ptp(mix))
    doubts = DOUBTS[DOUBTS * (1 + spread) < 1]
    labels: Ints = lesson.labels
    stays = (codes(lesson.rows, column) == labels)[:, None]
    chances = (1 - doubts) * stays + doubts * past[labels][:, None]
    losses = -np.log(chances).mean(axis=0)
    return float(doubts[int(losses.argmin())])
