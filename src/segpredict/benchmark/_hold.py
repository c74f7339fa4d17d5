"""Hold the contest on each data set and in each world, and read its figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from segpredict import classifier, config, oracle, pipeline
from segpredict.benchmark._entries import Entry
from segpredict.classifier import Trial, metrics
from segpredict.classifier.bootstrap import differences
from segpredict.core.types import Progress
from segpredict.pipeline import Contest, silent
from segpredict.tables import INACTIVE
from segpredict.window import as_date

AGAINST = "markov"
POOLED = "pooled"
READ = ("log_loss", "brier", "rps", "accuracy", "balanced_accuracy", "macro_f1", "ece")
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Plan:
    """What takes part.

    Parameters
    ----------
    entries
        Data sets.
    worlds
        Names of worlds whose truth is known.
    customers
        Customers of each world.
    settings
        Settings of the runs in the worlds.
    seed
        Which draw of each world.
    leaks
        Whether leaking tests are shown beside the honest one.
    """

    entries: Sequence[Entry] = ()
    worlds: Sequence[str] = ()
    customers: int = 2_000
    settings: tuple[str, ...] = ()
    leaks: bool = True
    seed: int = 0


@dataclass(slots=True)
class Result:
    """Every figure.

    Parameters
    ----------
    facts
        One row a data set or world: how many of what, and what ships.
    scores
        One row a data set, test window (or ``pooled``) and forecaster.
    oracle
        One row a world and forecaster (`oracle.compare`).
    leaks
        One row a data set and way to test.
    """

    facts: list[Row] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)
    oracle: list[Row] = field(default_factory=list)
    leaks: list[Row] = field(default_factory=list)

    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Return the four tables by name."""
        told = {"facts": self.facts, "scores": self.scores}
        told |= {"oracle": self.oracle, "leaks": self.leaks}
        return {
            name: pl.DataFrame(rows, infer_schema_length=None)
            for name, rows in told.items()
            if rows
        }


def hold(plan: Plan, progress: Progress = silent) -> Result:
    """Return the figures of the whole contest, everywhere.

    Parameters
    ----------
    plan
        What takes part.
    progress
        Called with what is done next and the share done, 0 to 1.

    Notes
    -----
    The intervals of `Result.scores` are those of each forecaster's log-loss less that
    of the Markov chain, from a bootstrap of customers (`bootstrap.differences`).
    """
    found = Result()
    whole = len(plan.entries) + len(plan.worlds)
    for place, each in enumerate(plan.entries):
        tell = _part(progress, each.name, place, whole)
        held = pipeline.contest(list(each.data), each.config, progress=tell)
        _read(found, each.name, held, held.training.trials)
        if plan.leaks:
            tell("asking the canary", 1.0)
            _leaking(found, each.name, held)
    for place, name in enumerate(plan.worlds, len(plan.entries)):
        _world(found, name, plan, _part(progress, name, place, whole))
    progress("done", 1.0)
    return found


def _part(progress: Progress, name: str, place: int, whole: int) -> Progress:
    def tell(what: str, share: float) -> None:
        progress(f"{name}: {what}", (place + share) / whole)

    return tell


def _world(found: Result, name: str, plan: Plan, progress: Progress) -> None:
    world = oracle.named(name)
    planted = world.draw(plan.customers, plan.seed)
    options = config.load(None, [*world.settings, *plan.settings])
    held = pipeline.contest(
        planted.lines, options, as_of=as_date(planted.end_day), progress=progress
    )
    progress("asking the oracle", 1.0)
    training = held.training
    trials = oracle.consulted(
        world, planted, held.segmentation, training.trials, options.time
    )
    _read(found, name, held, trials)
    model, shipped = training.verdict.model, training.verdict.shipped
    for row in oracle.compare(trials).iter_rows(named=True):
        who = row["forecaster"]
        part = {"is_model": who == model, "is_shipped": who == shipped}
        found.oracle.append({"data": name, **row, **part})


def _read(found: Result, name: str, held: Contest, trials: Sequence[Trial]) -> None:
    """Add the figures of one contest."""
    training, shop = held.training, held.shop
    verdict = training.verdict
    customers = shop.lines.select(pl.col("customer_id").n_unique()).collect().item()
    found.facts.append(
        {
            "data": name,
            "customers": customers,
            "first_day": as_date(shop.first_day).isoformat(),
            "last_day": as_date(shop.end_day - 1).isoformat(),
            "panel_rows": training.panel.frame.height,
            "segments": len(verdict.segments) - 1,
            "windows": len(trials),
            "forecasts": verdict.pooled.n,
            "inactive_share": verdict.pooled.realised[INACTIVE],
            "model": verdict.model,
            "shipped": verdict.shipped,
        }
    )
    drawn = (held.options.draws, held.options.seed)
    for trial in trials:
        window = as_date(trial.cutoff).isoformat()
        found.scores += _scores(name, window, [trial], verdict.shipped, drawn)
    found.scores += _scores(name, POOLED, trials, verdict.shipped, drawn)


def _scores(
    name: str,
    window: str,
    trials: Sequence[Trial],
    shipped: str,
    drawn: tuple[int, int],
) -> Iterator[Row]:
    labels = np.concatenate([trial.labels for trial in trials])
    customers = np.concatenate([trial.customers for trial in trials])
    chances = {
        who: np.concatenate([trial.chances[who] for trial in trials])
        for who in trials[0].chances
    }
    model = next(iter(chances))
    first = AGAINST if AGAINST in chances else model
    ordered = {first: chances[first], **chances}
    apart = differences(ordered, labels, customers, draws=drawn[0], seed=drawn[1])
    base = float(metrics.score(chances[first], labels).log_loss)
    for who, given in chances.items():
        told = metrics.score(given, labels).to_json()
        row: Row = {"data": name, "window": window, "forecaster": who}
        row |= {
            "n": len(labels),
            "is_model": who == model,
            "is_shipped": who == shipped,
        }
        row |= {metric: told[metric] for metric in READ if metric in told}
        row |= {"against": first, "skill": metrics.skill(told["log_loss"], base)}
        # The interval is that of the first less each; turned round, low is high.
        interval = apart[who]["log_loss"] if who != first else None
        row |= {
            "less": None if interval is None else -interval.value,
            "less_low": None if interval is None else -interval.high,
            "less_high": None if interval is None else -interval.low,
        }
        yield row


def _leaking(found: Result, name: str, held: Contest) -> None:
    told = classifier.canary(held.training, held.options)
    for row in told.frame().iter_rows(named=True):
        kept = {key: row[key] for key in ("test", "is_honest", "accuracy", "macro_f1")}
        found.leaks.append({"data": name, **kept, "log_loss": row["log_loss"]})
