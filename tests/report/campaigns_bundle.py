"""Campaign plans of a run: three of them, small enough to check by hand."""

from typing import Any

import polars as pl

from segpredict.analytics.campaigns.planning import CAMPAIGN_PLAN_SCHEMA
from segpredict.analytics.campaigns.planning import TARGETING_CURVES_SCHEMA as CURVES

HOLD = {
    "campaign": "hold_best",
    "title": "Hold the best",
    "action": "Call them.",
    "caution": "A high risk is no high response.",
    "stake_column": "value_at_risk",
    "kpi": "stays",
    "n": 200,
    "value_at_stake": 60_000.0,
    "low": 55_000.0,
    "high": 65_000.0,
    "backtest_low": 0.6,
    "backtest_high": 0.8,
    "backtest_date": "2011-09-10",
    "n_backtest": 90,
    "base_rate": 0.5,
    "uplift": 0.05,
    "power": 0.8,
    "per_arm": 1565,
    "detectable_uplift": 0.19,
    "holdout_share": None,
    "detectable_uplift_holdout": 0.29,
    "windows": 16,
    "days": 1456,
    "spend": 1500.0,
    "spend_sd": 3000.0,
    "spend_correlation": 0.6,
    "spend_uplift": 0.05,
    "spend_per_arm": 16_074,
    "spend_per_arm_unadjusted": 25_116,
    "spend_detectable_uplift": 0.45,
    "rank": 1,
}
REMIND = HOLD | {
    "campaign": "remind",
    "title": "Remind the occasional",
    "kpi": "spends",
    "n": 4000,
    "value_at_stake": 20_000.0,
    "base_rate": 1500.0,
    "per_arm": 2000,
    "detectable_uplift": 0.05,
    "holdout_share": 0.35,
    "windows": 1,
    "days": 91,
    "rank": 2,
}
UNSEEN = HOLD | dict.fromkeys(
    [
        name
        for name in CAMPAIGN_PLAN_SCHEMA
        if name not in {*list(CAMPAIGN_PLAN_SCHEMA)[:7], "uplift"}
    ]
)


def campaign_plans(**change: Any) -> dict[str, pl.DataFrame]:
    rows = [HOLD | change, REMIND, UNSEEN | {"campaign": "few", "n": 3}]
    curves = [
        ("campaign", "hold_best", "value_at_risk", 200, 40, 30_000.0, 0.5),
        ("campaign", "hold_best", "value_at_risk", 200, 200, 60_000.0, 1.0),
        ("segment", "S3", "upside", 100, 20, 100.0, 0.25),
        ("segment", "S3", "upside", 100, 100, 400.0, 1.0),
    ]
    return {
        "plans": pl.DataFrame(rows, CAMPAIGN_PLAN_SCHEMA),
        "targeting_curves": pl.DataFrame(curves, CURVES, orient="row"),
    }
