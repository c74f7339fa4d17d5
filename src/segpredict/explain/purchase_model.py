"""Shapley values of BG/NBD with Gamma-Gamma over its three inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.pool import indices_of, margin_of, purchase_margin
from segpredict.classifier.training_data import HISTORY_COLUMNS, feature_matrix
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

# The inputs of the model, by the column that gets the contribution: how often the customer
# came back, how long ago that was (together with the age of the customer), and spend of a
# purchase day. Columns of `HISTORY_COLUMNS` by place.
SPEND_PLAYER = "spend_364"
ROWS_AT_ONCE = 20_000  # histories of which counts are computed at once, to bound memory
PLAYER_COLUMNS = {"x_days": (0,), "recency_days": (1, 2), SPEND_PLAYER: (3, 4)}


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseModelExplainer:
    """The purchase model, and the reference customers it is compared with."""

    model: BgNbdGammaGamma  # the fitted model
    reference_rows: FloatArray  # reference customers × `HISTORY_COLUMNS`
    reference_shares: FloatArray  # weight of each reference customer; they sum to one
    weight: float = 1.0  # of the log-probabilities in the pool; 1 where BG/NBD is used alone

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the part of BG/NBD in the log-odds, customers × segments."""
        rows = feature_matrix(customers, HISTORY_COLUMNS).astype(np.float64)
        found = np.zeros((len(rows), self.model.n_classes))
        for places, model in self.model.group_by_cutoff(customers):
            found[places] = purchase_margin(model, rows[places], self.weight)
        return found

    def base_values(self, day: int | None = None) -> FloatArray:
        """Return the mean margin of the reference customers, by segment."""
        model = self.model if day is None else self.model.at_cutoff(day)
        total = np.zeros(model.n_classes)
        margins = purchase_margin(model, self.reference_rows, self.weight)
        for share, margin in zip(self.reference_shares, margins, strict=True):
            total = total + share * margin
        return total

    def shapley_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return the Shapley value of each input, customers × segments × `PLAYER_COLUMNS`.

        A customer's values and `base_values` of the same day sum to the margin: the season
        is the same for all customers and no reason. Exact Shapley values of the three players
        (Shapley 1953): a coalition takes its columns from the customer and the rest from the
        reference customers in turn. Columns of one player are never separated, so that no customer
        is inactive for longer than their age.
        """
        rows = feature_matrix(customers, HISTORY_COLUMNS).astype(np.float64)
        parts = np.zeros((len(rows), self.model.n_classes, len(PLAYER_COLUMNS)))
        for places, model in self.model.group_by_cutoff(customers):
            parts[places] = self._shapley_of_model(model, rows[places])
        return parts

    def _shapley_of_model(self, model: BgNbdGammaGamma, rows: FloatArray) -> FloatArray:
        names = list(PLAYER_COLUMNS)
        n, values = len(names), self._coalition_values(model, rows)
        weights = [factorial(m) * factorial(n - m - 1) / factorial(n) for m in range(n)]
        parts = np.zeros((len(rows), model.n_classes, len(names)))
        for place, name in enumerate(names):
            for team in values:
                if name not in team:
                    joined = tuple(n for n in names if n in {*team, name})
                    gain = values[joined] - values[team]
                    parts[:, :, place] += weights[len(team)] * gain
        return parts

    def _coalition_values(
        self, model: BgNbdGammaGamma, rows: FloatArray
    ) -> dict[tuple[str, ...], FloatArray]:
        """Return the mean log-probabilities of each coalition of players.

        When customers buy, and what they spend, are computed once for all coalitions that share it.
        """
        sizes = range(len(PLAYER_COLUMNS) + 1)
        teams = [team for size in sizes for team in combinations(PLAYER_COLUMNS, size)]
        buyers = [team for team in teams if SPEND_PLAYER not in team]
        values = {team: np.zeros((len(rows), model.n_classes)) for team in teams}
        own_shares = model.segment_shares(rows)
        # As many reference customers at a time as memory allows: of one customer, all of them.
        step = max(1, ROWS_AT_ONCE // (len(buyers) * max(1, len(rows))))
        for first in range(0, len(self.reference_rows), step):
            others = self.reference_rows[first : first + step]
            shape = (len(others), len(buyers), len(rows), model.n_classes)
            joined = [_joined(rows, team, other) for other in others for team in buyers]
            counts = self._counts(model, np.concatenate(joined))
            usual = np.repeat(model.segment_shares(others), len(buyers) * len(rows), axis=2)
            own = np.tile(own_shares, len(joined))
            margins = [
                margin_of([model.spread_over_segments(c, s) for c in counts], self.weight)
                for s in (usual, own)
            ]
            by_usual, by_own = (each.reshape(shape) for each in margins)
            for place, share in enumerate(self.reference_shares[first : first + step]):
                for number, team in enumerate(buyers):
                    values[team] += share * by_usual[place, number]
                    values[(*team, SPEND_PLAYER)] += share * by_own[place, number]
        return values

    def _counts(self, model: BgNbdGammaGamma, rows: FloatArray) -> list[FloatArray]:
        return model.counts_at(rows, indices_of(model, self.weight))

    def to_state(self) -> JSON:
        """Return the reference customers as JSON."""
        rows, shares = self.reference_rows.tolist(), self.reference_shares.tolist()
        return {"reference_rows": rows, "reference_shares": shares}


def _joined(rows: FloatArray, team: Sequence[str], other: FloatArray) -> FloatArray:
    """Return the coalition's columns from the customers, all others from a reference customer."""
    joined = np.tile(other, (len(rows), 1))
    own = [place for name in team for place in PLAYER_COLUMNS[name]]
    joined[:, own] = rows[:, own]
    return joined


def reference_customers(customers: pl.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return one typical customer of each current segment, and the segments' shares.

    The customer whose ranks lie nearest to the median ranks of the segment: a real customer, which
    a row of medians may not be.
    """
    ordered = customers.sort("customer_id")
    ranks = ordered.select(
        pl.col(name).rank().fill_null(0.0) / ordered.height for name in HISTORY_COLUMNS
    ).to_numpy()
    states = ordered["state_now"].to_numpy()
    chosen, shares = [], []
    for state in np.unique(states):
        inside = np.flatnonzero(states == state)
        median = np.median(ranks[inside], axis=0)
        far = np.abs(ranks[inside] - median).sum(axis=1)
        chosen.append(int(inside[far.argmin()]))
        shares.append(len(inside) / len(states))
    rows = feature_matrix(ordered[chosen], HISTORY_COLUMNS).astype(np.float64)
    return rows, np.array(shares)
