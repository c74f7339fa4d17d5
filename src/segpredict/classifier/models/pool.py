"""Pool BG/NBD and the Markov chain: a weighted sum of their log-probabilities.

The starting point of the boosted trees, which learn what the pool leaves to explain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import softmax

from segpredict.classifier import metrics
from segpredict.classifier.models import seasonality
from segpredict.classifier.models.baselines import bgnbd_gg, markov
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.baselines.markov import MarkovChain
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import HISTORY_COLUMNS, TrainingData
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import SupportError

EVEN_WEIGHT = 0.5
# Windows that the even weights count for: evidence of two windows moves them half the way.
PRIOR_WINDOWS = 2.0
# Training origins with a year behind them on which a season must prove itself.
MIN_SEASON_ORIGINS = 2


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
        total = self.markov_weight * log_probabilities(self.markov_chain.predict_proba(customers))
        if self.purchase_model is not None:
            bought = log_probabilities(self.purchase_model.predict_proba(customers))
            total = total + self.purchase_weight * bought
        return np.asarray(total, dtype=np.float64)

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


def log_probabilities(probabilities: FloatArray) -> FloatArray:
    """Return logarithms, of 10⁻¹² at least."""
    return np.asarray(np.log(np.maximum(probabilities, metrics.MIN_PROBABILITY)), np.float64)


def fit(training_data: TrainingData) -> tuple[LogLinearPool, FloatArray, str]:
    """Return the pool, its log-odds on the training rows, and a note on the season.

    BG/NBD sees no label and the Markov chain counts a few cells, so the training outcomes are an
    honest test of both. The weights are those of maximum likelihood, shrunk towards even weights by
    the number of disjoint outcome windows behind them (`PRIOR_WINDOWS`). A shop without two
    customers who came back has no BG/NBD.
    """
    rows = training_data.rows
    chain = markov.fit(training_data)
    of_chain = log_probabilities(chain.predict_proba(rows))
    bought, of_purchases, note = _purchase_model(training_data)
    if bought is None or of_purchases is None:
        return LogLinearPool(None, chain, 0.0, 1.0), of_chain, note
    weights = pool_weights((of_purchases, of_chain), training_data.labels, _windows(training_data))
    pool = LogLinearPool(bought, chain, *weights)
    return pool, weights[0] * of_purchases + weights[1] * of_chain, note


def pool_weights(
    members: tuple[FloatArray, FloatArray], labels: IntArray, windows: float
) -> tuple[float, float]:
    """Return the weight of each member's log-probabilities.

    >>> sure, even = np.log([[0.8, 0.2], [0.2, 0.8]] * 50), np.log(np.full((100, 2), 0.5))
    >>> labels = np.array([0] * 40 + [1] * 60)
    >>> one, _ = pool_weights((sure, even), labels, windows=2.0)
    >>> round(one, 2)
    0.25
    """
    cube = np.stack(members)
    happened = np.eye(cube.shape[2])[labels]

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        probabilities = softmax(np.tensordot(weights, cube, 1), axis=1)
        slope = ((probabilities - happened)[None] * cube).sum(axis=(1, 2)) / len(labels)
        return metrics.log_loss(probabilities, labels), slope

    even = np.full(len(members), EVEN_WEIGHT)
    likeliest = minimize(loss, even, jac=True, method="L-BFGS-B").x
    one, other = (windows * likeliest + PRIOR_WINDOWS * even) / (windows + PRIOR_WINDOWS)
    return float(one), float(other)


def _windows(training_data: TrainingData) -> float:
    """Return how many disjoint outcome windows the training origins span."""
    days = training_data.rows["cutoff"]
    if training_data.history is None:
        return 1.0
    span = int(days.max()) - int(days.min())  # type: ignore[arg-type]
    return 1.0 + span / training_data.history.days_to_complete


def _purchase_model(
    training_data: TrainingData,
) -> tuple[BgNbdGammaGamma | None, FloatArray | None, str]:
    """Return BG/NBD, its log-probabilities on the training rows, and a note."""
    history, rows = training_data.history, training_data.rows
    if history is None or not set(HISTORY_COLUMNS) <= set(rows.columns):
        return None, None, ""
    try:
        plain = bgnbd_gg.fit(training_data)
    except SupportError as problem:
        return None, None, f"BG/NBD takes no part: {problem.message}"
    steady = log_probabilities(plain.predict_proba(rows))
    origins = rows["cutoff"].unique().sort().to_list()
    indices = seasonality.seasonal_indices(plain.order_model, history, [*origins, history.cutoff])
    today = indices.pop(history.cutoff, None)
    day = as_date(history.cutoff)
    if today is None or len(indices) < MIN_SEASON_ORIGINS:
        return plain, steady, f"No season is known on {day}: too little history."
    seasonal, gain, error = _with_season(plain, training_data, steady, indices)
    evidence = f"at {len(indices)} origins before {day}: {gain:+.4f} nats, standard error "
    if gain <= error:
        return plain, steady, f"Last year's season does not help {evidence}{error:.4f}."
    busy = today.mean_index(history.cutoff + history.gap, history.horizon)
    note = (
        f"The season helps {evidence}{error:.4f}: a day of the forecast counts for {busy:.2f} "
        "average days, as a year before."
    )
    return replace(plain, seasonal_index=today), seasonal, note


def _with_season(
    plain: BgNbdGammaGamma,
    training_data: TrainingData,
    steady: FloatArray,
    indices: Mapping[int, seasonality.SeasonalIndex],
) -> tuple[FloatArray, float, float]:
    """Return log-probabilities with each origin's season, the mean gain and its standard error."""
    assert training_data.history is not None
    rows, past = training_data.rows, training_data.history
    cutoffs, found = rows["cutoff"].to_numpy(), steady.copy()
    for day, index in indices.items():
        busy = index.mean_index(day + past.gap, past.horizon)
        places = np.flatnonzero(cutoffs == day)
        then = replace(plain, index_ahead=busy).predict_proba(rows[places])
        found[places] = log_probabilities(then)
    tested = np.flatnonzero(np.isin(cutoffs, list(indices)))
    labels = training_data.labels[tested]
    gains = found[tested, labels] - steady[tested, labels]
    customers = rows["customer_id"].gather(tested)
    error = metrics.clustered_standard_error(gains, customers)
    return found, float(gains.mean()), float(error)
