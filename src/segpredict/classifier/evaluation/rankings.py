"""Measure rankings of customers: lift, and the share of all cases captured by the top share.

The model is compared with rules that need no model: longest inactivity, largest spend. Revenue at
risk is ranked by the value model, which is fitted later: `customer_value` measures that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import Backtest
from segpredict.classifier.evaluation.significance import two_sided_p_value
from segpredict.core.arrays import BoolArray, FloatArray, IndexArray
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
        together = [np.zeros(len(field.gain), np.intp) for field in self.fields]
        return float(self.rates(name, together, [np.ones((1, 1))])[0])

    def rates(
        self, name: str, members: Sequence[IndexArray], draws: Iterable[FloatArray]
    ) -> FloatArray:
        """Return lift or capture by draw.

        * `members`: the number of each row's customer, by field.
        * `draws`: how often each customer is drawn, draws × customers, some draws at a time.
        """
        tables = [
            _score_tables(field.scores[name], field.gain, who)
            for field, who in zip(self.fields, members, strict=True)
        ]
        found = []
        for weights in draws:
            parts = [_captured(*table, weights, self.share) for table in tables]
            captured, taken, gain, size = np.sum(parts, axis=0)
            rate = bootstrap.safe_ratio(captured, gain)
            found.append(rate * bootstrap.safe_ratio(size, taken) if self.kind == LIFT else rate)
        return np.concatenate(found)


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
    drawn = bootstrap.shared_weights(seed, draws, size)
    return {name: ranking.rates(name, places, drawn) for name in names}


def _score_tables(
    score: FloatArray, gain: FloatArray, members: IndexArray
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return rows and gains by score, the highest first, and customer."""
    _, places = np.unique(-score, return_inverse=True)
    shape = int(places.max(initial=-1)) + 1, int(members.max(initial=0)) + 1
    tables = [sparse.coo_array((part, (places, members)), shape) for part in (gain * 0 + 1, gain)]
    return tables[0].tocsr(), tables[1].tocsr()


def _captured(
    rows: sparse.csr_array, gains: sparse.csr_array, weights: FloatArray, share: float
) -> FloatArray:
    """Return the gain captured, rows taken, total gain and all rows, by draw."""
    if not rows.shape[0]:
        return np.zeros((4, len(weights)))
    own = weights[:, : rows.shape[1]].T
    size, gain = rows.sum(axis=0) @ own, gains.sum(axis=0) @ own
    taken = share * size
    # Twice the share is far below the edge of a draw: what stands lower is not looked at.
    places = rows.sum(axis=1).cumsum()
    top = int(np.searchsorted(places, min(2 * share, 1.0) * places[-1])) + 1
    counts = rows[:top] @ own
    if (counts.sum(axis=0) < taken).any():
        top, counts = rows.shape[0], rows @ own
    room = taken - (np.cumsum(counts, axis=0) - counts)
    part = np.clip(room / np.maximum(counts, 1e-12), 0, 1)
    won = gains[:top] @ own
    return np.stack([(part * won).sum(axis=0), taken, gain, size])
