"""A small three-class world with one planted driver, one helper and two noises."""

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict.classifier import EnsembleModel, XgboostModel
from segpredict.classifier.models.baselines.markov import MarkovChain
from segpredict.classifier.models.pool import LogLinearPool
from segpredict.config.outputs import ExplainOptions
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.explain import Explanation, ForecastExplainer, build_explainer

NAMES = ("noise_a", "driver", "helper", "noise_b")
CLASSES = (
    Segment(0, "S0", "Inactive"),
    Segment(1, "S1", "Occasional"),
    Segment(2, "S2", "Core"),
)
DECLARED = (
    Feature("driver", "It decides.", "days", family="rfm"),
    Feature("helper", "It helps.", "days", family="timing"),
)


def planted(rows: int = 600, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    driver, helper = rng.normal(size=rows), rng.normal(size=rows)
    score = 2 * driver + 0.6 * helper + 0.5 * rng.normal(size=rows)
    frame = pl.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(rows)],
            "state_now": pl.Series(np.where(driver > 0.8, 2, 1), dtype=pl.Int8),
            "label": np.digitize(score, [-0.8, 1.2]),
            "helper": helper,
            "noise_b": rng.normal(size=rows),
            "driver": driver,
            "noise_a": rng.normal(size=rows),
        }
    )
    return frame.with_columns(
        noise_b=pl.when(pl.col("noise_b") > 1).then(None).otherwise("noise_b")
    )


def fitted(frame: pl.DataFrame) -> xgb.Booster:
    split = frame.height * 2 // 3
    folds = [
        xgb.DMatrix(
            part.select(NAMES).to_numpy(),
            part["label"].to_numpy(),
            feature_names=list(NAMES),
        )
        for part in (frame[:split], frame[split:])
    ]
    settings = {
        "objective": "multi:softprob",
        "num_class": 3,
        "eta": 0.3,
        "max_depth": 3,
        "nthread": 1,
        "seed": 1,
    }
    booster = xgb.train(
        settings,
        folds[0],
        200,
        evals=[(folds[1], "inner")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    assert booster.best_iteration < booster.num_boosted_rounds() - 1
    return booster[: booster.best_iteration + 1]


def trees_alone(trees: XgboostModel) -> EnsembleModel:
    """Return an ensemble whose pool is the same for everybody, so that only its trees count."""
    n = trees.n_classes
    flat = LogLinearPool(None, MarkovChain(((1 / n,) * n,) * n), 0.0, 1.0)
    return EnsembleModel(flat, trees, rounds=(trees.n_rounds, 0))


def knowing(
    booster: xgb.Booster,
    frame: pl.DataFrame,
    names: tuple[str, ...] = NAMES,
    classes: tuple[Segment, ...] = CLASSES,
    declared: tuple[Feature, ...] = (),
) -> ForecastExplainer:
    trees = XgboostModel(booster, names, (0.0,) * 3)
    return build_explainer(trees, None, frame, classes, declared)


def told(
    booster: xgb.Booster,
    frame: pl.DataFrame,
    rows: int = 2000,
    declared: tuple[Feature, ...] = (),
) -> Explanation:
    maker = knowing(booster, frame, declared=declared)
    return maker.explain(frame, ExplainOptions(rows))
