"""A forecast as a sum: the contribution of each column to the log-odds of each segment."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.baselines.markov import MarkovChain
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.models.pool import at_level
from segpredict.classifier.models.xgboost import XgboostModel, margin_probabilities
from segpredict.classifier.training_data import (
    HISTORY_COLUMNS,
    Forecaster,
    feature_matrix,
    segment_codes,
)
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.types import JSON
from segpredict.errors import ColumnMissingError, MismatchError
from segpredict.explain.purchase_model import (
    PLAYER_COLUMNS,
    PurchaseModelExplainer,
    reference_customers,
)

CUSTOMERS_PER_CHUNK = 2_000  # customers at a time, to bound memory
STATE_COLUMN = "state_now"  # the column that the contributions of the Markov chain go to


@dataclass(frozen=True, slots=True, eq=False)
class MarkovExplainer:
    """The Markov chain of a pool, and the shop it is compared with."""

    chain: MarkovChain
    weight: float  # of its log-probabilities
    state_shares: tuple[float, ...]  # share of customers in each current segment

    @property
    def _margins(self) -> FloatArray:
        return self.weight * metrics.log_probabilities(np.array(self.chain.transition_matrix))

    def base_values(self) -> FloatArray:
        """Return the mean margin of the shop, by segment."""
        return np.asarray((np.array(self.state_shares)[:, None] * self._margins).sum(axis=0))

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the margin of each customer's current segment."""
        return np.asarray(self._margins[segment_codes(customers, STATE_COLUMN)])


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveModel:
    """The ensemble, or one of its parts, as a sum of log-odds.

    The log-odds of the ensemble are a sum, so its Shapley values are those of its parts, added up.
    The part of BG/NBD is assigned to the columns of `PLAYER_COLUMNS`, that of the Markov chain to
    the current segment.
    """

    # the boosted trees; ``None`` where BG/NBD is used alone
    xgboost_model: XgboostModel | None
    # BG/NBD with its reference; ``None`` where it takes no part
    purchase_model: PurchaseModelExplainer | None = None
    markov_chain: MarkovExplainer | None = None  # ``None`` where it takes no part
    level: float = 0.0  # of the ensemble, in the log-odds of INACTIVE: the same for all customers
    note: str = ""  # a note where this is not exactly the selected model
    # the selected model, where this is not exactly it: its forecast is the one to explain
    selected_model: Forecaster | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that contributions are given for."""
        more = () if self.purchase_model is None else tuple(PLAYER_COLUMNS)
        state = () if self.markov_chain is None else (STATE_COLUMN,)
        return tuple(dict.fromkeys((*self._tree_columns, *more, *state)))

    @property
    def _tree_columns(self) -> tuple[str, ...]:
        return () if self.xgboost_model is None else self.xgboost_model.feature_names

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which no customer can be explained."""
        known = tuple(HISTORY_COLUMNS) if self.xgboost_model is None else self._tree_columns
        bought = self.purchase_model
        dated = bought is not None and bought.model.seasonal_index is not None
        return (*known, "cutoff") if dated and "cutoff" not in known else known

    @property
    def n_classes(self) -> int:
        """Number of segments, INACTIVE included."""
        if self.xgboost_model is not None:
            return self.xgboost_model.n_classes
        assert self.purchase_model is not None
        return self.purchase_model.model.n_classes

    def base_values(self, day: int | None = None) -> FloatArray:
        """Return the margin of each segment without any feature of a customer.

        `day`: Cutoff (day number) of the forecast; ``None``: without a season.
        """
        return _base_values(self, day)

    def _base_values(self, day: int | None) -> FloatArray:
        total = np.zeros(self.n_classes)
        if self.xgboost_model is not None:
            schema = dict.fromkeys(self._tree_columns, pl.Float32)
            blank = pl.DataFrame({name: [None] for name in schema}, schema=schema)
            total = total + self.xgboost_model.shap_values(blank)[0, :, -1]
        if self.purchase_model is not None:
            total = total + self.purchase_model.base_values(day)
        if self.markov_chain is not None:
            total = total + self.markov_chain.base_values()
        total[INACTIVE_CODE] += self.level
        return total

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the log-odds, up to a constant for each customer."""
        total = np.zeros((customers.height, self.n_classes))
        if not customers.height:
            return total
        if self.xgboost_model is not None:
            total = total + self.xgboost_model.predict_margin(customers)
        if self.purchase_model is not None:
            total = total + self.purchase_model.predict_margin(customers)
        if self.markov_chain is not None:
            total = total + self.markov_chain.predict_margin(customers)
        return at_level(total, self.level)

    def part_with(self, column: str) -> "AdditiveModel":
        """Return the part that a column can move: without BG/NBD where it does not read it."""
        is_read = column in {*PLAYER_COLUMNS, *HISTORY_COLUMNS}
        is_whole = is_read or self.purchase_model is None or self.xgboost_model is None
        return self if is_whole else replace(self, purchase_model=None)

    def moved_margins(
        self,
        customers: pl.DataFrame,
        moves: Mapping[str, IntArray],
        references: Mapping[str, float | None],
    ) -> dict[str, FloatArray]:
        """Return what moving a column to its reference takes off the log-odds of some customers.

        `moves` are the customers (rows) by column. Columns of the purchase model that a column
        stands for move with it. All moves are predicted together.
        """
        found = {}
        by_part = {column: self.part_with(column) is self for column in moves}
        for is_whole in {*by_part.values()}:
            own = [column for column, whole in by_part.items() if whole == is_whole]
            part = self if is_whole else replace(self, purchase_model=None)
            rows = [np.arange(customers.height), *(moves[column] for column in own)]
            ends = np.cumsum([len(each) for each in rows])
            spans = dict(zip(own, map(slice, ends[:-1], ends[1:]), strict=True))
            frame = self._at_references(customers[np.concatenate(rows)], spans, references)
            margins = part.predict_margin(frame)
            for column, span in spans.items():
                found[column] = margins[moves[column]] - margins[span]
        return found

    def _at_references(
        self,
        customers: pl.DataFrame,
        spans: Mapping[str, slice],
        references: Mapping[str, float | None],
    ) -> pl.DataFrame:
        """Return customers with each column at its reference in its span of rows."""
        there, changed = {*customers.columns}, dict[str, FloatArray]()
        for column, span in spans.items():
            places = () if self.purchase_model is None else PLAYER_COLUMNS.get(column, ())
            for name in {column, *(HISTORY_COLUMNS[place] for place in places)} & there:
                if name not in changed:
                    changed[name] = customers[name].to_numpy().astype(np.float64)
                reference = references.get(name)
                changed[name][span] = np.nan if reference is None else reference
        return customers.with_columns(pl.Series(name, changed[name]) for name in sorted(changed))

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the probability of each segment, as it is scored."""
        if self.selected_model is not None:
            return self.selected_model.predict_proba(customers)
        return margin_probabilities(self.predict_margin(customers))

    def feature_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return the feature values of the contributions; unknown ones are NaN."""
        present = [n for n in self.feature_names if n in customers.columns]
        cells = dict(zip(present, feature_matrix(customers, present).T, strict=True))
        missing = np.full(customers.height, np.nan, np.float32)
        return np.column_stack([cells.get(n, missing) for n in self.feature_names])

    def shap_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return contributions of columns, customers × segments × `feature_names`.

        A row and `base_values` of its day sum to `predict_margin`.
        """
        found = np.zeros((customers.height, self.n_classes, len(self.feature_names)))
        if not customers.height:
            return found
        if self.xgboost_model is not None:
            trees = self.xgboost_model.shap_values(customers)[:, :, :-1]
            found[:, :, : len(self._tree_columns)] = trees
        if self.purchase_model is not None:
            parts = self.purchase_model.shapley_values(customers)
            for place, name in enumerate(PLAYER_COLUMNS):
                found[:, :, self.feature_names.index(name)] += parts[:, :, place]
        if self.markov_chain is not None:
            chain = self.markov_chain
            more = chain.predict_margin(customers) - chain.base_values()
            found[:, :, self.feature_names.index(STATE_COLUMN)] += more
        return found

    def shap_chunks(
        self, customers: pl.DataFrame, rows: int = CUSTOMERS_PER_CHUNK, threads: int = 1
    ) -> Iterator[tuple[pl.DataFrame, FloatArray]]:
        """Yield customers with their contributions, in chunks, in their order."""
        starts = range(0, customers.height, rows)
        with ThreadPoolExecutor(threads) as pool:
            for place in range(0, len(starts), threads):
                some = [customers.slice(s, rows) for s in starts[place:][:threads]]
                yield from zip(some, pool.map(self.shap_values, some), strict=True)

    def to_state(self) -> JSON:
        """Return what `additive_model_from_state` needs in addition to the model, as JSON."""
        return {
            "purchase_model": self.purchase_model and self.purchase_model.to_state(),
            "state_shares": self.markov_chain and list(self.markov_chain.state_shares),
        }


@lru_cache(maxsize=32)  # equal for all customers of a day
def _base_values(model: AdditiveModel, day: int | None) -> FloatArray:
    found = model._base_values(day)
    found.flags.writeable = False
    return found


def additive_model(
    forecaster: Forecaster, ensemble: EnsembleModel | None, customers: pl.DataFrame
) -> AdditiveModel:
    """Return the selected model as a sum of contributions.

    `customers`: one row a customer with ``state_now`` and the columns; the reference for BG/NBD and
    the Markov chain is taken from them. `ensemble` is explained where the selected model has no
    contributions.
    """
    blank = _without_reference(forecaster, ensemble)
    bought, chain = blank.purchase_model, blank.markov_chain
    if bought is not None:
        missing = [name for name in HISTORY_COLUMNS if name not in customers.columns]
        if missing:
            raise ColumnMissingError(missing[0], customers.columns)
        reference = reference_customers(customers)
        bought = replace(bought, reference_rows=reference[0], reference_shares=reference[1])
    if chain is not None:
        counts = np.bincount(segment_codes(customers, STATE_COLUMN), minlength=blank.n_classes)
        shares = tuple((counts / max(1, counts.sum())).tolist())
        chain = replace(chain, state_shares=shares)
    return replace(blank, purchase_model=bought, markov_chain=chain)


def additive_model_from_state(
    forecaster: Forecaster, ensemble: EnsembleModel, state: JSON
) -> AdditiveModel:
    """Return the additive model from its state."""
    blank = _without_reference(forecaster, ensemble)
    bought, chain = blank.purchase_model, blank.markov_chain
    if bought is not None:
        known = state["purchase_model"]
        rows, shares = np.array(known["reference_rows"]), np.array(known["reference_shares"])
        bought = replace(bought, reference_rows=rows, reference_shares=shares)
    if chain is not None:
        chain = replace(chain, state_shares=tuple(state["state_shares"]))
    return replace(blank, purchase_model=bought, markov_chain=chain)


def _without_reference(forecaster: Forecaster, ensemble: EnsembleModel | None) -> AdditiveModel:
    """Return the additive model, with no customers yet that it is compared with."""
    explained, note = _explained_model(forecaster, ensemble)
    selected = forecaster if note else None
    empty = np.zeros((0, len(HISTORY_COLUMNS))), np.zeros(0)
    if isinstance(explained, XgboostModel):
        return AdditiveModel(explained, note=note, selected_model=selected)
    if isinstance(explained, BgNbdGammaGamma):
        bought = PurchaseModelExplainer(explained, *empty)
        return AdditiveModel(None, bought, note=note, selected_model=selected)
    pool = explained.pool
    known = pool.purchase_model
    return AdditiveModel(
        explained.xgboost_model,
        None if known is None else PurchaseModelExplainer(known, *empty, pool.purchase_weight),
        MarkovExplainer(pool.markov_chain, pool.markov_weight, ()),
        explained.level,
        note,
        selected,
    )


def _explained_model(
    forecaster: Forecaster, ensemble: EnsembleModel | None
) -> tuple[EnsembleModel | XgboostModel | BgNbdGammaGamma, str]:
    """Return the model that is explained, and a note on it."""
    if isinstance(forecaster, EnsembleModel | XgboostModel | BgNbdGammaGamma):
        return forecaster, ""
    if ensemble is None:
        raise MismatchError(
            f"The selected model is {forecaster.name}, which has no contributions of columns: "
            "only the ensemble, trees and BG/NBD have them.",
            fix="explain the ensemble of the run: segpredict explain --run RUN.",
        )
    return ensemble, (
        f"The selected model is {forecaster.name}, which has no contributions of columns: "
        "the reasons are those of the ensemble, which was not selected."
    )
