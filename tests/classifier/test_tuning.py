from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segpredict.classifier import BoosterOptions, tuning
from segpredict.classifier.tuning import Setting
from segpredict.errors import ExtraMissingError

BIG, SMALL = BoosterOptions(depth=5), BoosterOptions(depth=2)
CUSTOMERS = pl.Series([f"c{i // 2}" for i in range(200)])


def settings(apart):
    noise = np.random.default_rng(5).normal(0, 0.3, 200)
    return [
        Setting(BIG, np.ones(200), 3200),
        Setting(SMALL, 1 + apart + noise - noise.mean(), 200),
    ]


def test_a_gain_within_one_error_is_not_worth_bigger_trees():
    assert tuning.simplest(settings(apart=0.005), CUSTOMERS) == SMALL


def test_a_gain_beyond_it_is():
    assert tuning.simplest(settings(apart=0.1), CUSTOMERS) == BIG


def test_rows_of_one_customer_count_as_one_observation():
    shift = np.where(np.arange(200) % 2 == 0, 0.5, -0.5) + 0.01
    paired = [Setting(BIG, np.ones(200), 9), Setting(SMALL, 1 + shift, 1)]
    alone = pl.Series([f"c{i}" for i in range(200)])
    # A customer's two rows cancel out, so .01 is certain; apart they would be noise.
    assert tuning.simplest(paired, CUSTOMERS) == BIG
    assert tuning.simplest(paired, alone) == SMALL


def test_nothing_is_searched_unless_asked(small):
    lesson = small.lesson()
    assert tuning.tuned(lesson) == (lesson, "")


def test_without_the_package_the_install_line_is_told(small, monkeypatch):
    monkeypatch.setattr(tuning, "LIBRARY", "no_such_package")
    lesson = small.lesson()
    asking = replace(lesson, options=replace(lesson.options, trials=2))
    with pytest.raises(ExtraMissingError, match="needs the package") as caught:
        tuning.tuned(asking)
    assert "segpredict[tuning]" in caught.value.fix


def test_a_search_repeats_itself_and_says_what_it_took(small):
    pytest.importorskip("optuna")
    lesson = small.lesson()
    asking = replace(lesson, options=replace(lesson.options, trials=4, cap=20))
    one, other = tuning.tuned(asking), tuning.tuned(asking)
    assert one[0].options == other[0].options
    assert one[1].startswith("Of 4 settings were taken: depth ")
