"""Calibrate probabilities where inner validation proves that it helps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.results import Backtest, pool_backtests
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import Forecaster, normalised
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON

NO_CALIBRATION, TEMPERATURE_SCALING = "none", "temperature"
VECTOR_SCALING, ISOTONIC_REGRESSION = "vector", "isotonic"
MIN_LOSS_REDUCTION = 0.002  # nats that a calibration must save, at least
MIN_ISOTONIC_POSITIVES = 1000  # customers of every segment that isotonic curves need
L2_PENALTY = 1.0  # shrinkage of vector scaling towards no change, in rows
MIN_STEP_PROBABILITY = 1e-4  # the least probability of an isotonic step
CALIBRATED_KIND = "calibrated"


@dataclass(frozen=True, slots=True)
class Calibration(StoredState):
    """A map from probabilities to probabilities."""

    kind: str = NO_CALIBRATION  # ``none``, ``temperature``, ``vector`` or ``isotonic``
    # of the log-probability of each segment (temperature and vector scaling)
    scale: tuple[float, ...] = ()
    shift: tuple[float, ...] = ()
    # steps of each segment's curve: probabilities before and after (isotonic)
    knots: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    # log-loss saved on the newest inner origin, and its standard error, in nats
    loss_reduction: float = 0.0
    loss_reduction_se: float = 0.0

    def apply(self, probabilities: FloatArray) -> FloatArray:
        """Return the calibrated probabilities; each row by itself.

        >>> sharp = np.array([[0.9, 0.1]])
        >>> Calibration("temperature", (0.5, 0.5), (0.0, 0.0)).apply(sharp).round(2)
        array([[0.75, 0.25]])
        """
        if self.kind == NO_CALIBRATION:
            return probabilities
        if self.kind == ISOTONIC_REGRESSION:
            columns = [
                np.interp(given, np.array(predicted), np.array(actual))
                for given, (predicted, actual) in zip(probabilities.T, self.knots, strict=True)
            ]
            return normalised(np.maximum(np.column_stack(columns), MIN_STEP_PROBABILITY))
        return _scaled(probabilities, np.array(self.scale), np.array(self.shift))


@dataclass(frozen=True, slots=True)
class CalibratedModel:
    """A model whose probabilities are calibrated."""

    model: Forecaster  # the model
    calibration: Calibration  # the map that its probabilities go through

    @property
    def name(self) -> str:
        """The name of the forecaster: the map is part of its procedure."""
        return self.model.name

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of calibrated probabilities per customer."""
        return self.calibration.apply(self.model.predict_proba(customers))

    def to_state(self) -> JSON:
        """Return all that `load` needs, as JSON."""
        model, calibration = self.model.to_state(), self.calibration.to_state()
        return {"kind": CALIBRATED_KIND, "model": model, "calibration": calibration}


def select_calibration(backtests: Sequence[Backtest], name: str) -> Calibration:
    """Return the calibration that inner validation proves, which is mostly none.

    Each candidate is fitted on the backtests before the newest, and must save more log-loss there
    than one standard error, and than `MIN_LOSS_REDUCTION`. A map learned in one season does harm in
    the next, so none is the default.
    """
    if len(backtests) < 2:
        return Calibration()
    *before, newest = backtests
    given, labels = pool_backtests(before, name)
    raw = newest.probabilities[name]
    plain = metrics.row_log_loss(raw, newest.labels)
    best, found = Calibration(), None
    able: list[CalibrationFitter] = [fit_temperature, fit_vector_scaling]
    if np.bincount(labels, minlength=given.shape[1]).min() >= MIN_ISOTONIC_POSITIVES:
        able.append(fit_isotonic)
    for fit in able:
        candidate = fit(given, labels)
        saved = plain - metrics.row_log_loss(candidate.apply(raw), newest.labels)
        gain = float(saved.mean())
        error = float(saved.std(ddof=1) / np.sqrt(len(saved))) if len(saved) > 1 else 0
        if gain > max(error, MIN_LOSS_REDUCTION, best.loss_reduction):
            best, found = Calibration(loss_reduction=gain, loss_reduction_se=error), fit
    if found is None:
        return best
    gain, error = best.loss_reduction, best.loss_reduction_se
    calibrated = found(*pool_backtests(backtests, name))
    return replace(calibrated, loss_reduction=gain, loss_reduction_se=error)


def calibrate_model(forecaster: Forecaster, calibration: Calibration) -> Forecaster:
    """Return the model with its probabilities calibrated; itself without a calibration."""
    is_none = calibration.kind == NO_CALIBRATION
    return forecaster if is_none else CalibratedModel(forecaster, calibration)


CalibrationFitter = Callable[[FloatArray, IntArray], Calibration]


def fit_temperature(probabilities: FloatArray, labels: IntArray) -> Calibration:
    """Return one scale for all log-probabilities: below 1 softens, above sharpens."""
    classes = probabilities.shape[1]
    shift = np.zeros(classes)

    def loss(log_scale: float) -> float:
        scale = np.full(classes, np.exp(log_scale))
        return metrics.log_loss(_scaled(probabilities, scale, shift), labels)

    found = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    scale = float(np.exp(found.x))
    return Calibration(TEMPERATURE_SCALING, (scale,) * classes, (0.0,) * classes)


def fit_vector_scaling(probabilities: FloatArray, labels: IntArray) -> Calibration:
    """Return a scale and a shift for each log-probability, with a ridge towards no change."""
    classes = probabilities.shape[1]
    logs, happened = metrics.log_probabilities(probabilities), np.eye(classes)[labels]

    def loss(given: FloatArray) -> tuple[float, FloatArray]:
        scale, shift = given[:classes], given[classes:]
        calibrated = _scaled(probabilities, scale, shift)
        off = (calibrated - happened) / len(labels)
        penalty = np.r_[scale - 1, shift] * L2_PENALTY / len(labels)
        value = metrics.log_loss(calibrated, labels) + float(penalty @ np.r_[scale - 1, shift]) / 2
        return value, np.r_[(off * logs).sum(axis=0), off.sum(axis=0)] + penalty

    start = np.r_[np.ones(classes), np.zeros(classes)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    scale, shift = (tuple(part.tolist()) for part in (found[:classes], found[classes:]))
    return Calibration(VECTOR_SCALING, scale, shift)


def fit_isotonic(probabilities: FloatArray, labels: IntArray) -> Calibration:
    """Return a rising curve for each segment's probability, rows scaled to one."""
    knots = []
    for code, given in enumerate(probabilities.T):
        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curve.fit(given, (labels == code).astype(np.float64))
        knots.append((tuple(curve.X_thresholds_.tolist()), tuple(curve.y_thresholds_.tolist())))
    return Calibration(ISOTONIC_REGRESSION, knots=tuple(knots))


def _scaled(probabilities: FloatArray, scale: FloatArray, shift: FloatArray) -> FloatArray:
    logs = metrics.log_probabilities(probabilities) * scale + shift
    return normalised(np.exp(logs - logs.max(axis=1, keepdims=True)))
