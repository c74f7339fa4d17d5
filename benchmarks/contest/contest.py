"""Run the benchmark on data sets and in simulated worlds, and collect its metrics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from contest import challengers, oracle, worlds
from segpredict import classifier
from segpredict.classifier import Backtest, Evaluation, TrainingResult, metrics
from segpredict.classifier.evaluation.bootstrap import bootstrap_differences
from segpredict.config import load as config
from segpredict.config.classifier import ClassifierOptions
from segpredict.config.load import Config
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import Transactions
from segpredict.core.types import ProgressCallback
from segpredict.core.window import as_date
from segpredict.data.sample import sample
from segpredict.errors import FileMissingError, UsageError, quote_value
from segpredict.pipeline import no_progress, stages
from segpredict.segmentation import Segmentation

# What `segpredict fetch` puts into a folder of that name.
FETCHED = {
    "online_retail": "Online Retail.xlsx",
    "online_retail_ii": "online_retail_II.xlsx",
    "cdnow": "CDNOW_master.txt",
}
AGAINST = "markov"
SAMPLE_PRESET = "online_retail"  # the columns of an invented shop
POOLED = "pooled"
METRICS = (
    *("log_loss", "brier", "rps"),
    *("accuracy", "balanced_accuracy", "macro_f1", "ece"),
)
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that takes part.

    Parameters
    ----------
    name
        What the tables call it.
    path
        A file, folder, glob or store.
    config
        All options.
    """

    name: str
    path: str
    config: Config


@dataclass(frozen=True, slots=True)
class Contest:
    """The result of the benchmark on one shop.

    Parameters
    ----------
    shop
        The cleaned transactions.
    segmentation
        The frozen segments.
    training
        Every model on every test window, and the evaluation.
    options
        How the models were fitted and evaluated.
    """

    shop: Transactions
    segmentation: Segmentation
    training: TrainingResult
    options: ClassifierOptions


@dataclass(slots=True)
class Result:
    """Every figure.

    Parameters
    ----------
    facts
        One row a data set or world: its size, and the selected model.
    scores
        One row a data set, test window (or ``pooled``) and forecaster.
    oracle
        One row a world and forecaster (`oracle.distances`).
    leaks
        One row a data set and way to test.
    gaps
        One row a data set and forecaster: log-loss of the selected model less that of the
        forecaster over all test windows, with its 95 % interval.
    """

    facts: list[Row] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)
    oracle: list[Row] = field(default_factory=list)
    leaks: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)

    def rows(self) -> Mapping[str, list[Row]]:
        """Return the tables that have rows, by name."""
        names = ("facts", "scores", "oracle", "leaks", "gaps")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Return the tables that have rows, as frames by name."""
        return {
            name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in self.rows().items()
        }


def data_set(text: str, settings: Sequence[str] = ()) -> DataSet:
    """Return the data set of a text of the form NAME=PATH.

    NAME is a preset, or a TOML file that says how the data are read.

    Raises
    ------
    UsageError
        When the text has another form.

    Examples
    --------
    >>> data_set("cdnow=CDNOW_master.txt").path
    'CDNOW_master.txt'
    """
    name, _, path = (part.strip() for part in text.partition("="))
    if not name or not path:
        raise UsageError(
            f"--data {quote_value(text)} is not of the form NAME=PATH.",
            fix="write it as in --data cdnow=CDNOW_master.txt; NAME is a preset or a TOML file.",
        )
    return DataSet(Path(name).stem, path, config.load_config(name, settings))


def fetched(folder: Path, settings: Sequence[str] = ()) -> list[DataSet]:
    """Return the data sets that `segpredict fetch` has put into a folder.

    Raises
    ------
    FileMissingError
        When there is none.
    """
    paths = {name: folder / name / file for name, file in FETCHED.items()}
    found = [
        DataSet(name, str(path), config.load_config(name, settings))
        for name, path in paths.items()
        if path.is_file()
    ]
    if not found:
        raise FileMissingError(str(next(iter(paths.values()))))
    return found


def contest(
    data: object,
    plan: Config,
    *,
    end_day: int | None = None,
    progress: ProgressCallback = no_progress,
) -> Contest:
    """Segment a shop, then train and evaluate on it, as a run does, without a run folder.

    Parameters
    ----------
    data
        Paths, a store or a frame.
    plan
        All options.
    end_day
        Nothing on or after this day (a day number) is looked at.
    progress
        Called with what is done next and the share done, 0 to 1.

    Notes
    -----
    Untuned boosters take part where no baselines are named.
    """
    as_of = None if end_day is None else as_date(end_day)
    prepared = stages.prepare(data, plan, as_of, progress)
    segmented = stages.segment(prepared, progress=progress)
    options = stages.classifier_options(prepared.config)
    further = () if options.baselines else challengers.installed()
    trained = stages.train(prepared, segmented, more_models=further, progress=progress)
    assert trained.training is not None
    return Contest(prepared.transactions, segmented.segmentation, trained.training, options)


def in_world(
    name: str,
    customers: int,
    settings: Sequence[str] = (),
    *,
    seed: int = 0,
    progress: ProgressCallback = no_progress,
) -> tuple[Contest, Sequence[Backtest]]:
    """Return the contest in a world, and its trials with the oracle in last place.

    Parameters
    ----------
    name
        Of the world.
    customers, seed
        How many customers, and which draw of them.
    settings
        Settings beside those of the world.
    progress
        As in `contest`.
    """
    world = worlds.named(name)
    planted = world.draw(customers, seed)
    plan = config.load_config(None, [*world.settings, *settings])
    held = contest(planted.lines, plan, end_day=planted.end_day, progress=progress)
    progress("asking the oracle", 1.0)
    backtests = held.training.backtests
    return held, oracle.with_oracle(world, planted, held.segmentation, backtests, plan.time)


def hold(
    data_sets: Sequence[DataSet] = (),
    names: Sequence[str] = (),
    *,
    samples: int = 0,
    customers: int = 2_000,
    seed: int = 0,
    settings: Sequence[str] = (),
    leaks: bool = True,
    progress: ProgressCallback = no_progress,
) -> Result:
    """Return the figures of the contest on every data set and in every world.

    Parameters
    ----------
    data_sets
        Data sets.
    names
        Of worlds.
    samples
        How many invented shops take part.
    customers, seed, settings
        Of each world and invented shop.
    leaks
        Whether the data sets are tested by leaking tests too.
    progress
        Called with what is done next and the share done, 0 to 1.

    Notes
    -----
    The intervals of `Result.scores` are those of each forecaster's log-loss less that
    of the Markov chain, from a bootstrap of customers.
    """
    result = Result()
    count = len(data_sets) + len(names) + samples
    for place, each in enumerate(data_sets):
        report = _part(progress, each.name, place, count)
        held = contest([each.path], each.config, progress=report)
        _read(result, each.name, held, held.training.backtests)
        if leaks:
            report("testing with leaks", 1.0)
            _read_leaks(result, each.name, held)
    for place, name in enumerate(names, len(data_sets)):
        report = _part(progress, name, place, count)
        held, backtests = in_world(name, customers, settings, seed=seed, progress=report)
        _read(result, name, held, backtests)
        _read_oracle(result, name, held, backtests)
    for seed in range(samples):
        name = f"sample_{seed}"
        report = _part(progress, name, len(data_sets) + len(names) + seed, count)
        lines = sample.generate_sample(customers, seed=seed).lines
        held = contest(lines, config.load_config(SAMPLE_PRESET, settings), progress=report)
        _read(result, name, held, held.training.backtests)
    progress("done", 1.0)
    return result


def _part(progress: ProgressCallback, name: str, place: int, count: int) -> ProgressCallback:
    return lambda what, share: progress(f"{name}: {what}", (place + share) / count)


def _read(result: Result, name: str, held: Contest, backtests: Sequence[Backtest]) -> None:
    """Add the figures of one contest."""
    evaluation, shop = held.training.evaluation, held.shop
    customers = shop.lines.select(pl.col("customer_id").n_unique()).collect().item()
    result.facts.append(
        {
            "data": name,
            "customers": customers,
            "first_day": as_date(shop.first_day).isoformat(),
            "last_day": as_date(shop.end_day - 1).isoformat(),
            "panel_rows": held.training.panel.frame.height,
            "segments": len(evaluation.segments) - 1,
            "windows": len(backtests),
            "forecasts": evaluation.pooled.n_rows,
            "inactive_share": evaluation.pooled.actual_mix[INACTIVE_CODE],
            "model": evaluation.model,
            "selected": evaluation.selected,
        }
    )
    result.gaps += _gaps(name, evaluation)
    for backtest in backtests:
        window = as_date(backtest.cutoff).isoformat()
        result.scores += _scores(name, window, [backtest], held)
    result.scores += _scores(name, POOLED, backtests, held)


def _gaps(name: str, evaluation: Evaluation) -> Iterator[Row]:
    for who, scores in evaluation.pooled.scores.items():
        found = evaluation.pooled.differences.get(who, {}).get("log_loss")
        yield {
            "data": name,
            "forecaster": who,
            "is_selected": who == evaluation.selected,
            "log_loss": scores.log_loss,
            "gap": None if found is None else found.value,
            "gap_low": None if found is None else found.low,
            "gap_high": None if found is None else found.high,
        }


def _scores(name: str, window: str, backtests: Sequence[Backtest], held: Contest) -> Iterator[Row]:
    labels = np.concatenate([backtest.labels for backtest in backtests])
    customers = np.concatenate([backtest.customers for backtest in backtests])
    forecasts = {
        who: np.concatenate([backtest.probabilities[who] for backtest in backtests])
        for who in backtests[0].probabilities
    }
    first = AGAINST if AGAINST in forecasts else held.training.evaluation.model
    apart = bootstrap_differences(
        {first: forecasts[first], **forecasts},
        labels,
        customers,
        draws=held.options.bootstrap_draws,
        seed=held.options.seed,
    )
    base = float(metrics.score_forecast(forecasts[first], labels).log_loss)
    for who, probabilities in forecasts.items():
        scores = metrics.score_forecast(probabilities, labels).to_json()
        # The interval is that of the first less each; turned round, low is high.
        interval = apart[who]["log_loss"] if who != first else None
        yield {
            "data": name,
            "window": window,
            "forecaster": who,
            "n": len(labels),
            **_marks(held, who),
            **{metric: scores[metric] for metric in METRICS if metric in scores},
            "against": first,
            "skill": metrics.skill_score(scores["log_loss"], base),
            "less": None if interval is None else -interval.value,
            "less_low": None if interval is None else -interval.high,
            "less_high": None if interval is None else -interval.low,
        }


def _marks(held: Contest, who: str) -> Row:
    evaluation = held.training.evaluation
    return {"is_model": who == evaluation.model, "is_selected": who == evaluation.selected}


def _read_oracle(result: Result, name: str, held: Contest, backtests: Sequence[Backtest]) -> None:
    for row in oracle.distances(backtests).iter_rows(named=True):
        marks = _marks(held, row["forecaster"])
        result.oracle.append({"data": name, **row, **marks})


def _read_leaks(result: Result, name: str, held: Contest) -> None:
    tests = classifier.run_leakage_demo(held.training, held.options)
    saved = ("test", "is_honest", "accuracy", "macro_f1", "log_loss")
    for row in tests.select(saved).iter_rows(named=True):
        result.leaks.append({"data": name, **row})
