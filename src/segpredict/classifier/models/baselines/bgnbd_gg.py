"""Forecast with BG/NBD and Gamma-Gamma: who is still active, order counts, and spend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline
from segpredict.classifier.models.baselines._segment_borders import (
    SegmentBorders,
    find_segment_borders,
)
from segpredict.classifier.models.btyd import BgNbd, GammaGamma, fit_bgnbd, fit_gamma_gamma
from segpredict.classifier.models.seasonality import SeasonalIndex
from segpredict.classifier.training_data import (
    HISTORY_COLUMNS,
    TrainingData,
    feature_matrix,
    normalised,
)
from segpredict.core.arrays import FloatArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.types import JSON
from segpredict.errors import ColumnMissingError, SegpredictError, SupportError

MIN_PROBABILITY = 1e-6  # the probability of segments that the model rules out
CUSTOMERS_PER_CHUNK = 50_000  # customers at a time, to bound memory
PROBABILITY_TOLERANCE = 1e-9  # numbers of purchases less likely than this are left out

IndexArray = npt.NDArray[np.intp]
# Places between the borders × 1, 2 … purchase days × rows.
SegmentShares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BgNbdGammaGamma:
    """BG/NBD for purchase days, Gamma-Gamma for spend, borders for segments."""

    order_model: BgNbd  # when customers buy; unit of time: days
    spend_model: GammaGamma  # what a purchase day brings, in currency
    # days of the outcome, and between the cutoff and it
    horizon: int
    gap: int
    borders: SegmentBorders  # for 1, 2 … purchase days, from which spend on a segment begins
    n_classes: int  # number of segments, INACTIVE included
    name: str = "bgnbd_gg"  # the name in the evaluation
    # How busy the weeks of a year are; ``None``: all the same. The baseline has none.
    seasonal_index: SeasonalIndex | None = None
    index_ahead: float = 1.0  # how many days a day of the outcome counts for

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return Σ over purchase days n: P(n) · P(spend of n lies in the segment).

        With a seasonal index, ``cutoff`` is the day from which each row is predicted.
        """
        probabilities = np.empty((customers.height, self.n_classes))
        rows = feature_matrix(customers, HISTORY_COLUMNS).astype(np.float64)
        for places, model in self.group_by_cutoff(customers):
            probabilities[places] = model.probabilities_of_rows(rows[places])
        return probabilities

    def group_by_cutoff(
        self, customers: pl.DataFrame
    ) -> Iterator[tuple[IndexArray, "BgNbdGammaGamma"]]:
        """Yield the rows of each cutoff with the model of that cutoff."""
        places = np.arange(customers.height)
        if self.seasonal_index is None:
            yield places, self
            return
        if "cutoff" not in customers.columns:
            raise ColumnMissingError("cutoff", customers.columns)
        days = customers["cutoff"].to_numpy()
        for day in np.unique(days).tolist():
            yield places[days == day], self.at_cutoff(day)

    def at_cutoff(self, day: int) -> "BgNbdGammaGamma":
        """Return the model for one cutoff (day number)."""
        if self.seasonal_index is None:
            return self
        index = self.seasonal_index.mean_index(day + self.gap, self.horizon)
        return replace(self, seasonal_index=None, index_ahead=index)

    def probabilities_of_rows(self, rows: FloatArray) -> FloatArray:
        """Return the same for rows of `HISTORY_COLUMNS`, without the seasonal index."""
        return self.probabilities_at(rows, [self.index_ahead])[0]

    def probabilities_at(
        self, rows: FloatArray, indices: Sequence[float | FloatArray]
    ) -> list[FloatArray]:
        """Return the same for each of these indices of the days ahead, one for all or one a row."""
        parts = []
        for start in range(0, max(1, len(rows)), CUSTOMERS_PER_CHUNK):
            chunk = slice(start, start + CUSTOMERS_PER_CHUNK)
            ahead = [np.broadcast_to(index, len(rows))[chunk] for index in indices]
            counts = self.counts_at(rows[chunk], ahead)
            shares = self.segment_shares(rows[chunk], counts)
            parts.append([self.spread_over_segments(each, shares) for each in counts])
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    def counts_at(
        self, rows: FloatArray, indices: Sequence[float | FloatArray]
    ) -> list[FloatArray]:
        """Return `count_probabilities` at each of these indices.

        All at once: of few customers, the calls cost more than the numbers.
        """
        ahead = np.concatenate([np.broadcast_to(index, len(rows)) for index in indices])
        several = np.tile(rows, (len(indices), 1))
        return np.split(self.count_probabilities(several, ahead), len(indices))

    def count_probabilities(self, rows: FloatArray, index: float | FloatArray) -> FloatArray:
        """Return the probability of 0, 1, 2 … purchase days; the last column is of all above."""
        horizon, most = self.horizon * index, len(self.borders)
        x, t_x, age = rows.T[:3]
        return self.order_model.order_count_probabilities((x, t_x, age), horizon, most, self.gap)

    def segment_shares(
        self, rows: FloatArray, counts: Sequence[FloatArray] | None = None
    ) -> SegmentShares:
        """Return how likely the spend of n purchase days lies between the borders of n.

        Where `counts` are given, only for rows and numbers that are not too unlikely; 0 elsewhere.
        """
        days, spent = rows.T[3:]
        # Customers who only returned goods have no spend level: the population's is used.
        paid = (days > 0) & (spent > 0)
        bought = np.where(paid, days, 0.0)
        mean = np.where(paid, spent / np.maximum(days, 1), 0.0)
        likely = np.ones((len(rows), len(self.borders)), dtype=bool)
        if counts is not None:
            likely = np.any([each[:, 1:] > PROBABILITY_TOLERANCE for each in counts], axis=0)
        row, number = np.nonzero(likely)
        limits = _border_limits(self.borders)
        shares, below = np.zeros((limits.shape[1], *likely.T.shape)), np.zeros(len(row))
        for place, limit in enumerate(limits[number].T):
            some, upto = np.flatnonzero(np.isfinite(limit)), np.ones(len(row))
            of = row[some]
            upto[some] = self.spend_model.spend_cdf(
                limit[some], number[some] + 1, bought[of], mean[of]
            )
            shares[place, number, row] = upto - below
            below = upto
        return shares

    def spread_over_segments(self, counts: FloatArray, shares: SegmentShares) -> FloatArray:
        """Return the probability of each segment, of rows with these counts and shares."""
        probabilities = np.full((len(counts), self.n_classes), MIN_PROBABILITY)
        probabilities[:, INACTIVE_CODE] += counts[:, 0]
        likely = np.where(counts > PROBABILITY_TOLERANCE, counts, 0.0)
        for n in np.flatnonzero(likely[:, 1:].any(axis=0)).tolist():
            for place, (_, segment) in enumerate(self.borders[n]):
                probabilities[:, segment] += likely[:, n + 1] * shares[place, n]
        return normalised(probabilities)

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON; no border stands for null."""
        return {
            "kind": self.name,
            "order_model": self.order_model.parameters(),
            "spend_model": self.spend_model.parameters(),
            "horizon": self.horizon,
            "gap": self.gap,
            "n_classes": self.n_classes,
            "borders": [
                [[None if np.isinf(limit) else limit, code] for limit, code in places]
                for places in self.borders
            ],
            "seasonal_index": self.seasonal_index and self.seasonal_index.to_state(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "BgNbdGammaGamma":
        """Return the model from its state."""
        season = state["seasonal_index"]
        return cls(
            BgNbd(**state["order_model"]),
            GammaGamma(**state["spend_model"]),
            state["horizon"],
            state["gap"],
            tuple(
                tuple((np.inf if limit is None else limit, c) for limit, c in places)
                for places in state["borders"]
            ),
            state["n_classes"],
            seasonal_index=season and SeasonalIndex.from_state(season),
        )


@lru_cache(maxsize=8)
def _border_limits(borders: SegmentBorders) -> FloatArray:
    """Return the spend up to which each place reaches: purchase days × places, infinite beyond."""
    limits = np.full((len(borders), max(map(len, borders), default=0)), np.inf)
    for number, places in enumerate(borders):
        limits[number, : len(places)] = [limit for limit, _ in places]
    return limits


def fit(training_data: TrainingData) -> BgNbdGammaGamma:
    """Return the two models of all purchases before the cutoff, which see no label.

    A purchase is a day with an order. The usual recipe simulates from the posterior; here the same
    probabilities are summed in closed form. Raises `SupportError` where no customer came back, none
    paid, or the segments depend on more than days and spend.
    """
    past = training_data.history
    if past is None:
        raise SegpredictError(
            "bgnbd_gg was given labelled rows only.",
            fix="give the histories as of the cutoff (`HistoryAtCutoff`).",
        )
    if not past.segmentation.is_by_purchases:
        more = ", ".join(past.segmentation.extra_inputs) or "the shop's own file"
        raise SupportError(
            f"BG/NBD models days and spend only; the segments depend on {more} too.",
            fix="use the clustering inputs fm: --set segmentation.inputs=fm.",
        )
    x, t_x, age, days, spent = (past.customer_histories[n].to_numpy() for n in HISTORY_COLUMNS)
    paid = (days > 0) & (spent > 0)
    return BgNbdGammaGamma(
        fit_bgnbd(x, t_x, age),
        fit_gamma_gamma(days[paid], spent[paid] / days[paid]),
        past.horizon,
        past.gap,
        find_segment_borders(past.segmentation, past.horizon),
        training_data.n_classes,
    )


PART = Baseline(
    "bgnbd_gg",
    "Customers buy at their own pace until they drop out, and spend as before.",
    fit,
    BgNbdGammaGamma.from_state,
    HISTORY_COLUMNS,
)
