"""What the contest's page says of its figures."""

import pytest

from contest.contest import Result
from contest.page import page

BASE = {"window": "pooled", "n": 10, "against": "markov", "accuracy": 0.5}
BASE |= {"macro_f1": 0.4, "ece": 0.01, "is_model": False, "is_selected": False}


def score(data: str, who: str, loss: float, **change: object) -> dict[str, object]:
    row = {"data": data, "forecaster": who, "log_loss": loss, "skill": 0.1}
    return {**BASE, **row, "less": None, "less_low": None, "less_high": None, **change}


def gap(who: str, value: float, *, alarm: bool = False) -> dict[str, object]:
    result = {"data": "w", "forecaster": who, "log_loss": 0.9, "oracle": 1.0}
    result |= {"gap": value, "gap_se": 0.01, "accuracy": 0.6, "ceiling": 0.6}
    return {**result, "is_alarm": alarm, "is_model": who == "model", "is_selected": False}


def test_the_best_of_each_column_is_bold_and_the_oracle_is_out_of_the_race():
    rows = [score("w", "oracle", 0.8), score("w", "a", 0.91), score("w", "b", 0.9)]
    text = page(Result(scores=rows))
    assert "| b | **0.9000** |" in text
    assert "| oracle | 0.8000 |" in text


def test_a_forecaster_that_took_part_in_one_shop_only_leaves_the_other_empty():
    text = page(Result(scores=[score("one", "a", 0.9), score("two", "b", 0.7)]))
    assert "| a | **0.9000** |  |" in text


def test_model_what_ships_and_the_interval_are_told():
    less = {"less": -0.05, "less_low": -0.07, "less_high": -0.03}
    row = score("w", "a", 0.9, is_model=True, is_selected=True, **less)
    text = page(Result(scores=[row]))
    assert "| a (model, selected) | 0.9000 | 10.0% | -0.0500 [-0.0700, -0.0300] |" in text


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        (gap("model", 0.1), True),
        (gap("a", -0.1, alarm=True), True),
        (gap("a", 0.1), False),
    ],
)
def test_the_oracles_table_names_the_model_and_whoever_reads_below(
    row: dict[str, object], is_told: bool
):
    text = page(Result(oracle=[row]))
    assert (f"| w | {row['forecaster']} |" in text) is is_told
    assert ("a leak" in text) is row["is_alarm"]


def test_the_selected_model_is_compared_with_each_forecast():
    own = {"data": "w", "forecaster": "a", "is_selected": True, "log_loss": 0.9, "gap": None}
    own |= {"gap_low": None, "gap_high": None}
    other = {**own, "forecaster": "b", "is_selected": False, "log_loss": 0.95, "gap": -0.05}
    other |= {"gap_low": -0.07, "gap_high": -0.03}
    text = page(Result(gaps=[own, other], scores=[score("w", "a", 0.9), score("w", "b", 0.95)]))
    assert "| the selected model | 1 | 1.0 |" in text
    assert "| b | 1 | 2.0 | 1 | 0 | -0.0500 | -0.0500 (w) |" in text
