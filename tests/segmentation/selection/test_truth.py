"""Planted truth, slow: nothing is found in nothing, and what was planted is found."""

import numpy as np
import polars as pl
import pytest

from segpredict.config.segmentation import SegmentationOptions, SelectionOptions
from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation.selection import select_candidate
from segpredict.segmentation.selection.compare import SelectionRun

pytestmark = pytest.mark.slow

COMPARE = SelectionOptions(
    algorithms=("rules", "kmeans", "gmm"),
    inputs=("fm",),
    k_max=5,
    bootstrap_draws=20,
    strength_splits=10,
    null_samples=10,
    sample_rows=1500,
)
OPTIONS = SegmentationOptions(n_init=5, selection=COMPARE)


def windows(spend, days):
    """Return four windows of one buying each, in logs: the instrument of a shop."""
    count = len(spend)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i % (count // 4):05d}" for i in range(count)],
            "end": pl.Series(np.repeat([100, 191, 282, 373], count // 4), dtype=pl.Int32),
            "days": pl.Series(np.maximum(np.rint(np.expm1(days)), 1), dtype=pl.Int32),
            "spend": pl.Series(np.expm1(spend) * MONEY_SCALE, dtype=pl.Int64),
        }
    )


def found(rows):
    run = SelectionRun(rows, OPTIONS, outcome_delay=91)
    candidates = [candidate for task in run.tasks for candidate in run.run_task(task)]
    return candidates, select_candidate(candidates, OPTIONS.selection)


def test_one_gaussian_is_no_natural_structure():
    rng = np.random.default_rng(0)
    spend = rng.normal(6, 1, 6000)
    days = 4 + 0.7 * (spend - 6) + rng.normal(0, 0.7, 6000)
    _, selection = found(windows(spend, days))
    assert selection.grade != "natural"


def test_permuted_columns_are_no_natural_structure():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 3, 6000)
    spend = 5 + 2 * group + rng.normal(0, 0.35, 6000)
    days = 3 + group + rng.normal(0, 0.2, 6000)
    _, selection = found(windows(spend, rng.permutation(days)))
    assert selection.grade != "natural"


def test_planted_segments_are_found_and_natural():
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1, 2], 2000)[rng.permutation(6000)]
    spend = np.array([4.0, 6.5, 9.0])[group] + rng.normal(0, 0.3, 6000)
    days = np.array([4.0, 3.0, 5.0])[group] + rng.normal(0, 0.2, 6000)
    candidates, selection = found(windows(spend, days))
    assert candidates[selection.selected].k == 3
    assert selection.grade == "natural"
