"""Exact TreeSHAP of a multi-class booster, on a fair sample of customers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import shap
import xgboost as xgb
from numpy.typing import NDArray

from segpredict.classifier.lesson import matrix
from segpredict.contracts import CONTRIBUTIONS, check
from segpredict.errors import ColumnMissingError, MismatchError, shown
from segpredict.explain.explanation import Explanation
from segpredict.explain.importance import importance
from segpredict.explain.sample import sample
from segpredict.tables import Feature, Segment


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """How much to explain.

    Parameters
    ----------
    rows
        The most customers to explain; the sample is stratified by current segment.
    """

    rows: int = 2000


def explain(
    booster: xgb.Booster,
    frame: pl.DataFrame,
    names: Sequence[str],
    classes: tuple[Segment, ...],
    options: ExplainOptions | None = None,
    features: Sequence[Feature] = (),
) -> Explanation:
    """Explain a booster's margins for a sample of customers.

    Parameters
    ----------
    booster
        ``multi:softprob``, already cut at its best iteration.
    frame
        One row a customer: ``customer_id``, ``state_now`` (code of the current
        segment) and the columns `names`, in any order.
    names
        The columns the booster was trained on, in its order.
    classes
        The future segments, in the order of the booster's outputs.
    options
        Sample size.
    features
        Declarations, from which importance takes the family of each column.

    Raises
    ------
    ColumnMissingError
        When the frame lacks a column.
    MismatchError
        When booster, names and classes do not belong together.

    Notes
    -----
    Path-dependent TreeSHAP (Lundberg et al. 2020, *Nature Machine Intelligence* 2):
    the values are exact and equal XGBoost's own ``pred_contribs``. The base is read
    from XGBoost, because shap before 0.52 reports the first class's base for all.
    """
    chosen = options or ExplainOptions()
    _require(booster, frame, names, classes)
    customers = sample(frame, chosen.rows)
    cells = matrix(customers, names)
    codes = {segment.code: segment.id for segment in classes}
    now = [codes.get(code, f"S{code}") for code in customers["state_now"]]
    table = _long(
        customers["customer_id"].to_list(),
        now,
        cells,
        _shap(booster, cells, names),
        names,
        classes,
    )
    families = {feature.name: feature.family for feature in features}
    ids = [segment.id for segment in classes]
    return Explanation(
        contributions=table,
        importance=importance(table, names, families, ids),
        base=dict(zip(ids, _base(booster, names), strict=True)),
        names=tuple(names),
        classes=classes,
        population=frame.height,
    )


def forces(
    booster: xgb.Booster, frame: pl.DataFrame, names: Sequence[str]
) -> NDArray[np.float32]:
    """Return XGBoost's own contributions: row × class × (features, then base).

    See Also
    --------
    explain : goes through shap and adds tables; this is the second opinion and the
        fast way for the rows of a score.
    """
    features = matrix(frame, names)
    classes = _outputs(booster)
    if not features.shape[0]:
        return np.zeros((0, classes, len(names) + 1), np.float32)
    found = booster.predict(_dmatrix(features, names), pred_contribs=True)
    return np.asarray(found, np.float32).reshape(-1, classes, len(names) + 1)


def _dmatrix(features: NDArray[np.float32], names: Sequence[str]) -> xgb.DMatrix:
    return xgb.DMatrix(features, feature_names=list(names))


def _shap(
    booster: xgb.Booster, features: NDArray[np.float32], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return SHAP values, customer × class × feature."""
    if not features.shape[0]:
        return np.zeros((0, _outputs(booster), len(names)))
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    found = np.asarray(explainer.shap_values(_dmatrix(features, names)), np.float64)
    return np.ascontiguousarray(found.transpose(0, 2, 1))


def _base(booster: xgb.Booster, names: Sequence[str]) -> list[float]:
    nobody = pl.DataFrame(
        {name: [None] for name in names}, schema=dict.fromkeys(names, pl.Float32)
    )
    return [float(value) for value in forces(booster, nobody, names)[0, :, -1]]


def _outputs(booster: xgb.Booster) -> int:
    """Return the booster's number of classes."""
    config = json.loads(booster.save_config())
    return max(1, int(config["learner"]["learner_model_param"]["num_class"]))


def _long(
    ids: list[str],
    now: list[str],
    features: NDArray[np.float32],
    contributions: NDArray[np.float64],
    names: Sequence[str],
    classes: Sequence[Segment],
) -> pl.DataFrame:
    n, k, f = len(ids), len(classes), len(names)
    values = np.repeat(features[:, None, :], k, axis=1).ravel().astype(np.float64)
    class_ids = np.repeat([segment.id for segment in classes], f)
    table = pl.DataFrame(
        {
            "customer_id": np.repeat(np.asarray(ids, object), k * f),
            "segment_id": np.repeat(np.asarray(now, object), k * f),
            "class_id": np.tile(class_ids, n),
            "feature": np.tile(np.asarray(names, object), n * k),
            "value": pl.Series(values).fill_nan(None),
            "contribution": contributions.ravel(),
        },
        schema=dict(zip(CONTRIBUTIONS.columns, _TYPES, strict=True)),
    )
    return check(table, CONTRIBUTIONS)


_TYPES = (pl.String, pl.String, pl.String, pl.String, pl.Float64, pl.Float64)


def _require(
    booster: xgb.Booster,
    frame: pl.DataFrame,
    names: Sequence[str],
    classes: Sequence[Segment],
) -> None:
    for name in ("customer_id", "state_now", *names):
        if name not in frame.columns:
            raise ColumnMissingError(name, frame.columns)
    known = booster.feature_names
    if known is not None and list(known) != list(names):
        first = next((k for k, n in zip(known, names, strict=False) if k != n), "")
        raise MismatchError(
            f"The booster was trained on {len(known)} columns and {len(names)} were "
            f"named; the first that differs is {shown(first)}.",
            fix="pass the names that were saved with the booster, in their order.",
        )
    if _outputs(booster) != len(classes):
        raise MismatchError(
            f"The booster foretells {_outputs(booster)} segments and {len(classes)} "
            "were named.",
            fix="pass the segments that were saved with the booster.",
        )
