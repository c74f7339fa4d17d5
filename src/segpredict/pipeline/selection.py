"""Compare segmentation candidates, one algorithm on one set of inputs at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from joblib import Parallel, cpu_count, delayed

from segpredict import classifier, features, segmentation
from segpredict.config.load import Config
from segpredict.core.transactions import Transactions
from segpredict.core.types import ProgressCallback
from segpredict.errors import TooShortHistoryError
from segpredict.segmentation.selection import (
    SegmentationCandidate,
    SegmentationSelection,
    select_candidate,
)
from segpredict.segmentation.selection.compare import SelectionRun, SelectionTask, required_inputs

MeasuredTask = tuple[SelectionTask, list[SegmentationCandidate]]


def compare_segmentations(
    shop: Transactions,
    config: Config,
    spans: Sequence[tuple[int, int]],
    progress: ProgressCallback,
) -> tuple[list[SegmentationCandidate], SegmentationSelection]:
    """Measure every candidate, as many at a time as threads, and apply the selection rule."""
    run = _selection_run(shop, config, spans)
    done: dict[SelectionTask, list[SegmentationCandidate]] = {}
    progress(f"comparing (0 of {len(run.tasks)} done)", 0.0)
    for task, found in _measured(run, min(config.threads, cpu_count(), len(run.tasks))):
        done[task] = found
        count = f"{len(done)} of {len(run.tasks)} done"
        last = f"last {task.algorithm} on {task.inputs}"
        progress(f"comparing ({count}, {last})", len(done) / len(run.tasks))
    candidates = [candidate for task in run.tasks for candidate in done[task]]
    return candidates, select_candidate(candidates, config.segmentation.selection)


def _measured(selection_run: SelectionRun, workers: int) -> Iterator[MeasuredTask]:
    """Yield each task with its candidates, as finished; several at a time."""
    if workers <= 1:
        yield from ((task, selection_run.run_task(task)) for task in selection_run.tasks)
        return
    # By inputs, since a process caches what the tasks of one share.
    pool = Parallel(
        n_jobs=workers,
        backend="loky",
        return_as="generator_unordered",
        pre_dispatch=workers,
        initializer=_set_worker_run,
        initargs=(selection_run,),
    )
    yield from pool(delayed(_measure)(task) for task in selection_run.tasks)


_worker_run: list[SelectionRun] = []  # of a worker process; empty in any other


def _set_worker_run(selection_run: SelectionRun) -> None:
    _worker_run[:] = [selection_run]


def _measure(task: SelectionTask) -> MeasuredTask:
    return task, _worker_run[0].run_task(task)


def _selection_run(
    shop: Transactions, config: Config, spans: Sequence[tuple[int, int]]
) -> SelectionRun:
    options, lead = replace(config.segmentation, seed=config.seed), config.time.days_to_outcome
    measures = sorted({*required_inputs(), *segmentation.override_inputs(options)})
    inputs = features.clustering_inputs(shop, list(spans), measures)
    rows = segmentation.rows_to_cluster(inputs, options)
    try:
        schedule = classifier.schedule_folds(shop.first_day, shop.end_day, config.time)
    except TooShortHistoryError:
        return SelectionRun(rows, options, lead)
    families = config.classifier.families
    test = classifier.prepare_predictability_test(
        shop, schedule.test_folds[0], config.time, families, rows, inputs
    )
    return SelectionRun(rows, options, lead, None if test is None else test.information_gain)
