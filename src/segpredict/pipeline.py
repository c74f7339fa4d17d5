"""The only module that knows the order of the rooms.

Each stage reads what the stage before has left in the run folder and adds its own
files, so ``run`` and the single commands walk the same way.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import (
    archive,
    classifier,
    cleaning,
    companions,
    features,
    overview,
    segments,
)
from segpredict import explain as explanations
from segpredict._version import __version__
from segpredict.artifacts import Draft, Run, as_json, drafting, open_run
from segpredict.classifier import Lock, Training
from segpredict.config import Config
from segpredict.disk import write_file
from segpredict.errors import CustomerMissingError, TooShortHistoryError
from segpredict.intake import Fresh, fresh, opened, read
from segpredict.predictor import SegmentPredictor
from segpredict.report import check_page, render
from segpredict.tables import Transactions
from segpredict.window import as_date, origins

Progress = Callable[[str, float], None]
Day = date | str | int | None
LIBRARIES = ("polars", "scikit-learn", "xgboost", "shap", "numpy", "pandera")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run shall stand, and when it is made.

    Parameters
    ----------
    folder
        The run folder.
    created
        The time of day, as text: the doors read the clock, nobody else.
    replace
        Whether a run that exists may be replaced.
    """

    folder: Path
    created: str = ""
    replace: bool = False


def silent(_what: str, _share: float) -> None:
    """Show no progress."""


def check(
    names: Sequence[str],
    config: Config,
    as_of: Day = None,
    page: Target | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Return what reading and cleaning found, as plain values.

    The keys are those of `overview.shop`. A page is written only if its place is given.
    """
    progress("reading and cleaning", 0.0)
    shop = read(names, config, as_of)
    progress("weighing horizons", 0.7)
    found = overview.shop(shop, config.time, config.cleaning)
    if page is not None:
        write_file(page.folder, check_page(found, shop, page.created).encode())
    return found


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
        A path, several paths, or a frame of Polars, pandas, PyArrow or DuckDB.
    config
        All options; the defaults if not given.
    out
        The run folder to make.
    progress
        Called with what is done next and the share done, 0 to 1.

    Raises
    ------
    SegpredictError
        Each with what was found and what to do.
    """
    run(transactions, config or Config(), Target(Path(out)), progress=progress)
    return load(out)


def load(folder: str | Path) -> SegmentPredictor:
    """Return the predictor of a run folder, after checking the hash of what it reads.

    Raises
    ------
    ArtifactError
        When the folder holds no run, or a file is missing or changed.
    """
    return archive.predictor_of(open_run(folder))


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
    looks = archive.looks_at(target.folder)
    with drafting(target.folder, replace=target.replace) as draft:
        archive.keep_looks(draft, looks)
        _begin(draft, data, config, target.created, as_of, progress)
        _cluster(draft, progress)
        _train(draft, canary=canary, progress=progress)
        _explain(draft, None, progress)
        _report(draft, progress)
        return draft.publish()


def cluster(
    data: object,
    config: Config,
    target: Target,
    *,
    as_of: Day = None,
    progress: Progress = silent,
) -> Run:
    """Read, clean and segment; publish the run."""
    looks = archive.looks_at(target.folder)
    with drafting(target.folder, replace=target.replace) as draft:
        archive.keep_looks(draft, looks)
        _begin(draft, data, config, target.created, as_of, progress)
        _cluster(draft, progress)
        return draft.publish()


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
        _train(draft, canary=canary, progress=progress)
        return draft.publish()


def explain(
    folder: str | Path,
    created: str = "",
    *,
    rows: int | None = None,
    progress: Progress = silent,
) -> Run:
    """Explain the booster of a run that `train_classifier` has made."""
    with _continued(folder, created) as draft:
        _explain(draft, rows, progress)
        return draft.publish()


def report(folder: str | Path, created: str = "", progress: Progress = silent) -> Run:
    """Write the page of a run, with whatever its stages have left."""
    with _continued(folder, created) as draft:
        _report(draft, progress)
        return draft.publish()


def explain_customer(folder: str | Path, customer_id: str) -> pl.DataFrame:
    """Return the reasons for one customer's forecast at the end of a run's data.

    Raises
    ------
    CustomerMissingError
        When no eligible customer has that id.
    """
    files = open_run(folder)
    predictor, trees = archive.predictor_of(files), archive.booster_of(files)
    shop = archive.transactions_of(files)
    rows = predictor.rows(shop, predictor.window(shop)).frame
    chosen = rows.filter(pl.col("customer_id") == customer_id)
    if chosen.height == 0:
        raise CustomerMissingError(customer_id, predictor.time.lookback)
    told = explanations.explain(trees.booster, chosen, trees.names, predictor.segments)
    return told.customer(customer_id)


def score(
    folder: str | Path,
    data: Sequence[str] | Fresh,
    *,
    as_of: Day = None,
    since: Day = None,
    progress: Progress = silent,
) -> pl.DataFrame:
    """Return the scores of the customers in these files (`contracts.SCORES`).

    Rows that cannot be read are set aside, unless `Fresh` says otherwise.
    """
    progress("loading the run", 0.0)
    given = data if isinstance(data, Fresh) else Fresh(data)
    files = open_run(folder)
    predictor = archive.predictor_of(files)
    progress("reading and cleaning", 0.2)
    shop = fresh(given, predictor, archive.config_of(files), as_of)
    progress("scoring", 0.7)
    return predictor.score(shop, as_of, since)


@contextmanager
def _continued(folder: str | Path, created: str) -> Iterator[Draft]:
    """Yield a draft with the files of a run, to which a stage adds its own."""
    with drafting(folder, base=open_run(folder), replace=True) as draft:
        draft.facts["created"] = created
        yield draft


def _begin(
    draft: Draft,
    data: object,
    config: Config,
    created: str,
    as_of: Day,
    progress: Progress,
) -> None:
    """Read and clean; note what made the run."""
    progress("reading and cleaning", 0.0)
    shop = opened(data, config, as_of)
    # Columns are chosen, and levels fixed, on what the segmenter, too, may see.
    until = max(end for _, end in _blind_spans(shop, config)[0])
    shop = replace(shop, companions=companions.freeze(shop, until))
    choice = features.choose(shop, config.classifier.families, until)
    config = replace(
        config, classifier=replace(config.classifier, families=choice.names)
    )
    draft.facts.update(
        segpredict=__version__,
        created=created,
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        config=config.state(),
        families={"used": list(choice.names), "left_out": list(choice.notes)},
    )
    cleaning.supported(shop, config.cleaning)
    archive.keep_transactions(draft, shop)
    archive.keep_companions(draft, shop.companions)


def _cluster(draft: Draft, progress: Progress) -> None:
    """Fit the segmenter on windows that no test will see, freeze and describe it."""
    progress("making segments", 0.15)
    config, shop = archive.config_of(draft), archive.transactions_of(draft)
    spans, notes = _blind_spans(shop, config)
    options = replace(config.segments, seed=config.seed)
    segmentation = segments.fit(
        features.instrument(shop, spans), options, horizon=config.time.horizon
    )
    grid = overview.grid(shop, config.time)
    tables = overview.segments(shop, segmentation, grid, config.time)
    archive.keep_segments(draft, segmentation, grid, tables)
    draft.facts["notes"] = [*shop.notes, *notes, *shop.companions.notes]
    draft.facts["windows"] = {
        "segmenter_saw_until": as_date(segmentation.fit_end - 1).isoformat(),
        "horizon": config.time.horizon,
        "lookback": config.time.lookback,
        "gap": config.time.gap,
        "forecast_from": as_date(shop.end_day).isoformat(),
    }


def _blind_spans(
    shop: Transactions, config: Config
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the windows the segmenter may see: none that ends after a first test."""
    time = config.time
    try:
        days = classifier.schedule(shop.first_day, shop.end_day, time)
    except TooShortHistoryError as error:
        last = time.window(shop.end_day, shop.first_day)
        back = origins(last, time.step, shop.first_day + time.horizon)
        spans = [(w.cutoff - time.horizon, w.cutoff) for w in back]
        if not spans:
            raise
        return sorted(spans), [f"No forecast can be tested: {error.message}"]
    return list(days.blind), list(days.notes)


def _train(draft: Draft, *, canary: bool, progress: Progress) -> None:
    """Train, test out of time, decide what ships, and score the end of the data."""
    config, shop = archive.config_of(draft), archive.transactions_of(draft)
    segmentation = archive.segmentation_of(draft)
    options = replace(config.classifier, seed=config.seed, threads=config.threads)
    training = classifier.train(
        shop,
        segmentation,
        options,
        config.time,
        lambda what, share: progress(what, 0.25 + 0.5 * share),
    )
    predictor = SegmentPredictor(
        segmentation,
        training.forecaster,
        config.time,
        training.values,
        config.classifier.families,
        companions=shop.companions,
    )
    # What an earlier model has left here would be believed to be this one's.
    draft.drop("explanation/", "classifier/canary.json", "report.html")
    training = _marked(draft, training, shop)
    archive.keep_training(draft, training, predictor.score(shop))
    if canary:
        progress("asking the canary", 0.75)
        told = classifier.canary(training, options)
        draft.write("classifier/canary.json", as_json(told.frame().to_dicts()))


def _marked(draft: Draft, training: Training, shop: Transactions) -> Training:
    """Note the look at the final test; say so where others were taken before."""
    lock = Lock(shop.fingerprint, training.schedule.outer[-1].cutoff)
    looks = lock.like(archive.looks_of(draft)).opened(
        draft.facts["config"], draft.facts["created"]
    )
    archive.keep_looks(draft, looks.state())
    if not looks.note:
        return training
    warnings = (looks.note, *training.verdict.warnings)
    return replace(training, verdict=replace(training.verdict, warnings=warnings))


def _explain(draft: Draft, rows: int | None, progress: Progress) -> None:
    """Explain the trees for a sample of the customers that were scored."""
    progress("explaining", 0.8)
    config, predictor = archive.config_of(draft), archive.predictor_of(draft)
    shop, trees = archive.transactions_of(draft), archive.booster_of(draft)
    options = replace(config.explain, rows=rows or config.explain.rows)
    told = explanations.explain(
        trees.booster,
        predictor.rows(shop, predictor.window(shop)).frame,
        trees.names,
        predictor.segments,
        options,
        features=overview.glossary(config.classifier.families, shop.companions),
    )
    draft.drop("report.html")
    archive.keep_explanation(draft, told)


def _report(draft: Draft, progress: Progress) -> None:
    """Write the page of what the stages have left."""
    progress("writing the page", 0.95)
    bundle = archive.bundle_of(draft)
    draft.write("report.html", render(bundle).encode())
    progress("done", 1.0)
