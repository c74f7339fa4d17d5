"""Compare segmentation candidates task by task; finished tasks survive an interruption."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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

# Seconds of one task relative to K-means, as measured; only the progress bar reads it.
ALGORITHM_COSTS: Mapping[str, float] = {
    "rules": 0.3,
    "kmeans": 1.0,
    "gmm": 5.0,
    "ward": 0.5,
    "dbscan": 0.2,
    "hdbscan": 0.4,
    "hybrid": 4.5,
    "autoencoder_kmeans": 6.0,
}
DEFAULT_COST = 2.0
# Settings that change which tasks are run, or how they are used, but no metric.
UNRELATED_SETTINGS = {
    *("k", "names", "rule_grid_names", "rfm_cut_points", "inputs"),
    *("algorithms", "criterion_weights", "null_margin", "natural_strength"),
}


@dataclass(slots=True)
class WorkMeter:
    """How much of the work is done, by what its parts cost so far."""

    work_items: Sequence[SelectionTask]  # all there is to do
    # seconds of the tasks that were measured now
    cost_spent: dict[SelectionTask, float] = field(default_factory=dict)
    # tasks that are finished, with those that an earlier process has saved
    items_done: set[SelectionTask] = field(default_factory=set)

    @property
    def share_done(self) -> float:
        """The share done, 0 to 1; saved tasks cost nothing."""
        left = sum(self._cost(task) for task in self.work_items if task not in self.items_done)
        spent = sum(self.cost_spent.values())
        return spent / (spent + left) if spent + left else 1.0

    def _cost(self, task: SelectionTask) -> float:
        """Return what a task will cost: as its algorithm did, or as expected."""
        known = [s for t, s in self.cost_spent.items() if t.algorithm == task.algorithm]
        if known:
            return sum(known) / len(known)
        expected = sum(_expected_cost(other) for other in self.cost_spent)
        pace = sum(self.cost_spent.values()) / expected if expected else 1.0
        return _expected_cost(task) * pace


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
    meter = WorkMeter(run.tasks, items_done=set(done))
    left = [task for task in run.tasks if task not in done]
    progress(f"comparing ({len(done)} of {len(run.tasks)} done)", meter.share_done)
    for task, found, seconds in _measured(run, left, min(config.threads, cpu_count())):
        if task in paths:
            disk.write_file(paths[task], encode_json([asdict(each) for each in found]))
        done[task], meter.cost_spent[task] = found, seconds
        meter.items_done.add(task)
        count = f"{len(done)} of {len(run.tasks)} done"
        last = f"last {task.algorithm} on {task.inputs}"
        progress(f"comparing ({count}, {last})", meter.share_done)
    candidates = [candidate for task in run.tasks for candidate in done[task]]
    return candidates, select_candidate(candidates, config.segmentation.selection)


def _measured(
    selection_run: SelectionRun, tasks: Sequence[SelectionTask], workers: int
) -> Iterator[tuple[SelectionTask, list[SegmentationCandidate], float]]:
    """Yield each task with its candidates and seconds, as finished; several at a time."""
    workers = min(workers, len(tasks))
    if workers <= 1:
        yield from ((task, *_timed(selection_run, task)) for task in tasks)
        return
    # By inputs, since a process caches what the tasks of one share; then the longest
    # first, so that none is left to run alone at the end.
    places = [task.inputs for task in selection_run.tasks]
    order = sorted(tasks, key=lambda t: (places.index(t.inputs), -_expected_cost(t)))
    pool = Parallel(
        n_jobs=workers,
        backend="loky",
        return_as="generator_unordered",
        pre_dispatch=workers,
        initializer=_set_worker_run,
        initargs=(selection_run,),
    )
    yield from pool(delayed(_measure)(task) for task in order)


_worker_run: list[SelectionRun] = []  # of a worker process; empty in any other


def _set_worker_run(selection_run: SelectionRun) -> None:
    _worker_run[:] = [selection_run]


def _measure(task: SelectionTask) -> tuple[SelectionTask, list[SegmentationCandidate], float]:
    return (task, *_timed(_worker_run[0], task))


def _timed(
    selection_run: SelectionRun, task: SelectionTask
) -> tuple[list[SegmentationCandidate], float]:
    begin = time.perf_counter()
    found = selection_run.run_task(task)
    return found, time.perf_counter() - begin


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


def _expected_cost(task: SelectionTask) -> float:
    return ALGORITHM_COSTS.get(task.algorithm, DEFAULT_COST)
