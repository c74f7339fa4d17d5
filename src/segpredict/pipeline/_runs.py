"""Make a run, whole or stage by stage; each is published whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from segpredict import archive
from segpredict.artifacts import Draft, Run, drafting, open_run
from segpredict.classifier import TestSetLog, test_set_log
from segpredict.config import Config
from segpredict.core.types import Day, Progress
from segpredict.errors import MismatchError
from segpredict.intake import remembered, shelf
from segpredict.pipeline import _comparison, _plays, _stages
from segpredict.pipeline._answers import load
from segpredict.pipeline._target import Search, Target, silent
from segpredict.predictor import SegmentPredictor
from segpredict.segments import Segmentation

ONE_WAY = Search()


def fit(
    transactions: object,
    config: Config | None = None,
    *,
    out: str | Path,
    progress: Progress = silent,
) -> SegmentPredictor:
    """Run everything on files or a frame, publish it, and return the predictor.

    Parameters
    ----------
    transactions
        A path, several paths, a store, or a frame of Polars, pandas, PyArrow or DuckDB.
    config
        All options; by default those of the store, or the defaults.
    out
        The run folder to make.
    progress
        Called with what is done next and the share done, 0 to 1.

    Raises
    ------
    SegpredictError
        Each with what was found and what to do.
    """
    plan = config or remembered(transactions) or Config()
    run(transactions, plan, Target(Path(out)), progress=progress)
    return load(out)


def run(
    data: object,
    config: Config,
    target: Target,
    *,
    as_of: Day = None,
    canary: bool = False,
    progress: Progress = silent,
) -> Run:
    """Read, cluster, train, explain and report; publish the run whole or not at all."""
    before = archive.test_set_log_at(target.folder)
    with drafting(target.folder, replace=target.replace) as draft:
        archive.keep_test_set_log(draft, before)
        _stages.begin(draft, data, config, target.created, as_of, progress)
        _stages.cluster(draft, progress)
        log_files = test_set_log.log_files(target.folder, _store(data))
        _stages.train(draft, log_files, canary=canary, progress=progress)
        _stages.explain(draft, lambda what, _: progress(what, 0.8), refits=0)
        _stages.report(draft, progress)
        return _published(draft, log_files)


def cluster(
    data: object,
    config: Config,
    target: Target,
    *,
    as_of: Day = None,
    search: Search = ONE_WAY,
    progress: Progress = silent,
) -> Run:
    """Read, clean and segment; publish the run.

    Parameters
    ----------
    data, config, target, as_of, progress
        As with `run`.
    search
        How segments are found. A comparison that is interrupted goes on where it
        stopped when it is asked for again with the same data, options and target.

    Raises
    ------
    MismatchError
        When the earlier run measured windows of another length.
    """
    known, old = None, {}
    if search.before is not None:
        files = open_run(search.before)
        known = archive.segmentation_of(files)
        old = {"run": str(search.before), "digest": files.manifest["digest"]}
        _require_same_horizon(known, config)
    known_log = archive.test_set_log_at(target.folder)
    with drafting(target.folder, replace=target.replace) as draft:
        archive.keep_test_set_log(draft, known_log)
        _stages.begin(draft, data, config, target.created, as_of, progress)
        _stages.cluster(draft, progress, known, search.ways)
        if old:
            draft.facts["refit_of"] = old
        made = draft.publish()
    _comparison.forget(target.folder)
    return made


def _require_same_horizon(known: Segmentation, config: Config) -> None:
    if known.horizon != config.time.horizon:
        raise MismatchError(
            f"The segments to be fitted again are measured on {known.horizon} days, "
            f"and these options measure on {config.time.horizon}.",
            fix=f"give --set time.horizon={known.horizon}, or cluster without --refit.",
        )


def train_classifier(
    folder: str | Path,
    created: str = "",
    *,
    seed: int | None = None,
    threads: int | None = None,
    canary: bool = False,
    progress: Progress = silent,
) -> Run:
    """Train and judge the classifier of a run that `cluster` has made."""
    with _continued(folder, created) as draft:
        config = archive.config_of(draft).seeded(seed, threads)
        draft.facts["config"] = config.state()
        log_files = test_set_log.log_files(draft.target)
        _stages.train(draft, log_files, canary=canary, progress=progress)
        return _published(draft, log_files)


def explain(
    folder: str | Path,
    created: str = "",
    *,
    rows: int | None = None,
    refits: int | None = None,
    progress: Progress = silent,
) -> Run:
    """Explain the forecast of a run, and cross-check what matters in it.

    Parameters
    ----------
    folder
        The run.
    created
        The time of day, as text.
    rows
        The most customers to explain; by default as configured.
    refits
        Models fitted anew for intervals; 0 leaves the cross-check out, which `run`
        does, since it takes longer than everything else.
    progress
        Called with what is done next and the share done, 0 to 1.
    """
    with _continued(folder, created) as draft:
        _stages.explain(draft, progress, rows=rows, refits=refits)
        return draft.publish()


def report(
    folder: str | Path,
    created: str = "",
    progress: Progress = silent,
    *,
    customers: bool | None = None,
    playbook: str | None = None,
) -> Run:
    """Write the page of a run, with whatever its stages have left.

    Single customers stand on it as the config says, or as `customers` does. A playbook
    that is named takes the place of the one that the run goes by.
    """
    with _continued(folder, created) as draft:
        if playbook is not None:
            _plays.rechoose(draft, playbook)
        _stages.report(draft, progress, customers=customers)
        return draft.publish()


def _store(data: object) -> Path | None:
    """Return the store that data were named by, if they were."""
    names = [data] if isinstance(data, str | Path) else data
    if not isinstance(names, Sequence):
        return None
    return shelf([str(name) for name in names if isinstance(name, str | Path)])


def _published(draft: Draft, log_files: Sequence[Path]) -> Run:
    """Publish a run with a trained classifier; log that its test was evaluated."""
    made = draft.publish()
    log = TestSetLog.from_state(archive.test_set_log_of(made))
    test_set_log.remember(log, log_files)
    return made


@contextmanager
def _continued(folder: str | Path, created: str) -> Iterator[Draft]:
    """Yield a draft with the files of a run, to which a stage adds its own."""
    with drafting(folder, base=open_run(folder), replace=True) as draft:
        draft.facts["created"] = created
        yield draft
