"""Compare segmentation candidates task by task; finished tasks survive an interruption."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from joblib import Parallel, cpu_count, delayed

from segpredict import classifier, features, segmentation
from segpredict._version import __version__
from segpredict.config.load import Config
from segpredict.core import disk
from segpredict.core.run_folder import encode_json
from segpredict.core.state import from_plain
from segpredict.core.transactions import Transactions
from segpredict.core.types import ProgressCallback
from segpredict.core.work_folder import own_folder, remove_own_folder
from segpredict.errors import TooShortHistoryError
from segpredict.segmentation.selection import (
    SegmentationCandidate,
    SegmentationSelection,
    select_candidate,
)
from segpredict.segmentation.selection.compare import SelectionRun, SelectionTask, required_inputs

# Settings that change which tasks are run, or how they are used, but no metric.
UNRELATED_SETTINGS = {
    *("k", "names", "rule_grid_names", "rfm_cut_points", "inputs"),
    *("algorithms", "criterion_weights", "null_margin", "natural_strength"),
}
MeasuredTask = tuple[SelectionTask, list[SegmentationCandidate]]


def compare_segmentations(
    shop: Transactions,
    config: Config,
    spans: Sequence[tuple[int, int]],
    cache: Path | None,
    progress: ProgressCallback,
) -> tuple[list[SegmentationCandidate], SegmentationSelection]:
    """Measure every candidate, as many at a time as threads, and apply the selection rule."""
    run = _selection_run(shop, config, spans)
    cache = cache if cache is not None and own_folder(cache) else None
    paths = {} if cache is None else {t: cache / _file(shop, config, spans, t) for t in run.tasks}
    saved = {task: _read_saved(path) for task, path in paths.items()}
    done = {task: found for task, found in saved.items() if found is not None}
    left = [task for task in run.tasks if task not in done]
    whole = len(run.tasks)
    progress(f"comparing ({len(done)} of {whole} done)", len(done) / whole)
    for task, found in _measured(run, left, min(config.threads, cpu_count(), len(left))):
        if task in paths:
            disk.write_file(paths[task], encode_json([asdict(each) for each in found]))
        done[task] = found
        last = f"last {task.algorithm} on {task.inputs}"
        progress(f"comparing ({len(done)} of {whole} done, {last})", len(done) / whole)
    candidates = [candidate for task in run.tasks for candidate in done[task]]
    return candidates, select_candidate(candidates, config.segmentation.selection)


def _measured(
    selection_run: SelectionRun, tasks: Sequence[SelectionTask], workers: int
) -> Iterator[MeasuredTask]:
    """Yield each task with its candidates, as finished; several at a time."""
    if workers <= 1:
        yield from ((task, selection_run.run_task(task)) for task in tasks)
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
    yield from pool(delayed(_measure)(task) for task in tasks)


_worker_run: list[SelectionRun] = []  # of a worker process; empty in any other


def _set_worker_run(selection_run: SelectionRun) -> None:
    _worker_run[:] = [selection_run]


def _measure(task: SelectionTask) -> MeasuredTask:
    return task, _worker_run[0].run_task(task)


def selection_cache_folder(target: Path) -> Path:
    """Return where finished tasks are saved while a run is in the making."""
    return target.parent / f".{target.name}.comparison"


def clear_selection_cache(target: Path) -> None:
    """Remove what was saved for a run that is now published."""
    remove_own_folder(selection_cache_folder(target))


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


def _file(
    shop: Transactions, config: Config, spans: Sequence[tuple[int, int]], task: SelectionTask
) -> str:
    """Return a file name that changes with anything that may change a task's metrics."""
    state = config.to_state()
    options = {k: v for k, v in state["segmentation"].items() if k not in UNRELATED_SETTINGS}
    selection = options["selection"]
    options["selection"] = {k: v for k, v in selection.items() if k not in UNRELATED_SETTINGS}
    families = config.classifier.families
    parts = [__version__, shop.fingerprint, config.seed, state["time"], options]
    parts += [list(families or ()), list(spans), task.inputs, task.algorithm]
    return f"{hashlib.sha256(encode_json(parts)).hexdigest()}.json"


def _read_saved(path: Path) -> list[SegmentationCandidate] | None:
    """Return the candidates of a finished task; ``None`` if the file cannot be read."""
    try:
        return [from_plain(SegmentationCandidate, state) for state in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        return None
