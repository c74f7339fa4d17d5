"""Pool BG/NBD and the Markov chain: a weighted sum of their log-probabilities.

The starting point of the boosted trees, which learn what the pool leaves to explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import softmax

from segpredict.classifier import metrics
from segpredict.classifier.models import seasonality
from segpredict.classifier.models.baselines import bgnbd_gg, markov
from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.baselines.markov import MarkovChain
from segpredict.classifier.models.seasonality import SeasonalIndex
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import (
    HISTORY_COLUMNS,
    HistoryAtCutoff,
    TrainingData,
    feature_matrix,
    normalised,
)
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.text import count_of
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import SupportError

EVEN_WEIGHT = 0.5
# Windows that the usual weights count for: evidence of two windows moves them half the way.
PRIOR_WINDOWS = 2.0
# Origins that prove a season of other weeks. The season of a single one is used for its own rows
# only: the error over its customers does not know other weeks.
MIN_SEASON_ORIGINS = 2
MAX_LEVEL = 2.0  # log-odds by which a level shifts the pool, at most
# The chain holds no segment for less than this many times as likely as it is in all: a move that
# the few windows behind a shop did not show may still come (docs/decisions/experiments.md).
MIN_RELATIVE_PROBABILITY = 0.1


@dataclass(frozen=True, slots=True)
class LogLinearPool(StoredState):
    """A weighted sum of the log-probabilities of two forecasts."""

    # BG/NBD with Gamma-Gamma; ``None`` where the data cannot support it
    purchase_model: BgNbdGammaGamma | None
    markov_chain: MarkovChain
    purchase_weight: float  # of the log-probabilities of BG/NBD
    markov_weight: float  # of those of the Markov chain

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the log-odds of each segment, up to a constant for each customer."""
        total = self.markov_weight * metrics.log_probabilities(
            self.markov_chain.predict_proba(customers)
        )
        if self.purchase_model is not None:
            rows = feature_matrix(customers, HISTORY_COLUMNS).astype(np.float64)
            for places, model in self.purchase_model.group_by_cutoff(customers):
                total[places] += purchase_margin(model, rows[places], self.purchase_weight)
        return np.asarray(total, dtype=np.float64)

    def scaled(self, share: float) -> "LogLinearPool":
        """Return the pool with its weights times a share; the season keeps its full weight."""
        purchase, chain = share * self.purchase_weight, share * self.markov_weight
        return replace(self, purchase_weight=purchase, markov_weight=chain)

    @classmethod
    def from_state(cls, state: JSON) -> "LogLinearPool":
        """Return the pool that gave a state."""
        bought = state["purchase_model"]
        return cls(
            bought and BgNbdGammaGamma.from_state(bought),
            MarkovChain.from_state(state["markov_chain"]),
            state["purchase_weight"],
            state["markov_weight"],
        )


def purchase_margin(model: BgNbdGammaGamma, rows: FloatArray, weight: float) -> FloatArray:
    """Return the weighted log-probabilities of BG/NBD, with its season at full weight.

    Parameters
    ----------
    model
        The model of one cutoff (`BgNbdGammaGamma.at_cutoff`).
    rows
        Rows of `HISTORY_COLUMNS`.
    weight
        The weight w of BG/NBD in the pool.

    Notes
    -----
    The season of a shop is the same for all members of the pool, and only BG/NBD knows it. So what
    it changes in the log-probabilities of BG/NBD, s, counts whole: w·l + s, with l without season.
    """
    return margin_of(model.probabilities_at(rows, indices_of(model, weight)), weight)


def indices_of(model: BgNbdGammaGamma, weight: float) -> list[float]:
    """Return the indices of the days ahead that a margin needs: with season, and without it."""
    is_plain = weight == 1.0 or model.index_ahead == 1.0
    return [model.index_ahead] if is_plain else [model.index_ahead, 1.0]


def margin_of(probabilities: Sequence[FloatArray], weight: float) -> FloatArray:
    """Return the margin of the probabilities at `indices_of`."""
    busy, *steady = map(metrics.log_probabilities, probabilities)
    return (weight - 1.0) * steady[0] + busy if steady else weight * busy


@dataclass(frozen=True, slots=True)
class FittedPool:
    """A pool with what it says of its training rows."""

    pool: LogLinearPool
    margin: FloatArray  # log-odds of the rows, season included
    season: FloatArray | float  # what the season adds to them
    windows: float  # disjoint outcome windows that the training origins span
    note: str = ""  # a note on season and members for the reader


def fit(training_data: TrainingData) -> FittedPool:
    """Return the pool, with its log-odds on the training rows.

    BG/NBD sees no label and the Markov chain counts a few cells, so the training outcomes are an
    honest test of both. The weights are those of maximum likelihood, shrunk towards even weights by
    the number of disjoint outcome windows behind them (`PRIOR_WINDOWS`). A shop without two
    customers who came back has no BG/NBD.
    """
    rows, history = training_data.rows, training_data.history
    chain = _without_zeros(markov.fit(training_data), training_data)
    of_chain = metrics.log_probabilities(chain.predict_proba(rows))
    alone = LogLinearPool(None, chain, 0.0, 1.0)
    windows = 0.0 if history is None else _windows(rows, history)
    if history is None or not set(HISTORY_COLUMNS) <= set(rows.columns):
        return FittedPool(alone, of_chain, 0.0, windows)
    try:
        plain = bgnbd_gg.fit(training_data)
    except SupportError as problem:
        note = f"BG/NBD takes no part: {problem.message}"
        return FittedPool(alone, of_chain, 0.0, windows, note)
    season = _season(plain, training_data)
    members = season.steady, of_chain
    weights = pool_weights(members, training_data.labels, windows)
    margin = weights[0] * members[0] + weights[1] * members[1]
    is_proven, note = _prove(season, training_data, margin)
    if is_proven:
        weights = pool_weights(members, training_data.labels, windows, season.shift)
        margin = weights[0] * members[0] + weights[1] * members[1] + season.shift
    is_forecast = is_proven and len(season.origins) >= MIN_SEASON_ORIGINS
    bought = replace(plain, seasonal_index=season.today if is_forecast else None)
    shift = season.shift if is_proven else 0.0
    return FittedPool(LogLinearPool(bought, chain, *weights), margin, shift, windows, note)


def _without_zeros(chain: MarkovChain, training_data: TrainingData) -> MarkovChain:
    """Return the chain with every probability at a tenth of the segment's share or above."""
    shares = smoothed_shares(training_data.labels, training_data.n_classes)
    raised = np.maximum(chain.transition_matrix, MIN_RELATIVE_PROBABILITY * shares)
    return replace(chain, transition_matrix=tuple(map(tuple, normalised(raised).tolist())))


def pool_weights(
    members: tuple[FloatArray, FloatArray],
    labels: IntArray,
    windows: float,
    shift: FloatArray | float = 0.0,
) -> tuple[float, float]:
    """Return the weight of each member's log-probabilities, beside a shift that is given.

    >>> sure, even = np.log([[0.8, 0.2], [0.2, 0.8]] * 50), np.log(np.full((100, 2), 0.5))
    >>> labels = np.array([0] * 40 + [1] * 60)
    >>> one, _ = pool_weights((sure, even), labels, windows=2.0)
    >>> round(one, 2)
    0.25
    """
    from scipy.optimize import minimize

    cube = np.stack(members)
    happened = np.eye(cube.shape[2])[labels]

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        probabilities = softmax(np.tensordot(weights, cube, 1) + shift, axis=1)
        slope = ((probabilities - happened)[None] * cube).sum(axis=(1, 2)) / len(labels)
        return metrics.log_loss(probabilities, labels), slope

    even = np.full(len(members), EVEN_WEIGHT)
    likeliest = minimize(loss, even, jac=True, method="L-BFGS-B").x
    one, other = (shrink(best, EVEN_WEIGHT, windows) for best in likeliest)
    return one, other


def shrink(best: float, usual: float, windows: float) -> float:
    """Return a weight that evidence of so many windows moves from the usual one to the best.

    >>> shrink(1.0, 0.5, PRIOR_WINDOWS)
    0.75
    """
    return float((windows * best + PRIOR_WINDOWS * usual) / (windows + PRIOR_WINDOWS))


def _windows(rows: pl.DataFrame, history: HistoryAtCutoff) -> float:
    """Return how many disjoint outcome windows the training origins span."""
    days = rows["cutoff"].to_numpy()
    return 1.0 + float(days.max() - days.min()) / history.days_to_complete


@dataclass(frozen=True, slots=True)
class _Season:
    """The season of a shop on the day of the forecast, and at earlier origins."""

    today: SeasonalIndex | None
    origins: Sequence[int]  # the origins that had a year behind them
    steady: FloatArray  # log-probabilities of BG/NBD on the training rows without season
    shift: FloatArray  # what the season adds to them; 0 at other origins


def _season(plain: BgNbdGammaGamma, training_data: TrainingData) -> _Season:
    history, rows = training_data.history, training_data.rows
    assert history is not None
    origins = rows["cutoff"].unique().sort().to_list()
    indices = seasonality.seasonal_indices(plain.order_model, history, [*origins, history.cutoff])
    today = indices.pop(history.cutoff, None)
    cells = feature_matrix(rows, HISTORY_COLUMNS).astype(np.float64)
    if today is None:
        steady = metrics.log_probabilities(plain.probabilities_of_rows(cells))
        return _Season(None, (), steady, np.zeros_like(steady))
    cutoffs, busy = rows["cutoff"].to_numpy(), np.ones(rows.height)
    for origin, index in indices.items():
        busy[cutoffs == origin] = index.mean_index(origin + history.gap, history.horizon)
    steady, then = (
        metrics.log_probabilities(p) for p in plain.probabilities_at(cells, [1.0, busy])
    )
    return _Season(today, tuple(indices), steady, then - steady)


def _prove(season: _Season, training_data: TrainingData, margin: FloatArray) -> tuple[bool, str]:
    """Return whether the season improves the pool where a year lay behind it, and a note.

    By more than one standard error over customers. Either side first gets the one level that suits
    these origins best: a pool that is too low all year round proves no season, and hides none.
    """
    history, rows, today = training_data.history, training_data.rows, season.today
    assert history is not None
    day = as_date(history.cutoff)
    if today is None or not season.origins:
        return False, f"No season is known on {day}: too little history."
    tested = np.flatnonzero(np.isin(rows["cutoff"].to_numpy(), season.origins))
    labels = training_data.labels[tested]
    before, after = (
        _losses_at_best_level(each[tested], labels) for each in (margin, margin + season.shift)
    )
    error = metrics.clustered_standard_error(before - after, rows["customer_id"].gather(tested))
    gain = float((before - after).mean())
    origins = count_of(len(season.origins), "origin")
    evidence = f"at {origins} before {day}: {gain:+.4f} nats, standard error "
    if gain <= error:
        return False, f"Last year's season does not help {evidence}{error:.4f}."
    if len(season.origins) < MIN_SEASON_ORIGINS:
        return True, f"The season is not forecast: it helps {evidence}{error:.4f}, and no other."
    busy = today.mean_index(history.cutoff + history.gap, history.horizon)
    return True, (
        f"The season helps {evidence}{error:.4f}: a day of the forecast counts for {busy:.2f} "
        "average days, as a year before."
    )


def _losses_at_best_level(margin: FloatArray, labels: IntArray) -> FloatArray:
    """Return each row's loss with the one level that is best for all."""
    return metrics.row_log_loss(
        softmax(at_level(margin, best_level(margin, labels)), axis=1), labels
    )


def best_level(margin: FloatArray, labels: IntArray) -> float:
    """Return the shift of the log-odds of INACTIVE with the least log-loss on these rows.

    >>> even = np.zeros((4, 2))
    >>> round(best_level(even, np.array([0, 0, 0, 1])), 2)  # the logarithm of three
    1.1
    """
    from scipy.optimize import minimize_scalar

    def loss(level: float) -> float:
        return metrics.log_loss(softmax(at_level(margin, level), axis=1), labels)

    return float(minimize_scalar(loss, bounds=(-MAX_LEVEL, MAX_LEVEL), method="bounded").x)


def at_level(margin: FloatArray, level: float) -> FloatArray:
    """Return log-odds with those of INACTIVE shifted."""
    shifted = margin.copy()
    shifted[:, INACTIVE_CODE] += level
    return shifted
