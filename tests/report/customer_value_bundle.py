"""What a run would say of worth: tables small enough to check by hand."""

from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.customer_value import LOSS_BY_SPEND
from segpredict.analytics.customer_value.expected_total import TOTALS_SCHEMA, VALUE_COLUMNS
from segpredict.analytics.customer_value.lifetime_backtest import ValueBacktest, value_errors
from segpredict.analytics.customer_value.sum_backtest import (
    PredictedAmount,
    SumBacktest,
    compare_sums,
)

DAYS = ("2011-06-11", "2011-09-10")
TOTALS = [
    (day, 20, 100.0, came)
    for day, came in (("2011-03-12", 80.0), *zip(DAYS, (90.0, 125.0), strict=True))
]


def account(window: str, came: float) -> SumBacktest:
    said = np.arange(20.0, 0.0, -1.0)
    claims = [
        PredictedAmount(measure, "xgboost", said, said * came)
        for measure in ("value_at_risk", "upside", LOSS_BY_SPEND)
    ]
    claims += [
        PredictedAmount("clv", method, said * 2, said * 3, windows)
        for windows in ((1, 2) if window == DAYS[0] else (1,))
        for method in ("forecast", "bgnbd")
    ]
    who = np.array([f"c{i:02d}" for i in range(20)])
    return SumBacktest(window, who, np.arange(20) % 4, tuple(claims))


def span(window: str, windows: int) -> ValueBacktest:
    came = np.arange(20.0)
    said = {"forecast": came + 5, "bgnbd": came, "last_year": came + 1}
    who = np.array([f"c{i:02d}" for i in range(20)])
    return ValueBacktest(window, windows, 91 * windows, who, said, came)


def segments() -> pl.DataFrame:
    rows = [
        {"segment_id": i, "n": n, **dict.fromkeys(VALUE_COLUMNS, amount)}
        for i, n, amount in (
            ("S0", 1800, 0.0),
            ("S1", 1400, 1_000.0),
            ("S2", 800, 2_000.0),
            ("S3", 306, 3_000.0),
            ("all", 4306, 6_000.0),
        )
    ]
    return pl.DataFrame(rows)


def customer_value() -> dict[str, Any]:
    spans = [span(DAYS[0], 1), span(DAYS[0], 2), span(DAYS[1], 1)]
    accounts = [account(DAYS[0], 0.5), account(DAYS[1], 0.75)]
    return {
        "sums": compare_sums(accounts, ("S0", "S1", "S2", "S3"), draws=100, seed=1),
        "errors": value_errors(spans, draws=100, seed=1),
        "segments": segments(),
        "totals": pl.DataFrame(TOTALS, TOTALS_SCHEMA, orient="row"),
        "value_model": {"discount_rate": 0.1},
    }
