"""A scorecard and curves as a run would hand them over."""

from typing import Any

import polars as pl

from segpredict.classifier.evaluation.decisions import CURVES_SCHEMA
from segpredict.classifier.evaluation.scorecard import SCORECARD_SCHEMA

POLICIES: dict[str, Any] = {
    "rule": "balanced",
    "alpha": 0.1,
    "folds": [
        {
            "cutoff": "2011-08-13",
            "inner_origins": ["2011-05-14"],
        },
        {
            "cutoff": "2011-11-12",
            "inner_origins": ["2011-08-13"],
        },
    ],
}


def card() -> pl.DataFrame:
    rows = [
        _row("set_coverage", 0.913, 0.901, 0.924),
        _row("set_coverage_S3", 0.871, 0.812, 0.93),
        _row("set_size", 2.312, 2.29, 2.33),
        _row("ece_S0", 0.021, 0.015, 0.034),
        _row("accuracy_balanced", 0.551),
        _row("macro_f1_balanced", 0.467),
        _row("cost_balanced", 123.4),
        _row("accuracy_argmax", 0.6),
        _row("log_loss_minus_markov", -0.08, -0.12, -0.04, ("is_new", "yes")),
        _row("log_loss_minus_markov", 0.05, 0.01, 0.09, ("country", "France")),
    ]
    return pl.DataFrame(rows, SCORECARD_SCHEMA, orient="row")


def _row(
    metric: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
    part: tuple[str, str] = ("all", ""),
) -> tuple[object, ...]:
    return ("pooled", *part, 4306, "xgboost", metric, value, low, high)


def curves() -> pl.DataFrame:
    rows = [
        ("reliability", "S0", "xgboost", 0.25, 0.5, 2000),
        ("reliability", "S0", "xgboost", 0.75, 0.7, 2306),
        ("capture", "at_risk", "xgboost", 0.0, 0.0, 900),
        ("capture", "at_risk", "xgboost", 1.0, 1.0, 900),
        ("capture", "at_risk", "recency", 1.0, 1.0, 900),
    ]
    return pl.DataFrame(rows, CURVES_SCHEMA, orient="row")
