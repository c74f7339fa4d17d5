"""The comparison: all candidates on the same windows, one table, one selected."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segpredict.config.segmentation import (
    OverrideOptions,
    SegmentationOptions,
    SegmentRuleOptions,
    SelectionOptions,
)
from segpredict.core.transactions import MONEY_SCALE
from segpredict.segmentation import fit_segmentation, rows_to_cluster
from segpredict.segmentation.selection import (
    SegmentationCandidate,
    SegmentationSelection,
    select_candidate,
)
from segpredict.segmentation.selection.compare import (
    SelectionRun,
    SelectionTask,
    comparison_table,
    options_of_selected,
    selection_summary,
)

QUICK = SelectionOptions(
    algorithms=("rules", "kmeans", "hdbscan"),
    inputs=("fm",),
    k_min=2,
    k_max=4,
    sample_rows=300,
    bootstrap_draws=3,
    strength_splits=2,
    seed_runs=2,
    null_samples=2,
)
OPTIONS = SegmentationOptions(n_init=3, min_customers=10, selection=QUICK)


def windows(customers=300, seed=0):
    """Return three windows of a shop of three planted kinds of customers."""
    rng = np.random.default_rng(seed)
    kind = np.arange(customers) % 3
    frames = []
    for end in (100, 191, 282):
        spend = np.array([30, 300, 3000])[kind] * rng.lognormal(0, 0.2, customers)
        frames.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i:04d}" for i in range(customers)],
                    "end": pl.Series([end] * customers, dtype=pl.Int32),
                    "days": pl.Series(1 + 4 * kind + rng.integers(0, 2, customers)).cast(pl.Int32),
                    "spend": pl.Series(spend * MONEY_SCALE).cast(pl.Int64),
                }
            )
        )
    return pl.concat(frames)


def run(rows, information=None):
    selection_run = SelectionRun(rows, OPTIONS, outcome_delay=91, information_function=information)
    return [candidate for task in selection_run.tasks for candidate in selection_run.run_task(task)]


@pytest.fixture(scope="module")
def candidates():
    return run(windows(), information=lambda labels, k: (0.1 * k, 0.01))


def named(candidates, algorithm, k):
    return next(t for t in candidates if (t.algorithm, t.k_requested) == (algorithm, k))


def test_simple_algorithms_come_first_and_density_is_asked_once():
    selection_run = SelectionRun(windows(), OPTIONS, outcome_delay=91)
    assert selection_run.tasks == tuple(
        SelectionTask("fm", name) for name in ("rules", "kmeans", "hdbscan")
    )


def test_planted_kinds_are_taken(candidates):
    selection = select_candidate(candidates, OPTIONS.selection)
    assert candidates[selection.selected].k == 3
    assert selection.grade != "constructive"


def test_later_revenue_is_what_planted_kinds_differ_in(candidates):
    three = named(candidates, "kmeans", 3)
    assert three.value_separation > 0.9
    assert 0 < three.value_separation_se < 0.05


def test_information_is_asked_of_labels_on_all_rows():
    seen = []

    def information(labels, k):
        seen.append((len(labels), k))
        return 0.0, 0.0

    run(windows(), information)
    assert {rows for rows, _ in seen} == {900}
    assert {3, 4} <= {k for _, k in seen}


def test_the_segmenter_of_the_windows_before_agrees(candidates):
    assert named(candidates, "kmeans", 3).temporal_stability == 1.0


def test_other_ids_and_another_order_change_nothing(candidates):
    rows = windows().with_columns(pl.col("customer_id").str.reverse().alias("customer_id"))
    again = run(
        rows.sample(fraction=1, shuffle=True, seed=1), information=lambda labels, k: (0.1 * k, 0.01)
    )
    assert again == candidates


def test_the_selected_is_what_fit_makes_of_its_options(candidates):
    options = options_of_selected(
        OPTIONS, candidates, select_candidate(candidates, OPTIONS.selection)
    )
    segmentation = fit_segmentation(windows(), options)
    assert segmentation.k == 3
    assert segmentation.algorithm == options.algorithm


def test_nobody_passing_leaves_the_grid_that_fails_least(candidates):
    nobody = SegmentationSelection(None, None, "constructive", 3, 0, "none", {})
    lost = [replace(t, failed_gates=("tree", "seed")) for t in candidates]
    grid = lost.index(named(lost, "rules", 4))
    lost[grid] = replace(lost[grid], failed_gates=("tree",))
    options = options_of_selected(OPTIONS, lost, nobody)
    assert (options.algorithm, options.k) == ("rules", 4)
    assert options_of_selected(OPTIONS, [], nobody).k == 3


def test_the_table_has_a_row_per_candidate_and_marks_the_selected(candidates):
    selection = select_candidate(candidates, OPTIONS.selection)
    table = comparison_table(candidates, selection)
    assert table.height == len(candidates)
    assert table["is_selected"].sum() == 1
    won = table.filter("is_selected").row(0, named=True)
    assert won["rand_index_with_selected"] == 1.0
    assert won["mean_rank"] is not None
    assert "encoded_labels" not in table.columns


def test_the_summary_names_selected_and_runner_up(candidates):
    summary = selection_summary(candidates, select_candidate(candidates, OPTIONS.selection))
    assert summary["selected"]["k"] == 3
    assert 0 <= summary["runner_up"]["rand_index_with_selected"] <= 1
    assert summary["n_tried"] == sum(not t.note for t in candidates)


def test_a_number_that_the_data_do_not_support_is_noted_not_fatal():
    low = pl.col("days") < 5
    rows = windows().with_columns(
        days=pl.lit(1, pl.Int32),
        spend=pl.when(low).then(10 * MONEY_SCALE).otherwise(90 * MONEY_SCALE).cast(pl.Int64),
    )
    notes = {(t.algorithm, t.k_requested): t.note for t in run(rows)}
    assert "not varied enough" in notes["rules", 4]


def test_an_extra_that_is_missing_is_noted_not_fatal(monkeypatch):
    from segpredict.errors import ExtraMissingError
    from segpredict.segmentation.algorithms import CLUSTERERS

    def refuse(*_args, **_named):
        raise ExtraMissingError("an autoencoder", "deep", "torch")

    monkeypatch.setattr(type(CLUSTERERS.get("kmeans")), "fit_many", refuse)
    found = [t for t in run(windows()) if t.algorithm == "kmeans"]
    assert all("segpredict[deep]" in t.note for t in found)
    assert isinstance(found[0], SegmentationCandidate)


def test_weights_hold_in_the_comparison_as_in_the_fit():
    heavy = replace(OPTIONS, overrides=OverrideOptions(axis_weights={"days": 0.0}))
    candidate = SelectionRun(windows(), heavy, outcome_delay=91).run_task(
        SelectionTask("fm", "kmeans")
    )[1]
    plain = SelectionRun(windows(), OPTIONS, outcome_delay=91).run_task(
        SelectionTask("fm", "kmeans")
    )[1]
    fitted = fit_segmentation(windows(), replace(heavy, k=3), horizon=91)
    assert len(fitted.axes) == 1
    per_row = fitted.clusters.inertia / windows().height
    assert candidate.inertia == pytest.approx(per_row, rel=1e-4)
    assert candidate.inertia < plain.inertia  # one axis less of distance


def test_rows_of_rule_based_segments_are_not_compared():
    rule = {"Key accounts": SegmentRuleOptions(top_share=0.1)}
    options = replace(OPTIONS, overrides=OverrideOptions(rules=rule))
    rows = windows()
    left = rows_to_cluster(rows, options)
    assert left.height == rows.height * 9 // 10
    assert left["spend"].max() < rows["spend"].sort()[-left.height // 10]
