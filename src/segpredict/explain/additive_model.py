"""A forecast as a sum: what each column adds to the log-odds of each segment."""

from collections.abc import Iterator
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
from segpredict.core.tables import JSON
from segpredict.errors import ColumnMissingError, MismatchError
from segpredict.explain.purchase_model import (
    PLAYER_COLUMNS,
    PurchaseModelExplainer,
    reference_customers,
)

CUSTOMERS_PER_CHUNK = 10_000  # customers at a time, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveModel:
    """Trees and a model of purchases, or one of them, whose log-odds add up.

    Parameters
    ----------
    xgboost_model
        The boosted trees; ``None`` where the model of purchases stands alone.
    purchase_model
        The model of purchases with its reference; ``None`` where trees stand alone.
    weight
        Share of the trees in the log-odds: 1 or 0 where one of both stands alone.
    note
        What a reader must know where this is not just what ships.
    selected_model
        What ships, where this is not just that: its forecast is the one to explain.

    Notes
    -----
    A geometric mean of two forecasts is a sum of their log-odds, so the contributions
    to the blend are those to its parts, times their weights. The part of BG/NBD is put
    on the columns of `PLAYER_COLUMNS`.
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
        known = self._known
        return (*known, *(name for name in more if name not in known))

    @property
    def _known(self) -> tuple[str, ...]:
        return () if self.xgboost_model is None else self.xgboost_model.feature_names

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which nobody can be explained."""
        known = (
            tuple(HISTORY_COLUMNS)
            if self.xgboost_model is None
            else self.xgboost_model.feature_names
        )
        dated = (
            self.purchase_model is not None and self.purchase_model.model.seasonal_index is not None
        )
        return (*known, "cutoff") if dated and "cutoff" not in known else known

    @property
    def n_classes(self) -> int:
        """Number of segments, INACTIVE included."""
        purchase_model = None if self.purchase_model is None else self.purchase_model.model
        return next(
            part.n_classes for part in (self.xgboost_model, purchase_model) if part is not None
        )

    def base_values(self, day: int | None = None) -> FloatArray:
        """Return the margin of each segment before anything is known of a customer.

        Parameters
        ----------
        day
            From which day (number) it is foretold; ``None``: whatever the season.
        """
        total = np.zeros(self.n_classes)
        if self.xgboost_model is not None:
            nobody = pl.DataFrame(
                {name: [None] for name in self._known},
                schema=dict.fromkeys(self._known, pl.Float32),
            )
            start = self.xgboost_model.shap_values(nobody)[0, :, -1].astype(np.float64)
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

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the probability of each segment, as it is scored."""
        if self.selected_model is not None:
            return self.selected_model.predict_proba(customers)
        raw = self.predict_margin(customers)
        power = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True), np.float64)

    def feature_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return the cells behind the contributions; what is unknown is NaN."""
        present = [n for n in self.feature_names if n in customers.columns]
        cells = dict(zip(present, feature_matrix(customers, present).T, strict=True))
        missing = np.full(customers.height, np.nan, np.float32)
        return np.column_stack([cells.get(n, missing) for n in self.feature_names])

    def shap_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return what each column adds, customers × segments × `names`.

        A row and the `base` of its day add up to `margins`.
        """
        shape = (customers.height, self.n_classes, len(self.feature_names))
        found = np.zeros(shape)
        if not customers.height:
            return found
        if self.xgboost_model is not None:
            trees = self.xgboost_model.shap_values(customers)[:, :, :-1]
            found[:, :, : len(self._known)] = self.weight * trees
        if self.purchase_model is not None:
            parts = self.purchase_model.shapley_values(customers)
            for place, name in enumerate(PLAYER_COLUMNS):
                more = (1 - self.weight) * parts[:, :, place]
                found[:, :, self.feature_names.index(name)] += more
        return found

    def shap_chunks(
        self, customers: pl.DataFrame, rows: int = CUSTOMERS_PER_CHUNK, threads: int = 1
    ) -> Iterator[tuple[pl.DataFrame, FloatArray]]:
        """Yield customers with their contributions, some at a time, in their order.

        Parameters
        ----------
        customers
            One row a customer, with the columns of the model.
        rows
            Customers at a time.
        threads
            Chunks worked on side by side; no more are held. XGBoost works without the
            interpreter's lock, and no bit depends on the number.
        """
        starts = range(0, customers.height, rows)
        with ThreadPoolExecutor(threads) as pool:
            for place in range(0, len(starts), threads):
                some = [customers.slice(s, rows) for s in starts[place:][:threads]]
                yield from zip(some, pool.map(self.shap_values, some), strict=True)

    def explained_part(self, backtest_model: BlendedModel) -> BlendedModel:
        """Return of the model of a test what is explained here: one part, or both."""
        is_both = self.xgboost_model is not None and self.purchase_model is not None
        return backtest_model if is_both else replace(backtest_model, weight=self.weight)

    def to_state(self) -> JSON:
        """Return what `additive_model_from_state` needs beside the forecaster, as JSON."""
        return None if self.purchase_model is None else self.purchase_model.to_state()


def additive_model(
    forecaster: Forecaster, trees: XgboostModel | None, customers: pl.DataFrame
) -> AdditiveModel:
    """Return what ships as a sum of contributions.

    Parameters
    ----------
    forecaster
        What ships.
    trees
        The trees of the run, explained where what ships has no reasons of its own.
    customers
        One row a customer with ``state_now`` and the columns; the reference for BG/NBD
        is taken from them.

    Raises
    ------
    MismatchError
        When what ships has no reasons of its own, and no trees are given.
    ColumnMissingError
        When BG/NBD stands alone, and the frame lacks a column that it looks at.
    """
    shown, _ = _shown(forecaster, trees)
    purchase_model = _buying(shown)
    missing = [name for name in HISTORY_COLUMNS if name not in customers.columns]
    if missing and _trees(shown) is None:
        raise ColumnMissingError(missing[0], customers.columns)
    if purchase_model is None or missing:
        return _summed(forecaster, trees, None)
    return _summed(
        forecaster, trees, PurchaseModelExplainer(purchase_model, *reference_customers(customers))
    )


def additive_model_from_state(
    forecaster: Forecaster, trees: XgboostModel, state: JSON
) -> AdditiveModel:
    """Return the sum that gave a state."""
    purchase_model = _buying(_shown(forecaster, trees)[0])
    if purchase_model is None or state is None:
        return _summed(forecaster, trees, None)
    rows, shares = np.array(state["reference_rows"]), np.array(state["reference_shares"])
    return _summed(forecaster, trees, PurchaseModelExplainer(purchase_model, rows, shares))


def _summed(
    forecaster: Forecaster,
    trees: XgboostModel | None,
    purchase_model: PurchaseModelExplainer | None,
) -> AdditiveModel:
    shown, note = _shown(forecaster, trees)
    selected = forecaster if note else None
    weight = 1.0 if purchase_model is None else _weight(shown)
    return AdditiveModel(_trees(shown), purchase_model, weight, note, selected)


def _shown(forecaster: Forecaster, trees: XgboostModel | None) -> tuple[Forecaster, str]:
    """Return what is explained, and what a reader must know of it."""
    if isinstance(forecaster, CalibratedModel):
        inner, note = _shown(forecaster.model, trees)
        return inner, (note or "The forecast before it was calibrated is explained.")
    # A baseline of trees on fewer columns is a `XgboostModel` too, by another name.
    own = forecaster.name if trees is None else trees.name
    is_trees = isinstance(forecaster, XgboostModel) and forecaster.name == own
    if is_trees or isinstance(forecaster, BlendedModel | BgNbdGammaGamma):
        return forecaster, ""
    return _instead(forecaster, trees)


def _instead(forecaster: Forecaster, trees: XgboostModel | None) -> tuple[XgboostModel, str]:
    if trees is None:
        raise MismatchError(
            f"What ships is {forecaster.name}, and it has no reasons of its own: only "
            "trees and BG/NBD are shared out among columns.",
            fix="explain the trees of the run: segpredict explain --run RUN.",
        )
    return trees, (
        f"What ships is {forecaster.name}. Only the model, its trees and BG/NBD are "
        "shared out among columns: the reasons are those of the trees, which did not "
        "ship."
    )


def _trees(shown: Forecaster) -> XgboostModel | None:
    if isinstance(shown, BlendedModel):
        stands_out = shown.weight == 0 and shown.purchase_model is not None
        return None if stands_out else shown.xgboost_model
    return shown if isinstance(shown, XgboostModel) else None


def _buying(shown: Forecaster) -> BgNbdGammaGamma | None:
    if isinstance(shown, BgNbdGammaGamma):
        return shown
    is_part = isinstance(shown, BlendedModel) and shown.weight < 1
    return shown.purchase_model if isinstance(shown, BlendedModel) and is_part else None


def _weight(shown: Forecaster) -> float:
    return shown.weight if isinstance(shown, BlendedModel) else 0.0
