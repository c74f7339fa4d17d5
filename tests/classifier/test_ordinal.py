from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from segpredict.classifier import BASELINES, ClassifierOptions
from segpredict.classifier._trials import choose
from segpredict.classifier.baselines import ordinal
from segpredict.classifier.baselines.ordinal import FLOOR, Ordinal
from small_shop import OPTIONS


@dataclass(frozen=True)
class Says:
    """A booster that gives the same answers to whoever asks."""

    answers: tuple[float, ...]

    def predict(self, given):
        return np.array(self.answers, dtype=np.float32)


def test_chances_are_differences_of_the_answers_and_contradictions_are_settled():
    steps = (Says((0.75, 0.25)), Says((0.5, 0.375)))  # more than S0? more than S1?
    customers = pl.DataFrame({"x": [0.0, 0.0]})
    first, second = Ordinal(steps, ("x",)).predict(customers)
    assert first == pytest.approx([0.25, 0.25, 0.5])
    whole = 1 + FLOOR
    assert second == pytest.approx([0.75 / whole, FLOOR / whole, 0.25 / whole])


def test_each_step_is_one_booster_for_the_question_of_more(small):
    lesson = small.lesson()
    made = ordinal.fit(lesson)
    assert len(made.steps) == lesson.classes - 1
    chances = made.predict(lesson.rows)
    for code in range(lesson.classes - 1):
        more = chances[:, code + 1 :].sum(axis=1)
        came = lesson.labels > code
        assert more[came].mean() > more[~came].mean() + 0.05


def test_nobody_asks_it_unless_by_name(small):
    usual, _ = choose(OPTIONS, small.panel)
    named, _ = choose(ClassifierOptions(baselines=("ordinal",)), small.panel)
    assert "ordinal" not in {part.name for part in usual}
    assert [part.name for part in named] == ["ordinal"]


def test_it_says_what_the_order_is_worth_on_the_validation_origins(small):
    told = BASELINES.get("ordinal").note(small.lesson())
    assert "the ranked probability score gains" in told
    assert told.endswith(("which is proof.", "which is no proof."))
    gain, error = (
        float(told.split(word)[1].split()[0].strip(","))
        for word in ("gains", "standard error")
    )
    assert ("no proof" in told) == (gain <= error)
    assert error > 0
