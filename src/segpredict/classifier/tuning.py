"""Search settings of the trees on inner origins, and take the simplest good ones.

Off unless asked for (``classifier.booster.trials``): on the shops that were tried the
search found nothing that out-of-time tests confirm (docs/experiments.md).
"""

from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

import polars as pl

from segpredict.classifier import booster, metrics
from segpredict.classifier.lesson import Floats, Lesson
from segpredict.classifier.options import BoosterOptions
from segpredict.errors import ExtraMissingError

LIBRARY = "optuna"
SOUGHT = (
    "depth",
    "min_child_weight",
    "eta",
    "subsample",
    "columns",
    "ridge",
    "gamma",
)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """Settings that were tried.

    Parameters
    ----------
    options
        The settings.
    losses
        Log-loss of each validation row, in nats.
    size
        Leaves that the trees can have in all: rounds times two to the depth.
    """

    options: BoosterOptions
    losses: Floats
    size: int


def tuned(lesson: Lesson) -> tuple[Lesson, str]:
    """Return the lesson with settings that did well on validation origins, and them.

    Parameters
    ----------
    lesson
        Labelled rows, their inner split and the settings to start from.

    Raises
    ------
    ExtraMissingError
        When a search is asked for and Optuna is not installed.

    Notes
    -----
    The settings at hand are the first trial, then a tree-structured Parzen estimator
    proposes. Each trial learns from the fitting origins and stops by the validation
    origins. Of all trials whose loss exceeds the best by no more than the standard
    error of the difference over customers, the smallest is taken: a gain that cannot be
    told from noise is not worth bigger trees.
    """
    wanted = lesson.options.trials
    if not wanted or not lesson.validation:
        return lesson, ""
    if find_spec(LIBRARY) is None:
        raise ExtraMissingError("The search for settings", "tuning", LIBRARY)
    customers = lesson.at(lesson.validation).rows["customer_id"]
    found = simplest(_search(lesson, wanted), customers)
    words = ", ".join(f"{name} {getattr(found, name):.3g}" for name in SOUGHT)
    return replace(lesson, options=found), f"Of {wanted} settings were taken: {words}."


def simplest(trials: list[Setting], customers: pl.Series) -> BoosterOptions:
    """Return the settings of the smallest trees within one error of the best.

    Parameters
    ----------
    trials
        What was tried.
    customers
        Whose row each loss belongs to: rows of one customer count as one observation.
    """
    best = min(trials, key=lambda trial: (float(trial.losses.mean()), trial.size))
    good = [trial for trial in trials if _is_as_good(trial, best, customers)]
    return min(good, key=lambda trial: trial.size).options


def _is_as_good(trial: Setting, best: Setting, customers: pl.Series) -> bool:
    excess = trial.losses - best.losses
    return bool(excess.mean() <= metrics.clustered_error(excess, customers))


def _search(lesson: Lesson, wanted: int) -> list[Setting]:
    optuna = import_module(LIBRARY)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=lesson.seed)
    study = optuna.create_study(sampler=sampler)
    now = lesson.options
    # The proposals' bounds need not hold what is set: it is tried beside them.
    trials = [_tried(lesson, now)]

    def loss(trial: object) -> float:
        trials.append(_tried(lesson, _proposed(trial, now)))
        return float(trials[-1].losses.mean())

    study.optimize(loss, n_trials=wanted - 1)
    return trials


def _proposed(trial: object, now: BoosterOptions) -> BoosterOptions:
    real, whole = trial.suggest_float, trial.suggest_int  # type: ignore[attr-defined]
    return replace(
        now,
        depth=whole("depth", 2, 6),
        min_child_weight=real("min_child_weight", 5, 100, log=True),
        eta=real("eta", 0.03, 0.15),
        subsample=real("subsample", 0.6, 1),
        columns=real("columns", 0.3, 0.9),
        ridge=real("ridge", 1, 50),
        gamma=real("gamma", 0, 5),
    )


def _tried(lesson: Lesson, options: BoosterOptions) -> Setting:
    given = replace(lesson, options=options)
    trees = booster.grow(given, lesson.names)
    later = lesson.at(lesson.validation)
    chances = booster.Booster(trees, lesson.names, lesson.classes).predict(later.rows)
    rounds = trees.num_boosted_rounds()
    losses = metrics.row_log_loss(chances, later.labels)
    return Setting(options, losses, rounds * 2**options.depth)
