"""Compare the horizons that a shop could forecast, with reasons."""

from contextlib import suppress
from dataclasses import replace

import polars as pl

from segpredict.classifier import splits
from segpredict.config.classifier import TimeOptions
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.errors import SupportError, TooShortHistoryError

COMPARED_HORIZONS = (28, 56, 91, 182, 364)
# Outside of these, almost no customer or almost every one comes back.
MIN_REPEAT_SHARE, MAX_REPEAT_SHARE = 0.30, 0.85

SOUND = "meets all conditions"
HORIZONS_SCHEMA = {
    "horizon": pl.Int32,
    "repeat_share": pl.Float64,
    "median_gap_days": pl.Float64,
    "tests": pl.Int32,
    "origins": pl.Int32,
    **dict.fromkeys(("is_uncertain", "is_testable", "is_long_enough", "is_selected"), pl.Boolean),
    "reason": pl.String,
}


def compare_horizons(transactions: Transactions, time: TimeOptions) -> pl.DataFrame:
    """Return one row per horizon with the conditions it meets.

    * `transactions`, `time`: the shop's lines; the other lengths, of which the horizon is compared
      with the candidates.

    Returned are ``horizon``; ``repeat_share``, the share of customers with an order in one window
    who order in the next one, over all neighbouring windows; ``median_gap_days`` between purchase
    days of repeat buyers; ``tests`` and ``origins``, disjoint test windows and training origins of
    the final test; the three conditions; ``is_selected``, the smallest horizon that meets all;
    ``reason``.

    The conditions: repeat_share in [0.30, 0.85]; three tests, or one with six training origins;
    horizon ≥ median gap. They depend on how often customers buy, never on how good a model is.
    """
    heads = transactions.known_at(transactions.end_day).filter("is_order_head")
    days = heads.select("customer_id", "day").unique().sort("customer_id", "day").collect()
    gap = _median_gap(days)
    lengths = sorted({*COMPARED_HORIZONS, time.horizon})
    rows = [_evaluate_horizon(days, transactions, replace(time, horizon=n), gap) for n in lengths]
    sound = [n for n, row in zip(lengths, rows, strict=True) if row["reason"] == SOUND]
    chosen = min(sound, default=None)
    return pl.DataFrame(
        [{**row, "is_selected": row["horizon"] == chosen} for row in rows], schema=HORIZONS_SCHEMA
    )


def require_forecast(transactions: Transactions, time: TimeOptions) -> None:
    """Raise where no model can be trained and tested on these data.

    * `transactions`: the shop's lines.
    * `time`: lengths, in days.

    Raises `TooShortHistoryError` when the data are too short for one test; `SupportError` when
    nobody can be tested, or nobody of a training set bought again.

    The settings that the error suggests are tried in the same way before.
    """
    heads = transactions.lines.filter("is_order_head")
    orders = heads.select("customer_id", "day", "void_day").unique().collect()
    try:
        problem = _forecast_problem(orders, transactions, time)
    except TooShortHistoryError as error:
        error.fix = _lengths_that_work(orders, transactions, time) or error.fix
        raise
    if problem:
        raise SupportError(problem, fix=_lengths_that_work(orders, transactions, time) or WAIT_TEXT)


WAIT_TEXT = (
    "add history in which customers come back; no other horizon helps, so there is nothing to "
    "forecast from yet."
)


def _lengths_that_work(orders: pl.DataFrame, span: Transactions, time: TimeOptions) -> str:
    """Return settings with which a run works, as an instruction; empty if the span has no test."""
    lengths = splits.lengths_with_test(span.first_day, span.end_day, time)
    for found in lengths:
        if not _forecast_problem(orders, span, found):
            return splits.describe_lengths(found, time)
    return WAIT_TEXT if lengths else ""


def _forecast_problem(orders: pl.DataFrame, span: Transactions, time: TimeOptions) -> str:
    """Return why a run with these lengths would stop; empty where it would not."""
    plan = splits.schedule_folds(span.first_day, span.end_day, time)
    for fold in (*plan.test_folds, plan.production_fold):
        if not _buyers(orders, fold.cutoff - time.lookback, fold.cutoff).len():
            return (
                f"No customer has an order in the {time.lookback} days before the forecast of "
                f"{as_date(fold.cutoff)}, so there is nobody to forecast."
            )
    for fold in (*plan.test_folds, plan.production_fold):
        if not any(_has_return(orders, day, time) for day in reversed(fold.train_origins)):
            return (
                "No customer comes back: before the forecast of "
                f"{as_date(fold.cutoff)} nobody with an order in {time.lookback} days ordered "
                f"again in the next {time.horizon}."
            )
    return ""


def _has_return(orders: pl.DataFrame, cutoff: int, time: TimeOptions) -> bool:
    """Return whether a customer of the look-back buys in the outcome window."""
    window = time.window_at(cutoff)
    before = _buyers(orders, window.start, cutoff)
    later = _buyers(orders, window.outcome_start, window.outcome_end)
    return bool(before.is_in(later.implode()).any())


def _buyers(orders: pl.DataFrame, first: int, end: int) -> pl.Series:
    """Return customers with an order in these days that stood at their end."""
    stands = pl.col("void_day").is_null() | (pl.col("void_day") >= end)
    return orders.filter(pl.col("day").is_between(first, end, closed="left") & stands)[
        "customer_id"
    ]


def _evaluate_horizon(
    days: pl.DataFrame, span: Transactions, time: TimeOptions, gap: float | None
) -> dict[str, object]:
    share = _repeat_share(days, span, time.horizon)
    folds: tuple[splits.Fold, ...] = ()
    with suppress(TooShortHistoryError):
        folds = splits.schedule_folds(span.first_day, span.end_day, time).test_folds
    tests, origins = len(folds), len(folds[-1].train_origins) if folds else 0
    is_uncertain = share is not None and MIN_REPEAT_SHARE <= share <= MAX_REPEAT_SHARE
    is_testable = tests >= 3 or (tests >= 1 and origins >= splits.MIN_TRAIN_ORIGINS)
    is_long = gap is not None and time.horizon >= gap
    pairing = (
        "nobody could be inactive today, since the look-back is no longer: "
        f"take time.lookback={splits.LOOKBACK_HORIZONS * time.horizon} with it"
    )
    outside = f"repeat share is outside {MIN_REPEAT_SHARE:.2f} to {MAX_REPEAT_SHARE:.2f}"
    reasons = [
        "" if is_uncertain else "no window to buy again in" if share is None else outside,
        "" if is_testable else "too little history for a test",
        "" if is_long else "shorter than the usual time between purchases",
        "" if time.lookback > time.horizon else pairing,
    ]
    return {
        "horizon": time.horizon,
        "repeat_share": share,
        "median_gap_days": gap,
        "tests": tests,
        "origins": origins,
        "is_uncertain": is_uncertain,
        "is_testable": is_testable,
        "is_long_enough": is_long,
        "reason": "; ".join(filter(None, reasons)) or SOUND,
    }


def _median_gap(days: pl.DataFrame) -> float | None:
    gaps = days.select(pl.col("day").diff().over("customer_id")).drop_nulls()
    return None if gaps.is_empty() else float(gaps["day"].cast(pl.Int64).median())  # type: ignore[arg-type]


def _repeat_share(days: pl.DataFrame, span: Transactions, length: int) -> float | None:
    # Windows count back from the end, so the newest is whole.
    windows = days.select(
        "customer_id", place=(span.end_day - 1 - pl.col("day")) // length
    ).unique()
    whole = (span.end_day - span.first_day) // length
    before = windows.filter(pl.col("place").is_between(1, whole - 1))
    later = windows.select("customer_id", pl.col("place") + 1)
    returned = before.join(later, on=["customer_id", "place"], how="semi").height
    return returned / before.height if before.height else None
