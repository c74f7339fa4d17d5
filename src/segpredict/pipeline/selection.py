"""Compare ways to segment, heat by heat; what is finished outlives an interruption."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from joblib import Parallel, delayed

from segpredict import classifier, features, segmentation
from segpredict._version import __version__
from segpredict.config.load import Config
from segpredict.core import disk
from segpredict.core.run_folder import RunDraft, encode_json
from segpredict.core.transactions import Transactions
from segpredict.core.types import ProgressCallback
from segpredict.errors import TooShortHistoryError
from segpredict.pipeline import archive
from segpredict.segmentation.selection import SegmentationCandidate, SegmentationSelection
from segpredict.segmentation.selection.compare import (
    SelectionRun,
    SelectionTask,
    comparison_table,
    required_inputs,
    select_from_table,
    selection_summary,
)

# Seconds of one heat relative to K-means, as measured; only the progress bar reads it.
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
# Settings that change which heats are run, or what is made of them, but no figure.
UNRELATED_SETTINGS = {
    *("k", "names", "rule_grid_names", "inputs"),
    *("algorithms", "criterion_weights", "null_margin", "natural_strength"),
}


@dataclass(slots=True)
class WorkMeter:
    """How much of the work is done, by what its parts cost so far.

    Parameters
    ----------
    work_items
        All there is to do.
    cost_spent
        Seconds of the heats that were measured now.
    items_done
        Heats that are finished, those that were kept from before included.
    """

    work_items: Sequence[SelectionTask]
    cost_spent: dict[SelectionTask, float] = field(default_factory=dict)
    items_done: set[SelectionTask] = field(default_factory=set)

    @property
    def share_done(self) -> float:
        """The share done, 0 to 1; what is kept from before costs nothing."""
        left = sum(self._cost(heat) for heat in self.work_items if heat not in self.items_done)
        past = sum(self.cost_spent.values())
        return past / (past + left) if past + left else 1.0

    def _cost(self, task: SelectionTask) -> float:
        """Return what a heat will cost: as its algorithm did, or as foreseen."""
        like = [s for h, s in self.cost_spent.items() if h.algorithm == task.algorithm]
        if like:
            return sum(like) / len(like)
        foreseen = sum(_foreseen(other) for other in self.cost_spent)
        pace = sum(self.cost_spent.values()) / foreseen if foreseen else 1.0
        return _foreseen(task) * pace


def compare_segmentations(
    draft: RunDraft,
    shop: Transactions,
    config: Config,
    spans: Sequence[tuple[int, int]],
    progress: ProgressCallback,
) -> tuple[list[SegmentationCandidate], SegmentationSelection]:
    """Measure every way to segment, as many at a time as threads, and apply the rule.

    Parameters
    ----------
    draft
        The run in the making; finished heats are kept in a folder beside it until it is
        published.
    shop, config
        What is segmented, and how.
    spans
        The windows that a segmenter may see.
    progress
        Told of each heat.
    """
    contest = _contest(shop, config, spans)
    place = selection_cache_folder(draft.target)
    paths = {h: place / f"{_key(shop, config, spans, h)}.json" for h in contest.tasks}
    kept = {heat: _kept(path) for heat, path in paths.items()}
    told = {heat: trials for heat, trials in kept.items() if trials is not None}
    meter = WorkMeter(contest.tasks, items_done=set(told))
    left = [heat for heat in contest.tasks if heat not in told]
    before = f"{len(told)} of {len(contest.tasks)} done"
    progress(f"comparing ({before})", meter.share_done)
    for heat, found, seconds in _measured(contest, left, config.threads):
        disk.write_file(paths[heat], encode_json([trial.to_state() for trial in found]))
        told[heat], meter.cost_spent[heat] = found, seconds
        meter.items_done.add(heat)
        count = f"{len(told)} of {len(contest.tasks)} done"
        last = f"last {heat.algorithm} on {heat.inputs}"
        progress(f"comparing ({count}, {last})", meter.share_done)
    trials = [trial for heat in contest.tasks for trial in told[heat]]
    return trials, select_from_table(trials, config.segmentation)


def _measured(
    selection_run: SelectionRun, tasks: Sequence[SelectionTask], workers: int
) -> Iterator[tuple[SelectionTask, list[SegmentationCandidate], float]]:
    """Yield each heat with its trials and seconds, as they are finished.

    Every fit runs on one thread, so cores are used by measuring several heats at a
    time, each in a process of its own; what they find does not depend on how many.
    """
    workers = min(workers, len(tasks))
    if workers <= 1:
        yield from ((heat, *_timed(selection_run, heat)) for heat in tasks)
        return
    # By instrument, since a process keeps what the heats of one share; then the longest
    # first, so that none is left to run alone at the end.
    places = [heat.inputs for heat in selection_run.tasks]
    order = sorted(tasks, key=lambda h: (places.index(h.inputs), -_foreseen(h)))
    pool = Parallel(
        n_jobs=workers,
        backend="loky",
        return_as="generator_unordered",
        pre_dispatch=workers,
        initializer=_take,
        initargs=(selection_run,),
    )
    yield from pool(delayed(_measure)(heat) for heat in order)


_taken: list[SelectionRun] = []  # the contest of a worker process; empty in any other


def _take(selection_run: SelectionRun) -> None:
    _taken[:] = [selection_run]


def _measure(task: SelectionTask) -> tuple[SelectionTask, list[SegmentationCandidate], float]:
    return (task, *_timed(_taken[0], task))


def _timed(
    selection_run: SelectionRun, task: SelectionTask
) -> tuple[list[SegmentationCandidate], float]:
    begin = time.perf_counter()
    found = selection_run.run_task(task)
    return found, time.perf_counter() - begin


def save_selection(
    draft: RunDraft,
    candidates: Sequence[SegmentationCandidate],
    selection: SegmentationSelection,
    *,
    is_applied: bool,
) -> None:
    """Write the table of all ways, what the rule takes, and whether the run took it."""
    told = {**selection_summary(candidates, selection), "is_applied": is_applied}
    archive.save_algorithm_comparison(draft, comparison_table(candidates, selection), told)


def selection_cache_folder(target: Path) -> Path:
    """Return where finished heats are kept while a run is in the making."""
    return target.parent / f".{target.name}.comparison"


def clear_selection_cache(target: Path) -> None:
    """Remove what was kept for a run that is now published."""
    shutil.rmtree(selection_cache_folder(target), ignore_errors=True)


def _contest(shop: Transactions, config: Config, spans: Sequence[tuple[int, int]]) -> SelectionRun:
    options, lead = replace(config.segmentation, seed=config.seed), config.time.days_to_outcome
    measures = sorted({*required_inputs(), *segmentation.override_inputs(options)})
    everybody = features.clustering_inputs(shop, list(spans), measures)
    rows = segmentation.rows_to_cluster(everybody, options)
    try:
        days = classifier.schedule_folds(shop.first_day, shop.end_day, config.time)
    except TooShortHistoryError:
        return SelectionRun(rows, options, lead)
    families = config.classifier.families
    told = classifier.prepare_predictability_test(
        shop, days.test_folds[0], config.time, families, rows, everybody
    )
    return SelectionRun(rows, options, lead, None if told is None else told.information_gain)


def _key(
    shop: Transactions, config: Config, spans: Sequence[tuple[int, int]], task: SelectionTask
) -> str:
    """Return a name that changes with anything that may change a heat's figures.

    Gates are among them: what fails one is measured with fewer draws.
    """
    state = config.to_state()
    options = {k: v for k, v in state["segmentation"].items() if k not in UNRELATED_SETTINGS}
    asked = options["selection"]
    options["selection"] = {k: v for k, v in asked.items() if k not in UNRELATED_SETTINGS}
    families = config.classifier.families
    told = [
        __version__,
        shop.fingerprint,
        config.seed,
        state["time"],
        options,
    ]
    told += [list(families or ()), list(spans), task.inputs, task.algorithm]
    return hashlib.sha256(encode_json(told)).hexdigest()


def _kept(path: Path) -> list[SegmentationCandidate] | None:
    """Return the trials of a finished heat; a file that cannot be read is none."""
    try:
        return [SegmentationCandidate.from_state(state) for state in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _foreseen(task: SelectionTask) -> float:
    return ALGORITHM_COSTS.get(task.algorithm, DEFAULT_COST)
