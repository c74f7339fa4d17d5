"""Measure rankings of customers: lift, and the share of all cases captured by the top share.

The model is compared with rules that need no model: longest inactivity, largest spend. Revenue at
risk is ranked by the value model, which is fitted later: `customer_value` measures that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import Backtest
from segpredict.classifier.evaluation.significance import two_sided_p_value
from segpredict.core.arrays import BoolArray, FloatArray
from segpredict.core.segment import INACTIVE_CODE

TOP_DECILE, TOP_QUINTILE = 0.1, 0.2
LIFT, CAPTURE = "lift", "capture"
CAPTURE_SHARES = tuple(step / 20 for step in range(21))
UPPER_SEGMENTS = 2  # segments from this code on are to be retained, those below to be upgraded


@dataclass(frozen=True, slots=True)
class RankingMetric:
    """The result of one ranking, over all tests together."""

    metric: str  # the target of the ranking, and whether lift or capture was measured
    ranked_by: str  # the forecaster or the rule; ``a / b`` for the ratio of two
    n: int  # customers ranked
    value: bootstrap.DifferenceInterval  # lift over a random choice, or share of all cases captured


@dataclass(frozen=True, slots=True)
class _Field:
    """The customers ranked in one test, their gains and their scores."""

    who: npt.NDArray[np.str_]
    gain: FloatArray
    scores: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class _Ranking:
    name: str
    share: float
    kind: str
    fields: Sequence[_Field]
    rules: Sequence[str]

    @property
    def n(self) -> int:
        return sum(len(field.gain) for field in self.fields)

    def plain_rate(self, name: str) -> float:
        """Return lift or capture of the customers as they are."""
        return float(self.rates(name, [np.ones((1, len(field.gain))) for field in self.fields])[0])

    def rates(self, name: str, weights: Sequence[FloatArray]) -> FloatArray:
        """Return lift or capture, one per row of weights."""
        sums = np.zeros((4, len(weights[0])))
        for field, weight in zip(self.fields, weights, strict=True):
            sums = sums + _captured(field.scores[name], field.gain, weight, self.share)
        captured, taken, gain, size = sums
        share = bootstrap.safe_ratio(captured, gain)
        is_lift = self.kind == LIFT
        return np.asarray(share * bootstrap.safe_ratio(size, taken) if is_lift else share)


def evaluate_rankings(
    backtests: Sequence[Backtest], *, draws: int, seed: int
) -> tuple[RankingMetric, ...]:
    """Return lifts and captures of every forecaster and rule; equal scores count in part."""
    return tuple(row for ranking in _rankings(backtests) for row in _measured(ranking, draws, seed))


@dataclass(frozen=True, slots=True)
class CaptureCurve:
    """What one ranking captures, by the share of customers taken."""

    ranking: str  # the target of the ranking, as in `evaluate_rankings`
    ranked_by: str  # the forecaster or the rule
    n: int  # customers ranked
    shares: tuple[float, ...]  # shares of them that are taken
    captured: tuple[float, ...]  # share of all cases captured, at each of these


def capture_curves(backtests: Sequence[Backtest], forecaster: str) -> tuple[CaptureCurve, ...]:
    """Return the capture curve of a forecaster and of each rule, by ranking."""
    found = []
    for ranking in _rankings(backtests):
        for name in (forecaster, *ranking.rules):
            captured = tuple(
                replace(ranking, share=share, kind=CAPTURE).plain_rate(name)
                for share in CAPTURE_SHARES
            )
            found.append(CaptureCurve(ranking.name, name, ranking.n, CAPTURE_SHARES, captured))
    return tuple(found)


def _rankings(backtests: Sequence[Backtest]) -> list[_Ranking]:
    """Return the rankings that have a case to find, of the tests with covariates and values."""
    known = [t for t in backtests if t.covariates is not None and t.segment_values]
    risk, rise, top = (
        [make(backtest) for backtest in known] for make in (_at_risk, _upgrade, _top)
    )
    rankings = [
        _Ranking("at_risk", TOP_DECILE, LIFT, risk, ["recency"]),
        _Ranking("upgrade", TOP_DECILE, LIFT, rise, ["past_spend"]),
        _Ranking("future_top", TOP_QUINTILE, CAPTURE, top, ["past_spend"]),
    ]
    return [each for each in rankings if any(field.gain.any() for field in each.fields)]


def _covariate(backtest: Backtest, name: str) -> FloatArray:
    assert backtest.covariates is not None
    return backtest.covariates[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _at_risk(backtest: Backtest) -> _Field:
    scores = {name: given[:, INACTIVE_CODE] for name, given in backtest.probabilities.items()}
    rules = {"recency": _covariate(backtest, "recency_days")}
    gain = (backtest.labels == INACTIVE_CODE).astype(np.float64)
    return _field(backtest, backtest.states >= UPPER_SEGMENTS, gain, scores | rules)


def _upgrade(backtest: Backtest) -> _Field:
    scores = {
        n: given[:, UPPER_SEGMENTS:].sum(axis=1) for n, given in backtest.probabilities.items()
    }
    rules = {"past_spend": _covariate(backtest, "spend_364")}
    gain = (backtest.labels >= UPPER_SEGMENTS).astype(np.float64)
    return _field(backtest, backtest.states < UPPER_SEGMENTS, gain, scores | rules)


def _top(backtest: Backtest) -> _Field:
    later = _covariate(backtest, "spend_next")
    edge = np.quantile(later, 1 - TOP_QUINTILE, method="higher") if len(later) else 0.0
    gain = ((later >= edge) & (later > 0)).astype(np.float64)
    expected = {
        name: (given * np.array(backtest.segment_values)).sum(axis=1)
        for name, given in backtest.probabilities.items()
    }
    all_customers = np.ones(len(later), dtype=bool)
    rules = {"past_spend": _covariate(backtest, "spend_364")}
    return _field(backtest, all_customers, gain, expected | rules)


def _field(
    backtest: Backtest, mask: BoolArray, improvement: FloatArray, scores: Mapping[str, FloatArray]
) -> _Field:
    masked = {name: np.asarray(score[mask]) for name, score in scores.items()}
    return _Field(backtest.customers[mask], improvement[mask], masked)


def _measured(ranking: _Ranking, draws: int, seed: int) -> list[RankingMetric]:
    names = list(ranking.fields[0].scores)
    metric = f"{ranking.name}_{ranking.kind}"
    model, rules = names[0], list(ranking.rules)
    plain = {name: ranking.plain_rate(name) for name in names}
    spread = _spread(ranking, [model, *rules], draws, seed)
    blank = np.full(1, np.nan)
    rows = []
    for name in names:
        interval = bootstrap.percentile_interval(spread.get(name, blank))
        found = bootstrap.DifferenceInterval(plain[name], *interval)
        rows.append(RankingMetric(metric, name, ranking.n, found))
    for rule in rules:
        ratio = float(bootstrap.safe_ratio(plain[model], plain[rule]))
        # A draw without any case has no ratio.
        drawn = bootstrap.safe_ratio(spread[model], spread[rule])
        p = two_sided_p_value(ratio - 1, drawn[np.isfinite(drawn)])
        found = bootstrap.DifferenceInterval(ratio, *bootstrap.percentile_interval(drawn), p)
        rows.append(RankingMetric(metric, f"{model} / {rule}", ranking.n, found))
    return rows


def _spread(
    ranking: _Ranking, names: Sequence[str], draws: int, seed: int
) -> dict[str, FloatArray]:
    members, size = bootstrap.number_customers([field.who for field in ranking.fields])
    edges = np.cumsum([len(field.gain) for field in ranking.fields])[:-1]
    places = np.split(members, edges)
    drawn: dict[str, list[FloatArray]] = {name: [] for name in names}
    for weights in bootstrap.draw_weights(np.random.default_rng(seed), draws, size):
        each = [weights[:, place] for place in places]
        for name in names:
            drawn[name].append(ranking.rates(name, each))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def _captured(
    score: FloatArray, improvement: FloatArray, weight: FloatArray, share: float
) -> FloatArray:
    """Return the gain captured, customers taken, total gain and all customers."""
    if not len(score):
        return np.zeros((4, len(weight)))
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    drawn = weight[:, order]
    weighted_gain = drawn * improvement[order]
    counts = np.add.reduceat(drawn, starts, axis=1)
    gains = np.add.reduceat(weighted_gain, starts, axis=1)
    size = counts.sum(axis=1)
    before = np.cumsum(counts, axis=1) - counts
    room = share * size[:, None] - before
    part = np.clip(room / np.maximum(counts, 1e-12), 0, 1)
    return np.stack([(part * gains).sum(axis=1), share * size, gains.sum(axis=1), size])
