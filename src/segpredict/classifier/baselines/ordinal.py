"""Forecast in order of value: one booster for each "more than this segment".

Segments are ordered, and trees that name classes do not know it. Frank and Hall (2001)
ask as many yes-or-no questions as there are steps; differences of the answers are the
probabilities.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict.classifier import booster, metrics
from segpredict.classifier.baselines import _challenger
from segpredict.classifier.baselines._baseline import NAMED, Baseline
from segpredict.classifier.booster import Booster
from segpredict.classifier.lesson import Floats, Lesson, matrix
from segpredict.tables import JSON
from segpredict.window import as_date

FLOOR = 1e-4  # least chance of a segment: two questions may contradict each other


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Trees that tell how likely a customer is to be worth more than each segment.

    Parameters
    ----------
    steps
        One booster a segment but the last: more than this one?
    names
        Columns, in the order of training.
    name
        The name in the verdict.
    """

    steps: tuple[xgb.Booster, ...]
    names: tuple[str, ...]
    name: str = "ordinal"

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return P(y ≥ c) − P(y > c) for each segment, after the chances are sorted."""
        given = booster.dmatrix(matrix(customers, self.names), self.names)
        more = np.column_stack([step.predict(given) for step in self.steps])
        more = np.minimum.accumulate(more.astype(np.float64), axis=1)
        sure, never = np.ones((len(more), 1)), np.zeros((len(more), 1))
        chances = -np.diff(np.hstack([sure, more, never]), axis=1)
        chances = np.maximum(chances, FLOOR)
        # Segment by segment: a row's sum must not depend on how many rows there are.
        total = np.zeros(len(chances))
        for column in chances.T:
            total = total + column
        return np.asarray(chances / total[:, None], dtype=np.float64)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        kept = [bytes(step.save_raw("json")).decode() for step in self.steps]
        return {"kind": self.name, "names": list(self.names), "models": kept}

    @classmethod
    def from_state(cls, state: JSON) -> "Ordinal":
        """Return the forecaster that gave a state."""
        steps = []
        for model in state["models"]:
            step = xgb.Booster({"nthread": 1})
            step.load_model(bytearray(model.encode()))
            steps.append(step)
        return cls(tuple(steps), tuple(state["names"]))


def fit(lesson: Lesson) -> Ordinal:
    """Return one booster a step, each grown as long as it helped on later origins."""
    steps = [_step(lesson, code) for code in range(lesson.classes - 1)]
    return Ordinal(tuple(steps), lesson.names)


def _step(lesson: Lesson, code: int) -> xgb.Booster:
    """Return trees for the question whether a customer is worth more than a segment."""
    rounds = _challenger.rounds(
        lesson, lambda known, later: _grow(known, later, code).num_boosted_rounds()
    )
    return xgb.train(_settings(lesson), _table(lesson, code), rounds)


def _grow(known: Lesson, later: Lesson, code: int) -> xgb.Booster:
    grown = xgb.train(
        _settings(known),
        _table(known, code),
        known.options.cap,
        evals=[(_table(later, code), "later")],
        early_stopping_rounds=known.options.patience,
        verbose_eval=False,
    )
    return grown[: grown.best_iteration + 1]


def _table(lesson: Lesson, code: int) -> xgb.DMatrix:
    cells = matrix(lesson.rows, lesson.names)
    is_more = (lesson.labels > code).astype(np.int64)
    return booster.dmatrix(cells, lesson.names, is_more)


def _settings(lesson: Lesson) -> dict[str, object]:
    plain = booster.parameters(lesson)
    plain.pop("num_class")
    return {**plain, "objective": "binary:logistic", "eval_metric": "logloss"}


def note(lesson: Lesson) -> str:
    """Say what the order is worth on the validation origins, and whether that is proof.

    Notes
    -----
    It would be adopted where it lowers the ranked probability score there by more than
    one standard error over customers, against the trees that name classes.
    """
    if not lesson.validation or lesson.past is None:
        return ""
    known, later = lesson.at(lesson.fitting), lesson.at(lesson.validation)
    steps = [_grow(known, later, code) for code in range(lesson.classes - 1)]
    plain = Booster(
        booster.grow(lesson, lesson.names), lesson.names, lesson.classes
    ).predict(later.rows)
    ordered = Ordinal(tuple(steps), lesson.names).predict(later.rows)
    saved = metrics.row_rps(plain, later.labels) - metrics.row_rps(
        ordered, later.labels
    )
    gain = float(saved.mean())
    error = metrics.clustered_error(saved, later.rows["customer_id"])
    proof = "which is proof" if gain > error else "which is no proof"
    return (
        f"ordinal on {as_date(lesson.past.cutoff)}: the ranked probability score gains "
        f"{gain:+.5f} on the validation origins, standard error {error:.5f}, {proof}."
    )


PART = Baseline(
    "ordinal",
    "Boosted trees that ask, step by step, whether a customer will be worth more.",
    fit,
    Ordinal.from_state,
    note=note,
    when=NAMED,
)
