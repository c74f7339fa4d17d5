"""A forecast as a sum: the contribution of each column to the log-odds of each segment."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.classifier.decisions.calibration import CalibratedModel
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.blend import BlendedModel
from segpredict.classifier.models.xgboost import XgboostModel
from segpredict.classifier.training_data import HISTORY_COLUMNS, Forecaster, feature_matrix
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.errors import ColumnMissingError, MismatchError
from segpredict.explain.purchase_model import (
    PLAYER_COLUMNS,
    PurchaseModelExplainer,
    reference_customers,
)

CUSTOMERS_PER_CHUNK = 10_000  # customers at a time, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveModel:
    """Trees and a purchase model, or one of them, as a sum of log-odds.

    Parameters
    ----------
    xgboost_model
        The boosted trees; ``None`` where the purchase model is used alone.
    purchase_model
        The purchase model with its reference; ``None`` where trees are used alone.
    weight
        Share of the trees in the log-odds: 1 or 0 where one of the two is used alone.
    note
        A note where this is not exactly the selected model.
    selected_model
        The selected model, where this is not exactly it: its forecast is the one to explain.

    Notes
    -----
    A geometric mean of two forecasts is a sum of their log-odds, so the contributions
    to the blend are those to its parts, times their weights. The part of BG/NBD is assigned
    to the columns of `PLAYER_COLUMNS`.
    """

    xgboost_model: XgboostModel | None
    purchase_model: PurchaseModelExplainer | None = None
    weight: float = 1.0
    note: str = ""
    selected_model: Forecaster | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that contributions are given for."""
        more = () if self.purchase_model is None else tuple(PLAYER_COLUMNS)
        return tuple(dict.fromkeys((*self._tree_columns, *more)))

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

        Parameters
        ----------
        day
            Cutoff (day number) of the forecast; ``None``: without a season.
        """
        total = np.zeros(self.n_classes)
        if self.xgboost_model is not None:
            schema = dict.fromkeys(self._tree_columns, pl.Float32)
            blank = pl.DataFrame({name: [None] for name in schema}, schema=schema)
            start = self.xgboost_model.shap_values(blank)[0, :, -1].astype(np.float64)
            total = total + self.weight * start
        if self.purchase_model is not None:
            total = total + (1 - self.weight) * self.purchase_model.base_values(day)
        return total

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the log-odds, up to a constant for each customer."""
        total = np.zeros((customers.height, self.n_classes))
        if not customers.height:
            return total
        if self.xgboost_model is not None:
            trees = self.xgboost_model.predict_margin(customers).astype(np.float64)
            total = total + self.weight * trees
        if self.purchase_model is not None:
            total = total + (1 - self.weight) * self.purchase_model.log_probabilities(customers)
        return total

    def effect_of_reference(
        self, customers: pl.DataFrame, column: str, references: Mapping[str, float | None]
    ) -> FloatArray:
        """Return by how much `predict_margin` falls when a column is moved to its reference.

        Columns of the purchase model that it stands for move with it.
        """
        places = () if self.purchase_model is None else PLAYER_COLUMNS.get(column, ())
        names = {column, *(HISTORY_COLUMNS[place] for place in places)}
        moved = customers.with_columns(
            pl.lit(references.get(name)).cast(customers.schema[name]).alias(name)
            for name in sorted(names & {*customers.columns})
        )
        is_past = bool(names & {*HISTORY_COLUMNS})
        part = self if is_past else replace(self, purchase_model=None)
        return part.predict_margin(customers) - part.predict_margin(moved)

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the probability of each segment, as it is scored."""
        if self.selected_model is not None:
            return self.selected_model.predict_proba(customers)
        raw = self.predict_margin(customers)
        power = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True), np.float64)

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
            found[:, :, : len(self._tree_columns)] = self.weight * trees
        if self.purchase_model is not None:
            parts = self.purchase_model.shapley_values(customers)
            for place, name in enumerate(PLAYER_COLUMNS):
                more = (1 - self.weight) * parts[:, :, place]
                found[:, :, self.feature_names.index(name)] += more
        return found

    def shap_chunks(
        self, customers: pl.DataFrame, rows: int = CUSTOMERS_PER_CHUNK, threads: int = 1
    ) -> Iterator[tuple[pl.DataFrame, FloatArray]]:
        """Yield customers with their contributions, in chunks, in their order.

        Parameters
        ----------
        customers
            One row a customer, with the columns of the model.
        rows
            Customers at a time.
        threads
            Chunks worked on in parallel; no more are held in memory. XGBoost works without the
            interpreter's lock, and no bit depends on the number.
        """
        starts = range(0, customers.height, rows)
        with ThreadPoolExecutor(threads) as pool:
            for place in range(0, len(starts), threads):
                some = [customers.slice(s, rows) for s in starts[place:][:threads]]
                yield from zip(some, pool.map(self.shap_values, some), strict=True)

    def explained_part(self, backtest_model: BlendedModel) -> BlendedModel:
        """Return the part of the model of a test that is explained here, or both parts."""
        is_both = self.xgboost_model is not None and self.purchase_model is not None
        return backtest_model if is_both else replace(backtest_model, weight=self.weight)

    def to_state(self) -> JSON:
        """Return what `additive_model_from_state` needs in addition to the model, as JSON."""
        return None if self.purchase_model is None else self.purchase_model.to_state()


def additive_model(
    forecaster: Forecaster, trees: XgboostModel | None, customers: pl.DataFrame
) -> AdditiveModel:
    """Return the selected model as a sum of contributions.

    Parameters
    ----------
    forecaster
        The selected model.
    trees
        The trees of the run, explained where the selected model has no contributions.
    customers
        One row a customer with ``state_now`` and the columns; the reference for BG/NBD
        is taken from them.

    Raises
    ------
    MismatchError
        When the selected model has no contributions, and no trees are given.
    ColumnMissingError
        When BG/NBD is used alone, and the frame lacks a column that it uses.
    """
    explained, bought, _ = _parts(_explained_model(forecaster, trees)[0])
    missing = [name for name in HISTORY_COLUMNS if name not in customers.columns]
    if missing and explained is None:
        raise ColumnMissingError(missing[0], customers.columns)
    if bought is None or missing:
        return _build(forecaster, trees, None)
    reference = reference_customers(customers)
    return _build(forecaster, trees, PurchaseModelExplainer(bought, *reference))


def additive_model_from_state(
    forecaster: Forecaster, trees: XgboostModel, state: JSON
) -> AdditiveModel:
    """Return the additive model from its state."""
    _, purchase_model, _ = _parts(_explained_model(forecaster, trees)[0])
    if purchase_model is None or state is None:
        return _build(forecaster, trees, None)
    rows, shares = np.array(state["reference_rows"]), np.array(state["reference_shares"])
    return _build(forecaster, trees, PurchaseModelExplainer(purchase_model, rows, shares))


def _build(
    forecaster: Forecaster,
    trees: XgboostModel | None,
    purchase_model: PurchaseModelExplainer | None,
) -> AdditiveModel:
    explained, note = _explained_model(forecaster, trees)
    own_trees, _, share = _parts(explained)
    weight = 1.0 if purchase_model is None else share
    return AdditiveModel(own_trees, purchase_model, weight, note, forecaster if note else None)


def _explained_model(forecaster: Forecaster, trees: XgboostModel | None) -> tuple[Forecaster, str]:
    """Return the model that is explained, and a note on it."""
    if isinstance(forecaster, CalibratedModel):
        inner, note = _explained_model(forecaster.model, trees)
        return inner, (note or "The forecast before calibration is explained.")
    # A baseline of trees on fewer columns is an `XgboostModel` too, with another name.
    own = forecaster.name if trees is None else trees.name
    is_trees = isinstance(forecaster, XgboostModel) and forecaster.name == own
    if is_trees or isinstance(forecaster, BlendedModel | BgNbdGammaGamma):
        return forecaster, ""
    return _trees_instead(forecaster, trees)


def _trees_instead(forecaster: Forecaster, trees: XgboostModel | None) -> tuple[XgboostModel, str]:
    if trees is None:
        raise MismatchError(
            f"The selected model is {forecaster.name}, which has no contributions of columns: "
            "only trees and BG/NBD have them.",
            fix="explain the trees of the run: segpredict explain --run RUN.",
        )
    return trees, (
        f"The selected model is {forecaster.name}, which has no contributions of columns: "
        "the reasons are those of the trees, which were not selected."
    )


def _parts(explained: Forecaster) -> tuple[XgboostModel | None, BgNbdGammaGamma | None, float]:
    """Return the trees and the purchase model of what is explained, and the trees' weight."""
    if not isinstance(explained, BlendedModel):
        trees = explained if isinstance(explained, XgboostModel) else None
        return trees, explained if isinstance(explained, BgNbdGammaGamma) else None, 0.0
    bought = explained.purchase_model if explained.weight < 1 else None
    is_alone = explained.weight == 0 and bought is not None
    return None if is_alone else explained.xgboost_model, bought, explained.weight
