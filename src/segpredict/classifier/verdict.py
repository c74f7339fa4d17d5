"""Judge the model beside every baseline, out of time, and decide what ships."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from segpredict.classifier import metrics
from segpredict.classifier.bootstrap import Interval, differences
from segpredict.classifier.lesson import Floats, Ints
from segpredict.classifier.metrics import Scores
from segpredict.classifier.options import ClassifierOptions, TimeOptions
from segpredict.tables import JSON
from segpredict.window import as_date, day_number

POOLED = "pooled"
REFERENCE = "markov"  # skill is told against it where it was asked
LEAK = 0.90  # no honest forecast of three or more segments is more accurate
RISING = ("accuracy", "balanced_accuracy", "macro_f1")  # larger is better


@dataclass(frozen=True, slots=True)
class Trial:
    """What was forecast for one test cutoff, and what happened.

    Parameters
    ----------
    cutoff
        The day T*.
    customers
        Who, one a row.
    states
        Current segments.
    labels
        What happened.
    chances
        Probabilities by forecaster; the model comes first.
    """

    cutoff: int
    customers: npt.NDArray[np.str_]
    states: Ints
    labels: Ints
    chances: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Reading:
    """Model and baselines on one test window, or on all of them pooled.

    Parameters
    ----------
    cutoff
        The day T*; ``None`` for the pooled windows.
    n, customers
        Rows, and different customers behind them.
    scores
        Metrics by forecaster.
    differences
        Model − baseline with 95 % intervals, by baseline and metric.
    realised
        Share of each segment that came true.
    forecast
        Share of each segment that was forecast, by forecaster.
    """

    cutoff: int | None
    n: int
    customers: int
    scores: Mapping[str, Scores]
    differences: Mapping[str, Mapping[str, Interval]]
    realised: tuple[float, ...]
    forecast: Mapping[str, tuple[float, ...]]

    def to_json(self) -> JSON:
        """Return the reading as JSON; the day as people write it."""
        when = POOLED if self.cutoff is None else as_date(self.cutoff).isoformat()
        return {**asdict(self), "cutoff": when}

    @classmethod
    def from_json(cls, given: JSON) -> "Reading":
        """Return the reading that gave the JSON."""
        when = given["cutoff"]
        return cls(
            None if when == POOLED else day_number(when),
            given["n"],
            given["customers"],
            {name: Scores(**scores) for name, scores in given["scores"].items()},
            {
                name: {metric: Interval(**found) for metric, found in each.items()}
                for name, each in given["differences"].items()
            },
            tuple(given["realised"]),
            {name: tuple(shares) for name, shares in given["forecast"].items()},
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether the model may be said to beat a baseline on a metric.

    Parameters
    ----------
    baseline, metric
        What is compared.
    beats
        Whether the pooled interval excludes 0 on the good side and every window agrees
        in sign.
    windows
        Windows in which the model was better.
    """

    baseline: str
    metric: str
    beats: bool
    windows: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of all trials, and what follows from it.

    Parameters
    ----------
    model
        Name of the model that was to be judged.
    shipped
        Name of the forecaster that ships: the model, or a baseline it did not beat.
    reason
        Why, in one sentence.
    origins
        One reading per test window, oldest first.
    pooled
        All test windows together.
    claims
        What may be said, by baseline and metric.
    segments
        Ids of the classes, in code order.
    horizon, lookback
        Days; numbers of runs that differ in them cannot be compared.
    warnings
        What a reader must know before believing a number.
    """

    model: str
    shipped: str
    reason: str
    origins: tuple[Reading, ...]
    pooled: Reading
    claims: tuple[Claim, ...]
    segments: tuple[str, ...]
    horizon: int
    lookback: int
    warnings: tuple[str, ...]

    @property
    def skill(self) -> dict[str, float]:
        """Share of each baseline's pooled log-loss that the model saves."""
        own = self.pooled.scores[self.model].log_loss
        return {
            name: metrics.skill(own, scores.log_loss)
            for name, scores in self.pooled.scores.items()
            if name != self.model
        }

    def to_json(self) -> JSON:
        """Return the verdict as JSON."""
        return {
            "model": self.model,
            "shipped": self.shipped,
            "reason": self.reason,
            "skill": self.skill,
            "segments": list(self.segments),
            "horizon": self.horizon,
            "lookback": self.lookback,
            "origins": [reading.to_json() for reading in self.origins],
            "pooled": self.pooled.to_json(),
            "claims": [asdict(claim) for claim in self.claims],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, given: JSON) -> "Verdict":
        """Return the verdict that gave the JSON."""
        return cls(
            given["model"],
            given["shipped"],
            given["reason"],
            tuple(Reading.from_json(each) for each in given["origins"]),
            Reading.from_json(given["pooled"]),
            tuple(Claim(**claim) for claim in given["claims"]),
            tuple(given["segments"]),
            given["horizon"],
            given["lookback"],
            tuple(given["warnings"]),
        )


def judge(
    trials: Sequence[Trial],
    segments: Sequence[str],
    time: TimeOptions,
    options: ClassifierOptions,
    warnings: Sequence[str] = (),
) -> Verdict:
    """Return the verdict on the first forecaster of each test.

    Parameters
    ----------
    trials
        One per test window, oldest first, with the same forecasters in each.
    segments
        Ids of the classes, in code order.
    time
        Lengths, in days.
    options
        Draws and seed of the bootstrap.
    warnings
        What was known to be wanting before anything was measured.

    Notes
    -----
    Claim rule: "beats" only if the pooled 95 % interval excludes 0 and the sign holds
    in every window. Ship rule: the model ships only if its pooled log-loss is below
    that of the best baseline; else that baseline does.
    """
    origins = tuple(_read([trial], options) for trial in trials)
    pooled = _read(trials, options)
    model, *others = trials[0].chances
    shipped, reason = _ship(pooled, model, others, len(trials))
    return Verdict(
        model,
        shipped,
        reason,
        origins,
        pooled,
        tuple(_claims(origins, pooled)),
        tuple(segments),
        time.horizon,
        time.lookback,
        (*warnings, *_warn(pooled, segments)),
    )


def _read(trials: Sequence[Trial], options: ClassifierOptions) -> Reading:
    labels = np.concatenate([trial.labels for trial in trials])
    customers = np.concatenate([trial.customers for trial in trials])
    chances = {
        name: np.concatenate([trial.chances[name] for trial in trials])
        for name in trials[0].chances
    }
    classes = next(iter(chances.values())).shape[1]
    realised = np.bincount(labels, minlength=classes) / len(labels)
    return Reading(
        trials[0].cutoff if len(trials) == 1 else None,
        len(labels),
        len(np.unique(customers)),
        {name: metrics.score(given, labels) for name, given in chances.items()},
        differences(chances, labels, customers, draws=options.draws, seed=options.seed),
        tuple(realised.tolist()),
        {name: metrics.mix(given) for name, given in chances.items()},
    )


def _ship(
    pooled: Reading, model: str, others: Sequence[str], windows: int
) -> tuple[str, str]:
    losses = {name: scores.log_loss for name, scores in pooled.scores.items()}
    own = losses[model]
    plural = "window" if windows == 1 else "windows"
    if not others:
        return model, f"{model} ships: no baseline was asked."
    best = min(others, key=lambda name: losses[name])
    saved = metrics.skill(own, losses[best])
    if saved <= 0:
        return best, (
            f"{best} ships: over {windows} test {plural} its log-loss of "
            f"{losses[best]:.4f} was not beaten by {model} ({own:.4f})."
        )
    versus = f"{saved:.1%} below {best}, the best baseline"
    if REFERENCE in losses and best != REFERENCE:
        versus += f", and {metrics.skill(own, losses[REFERENCE]):.1%} below {REFERENCE}"
    return model, (
        f"{model} ships: over {windows} test {plural} its log-loss of {own:.4f} is "
        f"{versus}."
    )


def _claims(origins: Sequence[Reading], pooled: Reading) -> list[Claim]:
    claims = []
    for baseline, found in pooled.differences.items():
        for metric, interval in found.items():
            sign = 1 if metric in RISING else -1
            better = sum(
                sign * each.differences[baseline][metric].value > 0 for each in origins
            )
            clear = interval.excludes_zero and sign * interval.value > 0
            beats = clear and better == len(origins)
            claims.append(Claim(baseline, metric, beats, better))
    return claims


def _warn(pooled: Reading, segments: Sequence[str]) -> list[str]:
    found = []
    top = max(pooled.realised)
    if top > LEAK:
        found.append(
            f"{top:.0%} of the outcomes are one segment; accuracy says little here."
        )
    if len(segments) >= 3:
        found += [
            f"{name} reads {scores.accuracy:.1%} accuracy over {len(segments)} "
            "segments: presumed leak until explained."
            for name, scores in pooled.scores.items()
            if scores.accuracy > max(LEAK, top)
        ]
    found += [
        f"{segments[code]} is {share:.1%} of the outcomes; its numbers are uncertain."
        for code, share in enumerate(pooled.realised)
        if share < 0.02
    ]
    return found
