"""Look up the history of all customers on each day of a forecast: who bought when."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from segpredict import features
from segpredict.classifier.panel import SegmentAssigner
from segpredict.classifier.splits import Fold, Schedule
from segpredict.classifier.training_data import HISTORY_COLUMNS, HistoryAtCutoff
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import IntArray
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window

HISTORY_FAMILIES = ("btyd", "rfm")

# Of each customer at a test: first order in the window that ends there; days since the
# last one; spend in the last year, in that window and in the outcome, in currency; days
# since the first order; country of the last order before the test.
SPEND_COVARIATES = ("spend_364", "spend_now", "spend_next")
COVARIATES = ("is_new", "recency_days", *SPEND_COVARIATES, "age_days", "country")


def histories_at_cutoffs(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    days: Schedule,
    folds: Sequence[Fold] | None = None,
) -> dict[int, HistoryAtCutoff]:
    """Return what is known at the cutoff of each fold.

    * `transactions`, `segmentation`, `days`: the shop's lines, the frozen segmentation, and the
      schedule with the folds.

    A model of drop-out needs the customers who dropped out, so all customers with an order
    in the history count here, not only those eligible for a forecast.
    """
    time = days.time
    wanted = (*days.test_folds, days.production_fold) if folds is None else folds
    cutoffs = {fold.cutoff for fold in wanted}
    windows = [
        replace(time.window_at(day, days.first_day), lookback=time.max_history)
        for day in sorted(cutoffs)
    ]
    tables = features.build_features(transactions, windows, HISTORY_FAMILIES)
    returns = _returns(transactions, windows)
    return {
        table.window.cutoff: HistoryAtCutoff(
            table.window.cutoff,
            time.horizon,
            time.gap,
            table.frame.select("customer_id", *HISTORY_COLUMNS).sort("customer_id"),
            segmentation,
            time.settlement,
            time.max_history,
            returns[table.window.cutoff],
        )
        for table in tables
    }


def _returns(transactions: Transactions, windows: Sequence[Window]) -> dict[int, IntArray]:
    """Return the purchase days after a customer's first, by day, as known at each cutoff.

    The first one is that of the window, as in the customers' histories.
    """
    first, orders, found = transactions.first_day, transactions.order_days(), {}
    for window in windows:
        cutoff, start = window.cutoff, window.cutoff - window.lookback
        known = orders.known_at(cutoff).filter(pl.col("day") >= start)
        bought = known.select("customer_id", "day").unique().collect()
        begun = bought.group_by("customer_id").agg(pl.col("day").min())
        counts = [
            np.bincount((table["day"] - first).to_numpy(), minlength=cutoff - first)
            for table in (bought, begun)
        ]
        found[cutoff] = (counts[0] - counts[1]).astype(np.int64)
    return found


def backtest_covariates(
    transactions: Transactions, customers: pl.DataFrame, history: HistoryAtCutoff
) -> pl.DataFrame:
    """Return the covariates from which strata and rankings of a test are made."""
    start = history.cutoff + history.gap
    spans = {
        "spend_now": (history.cutoff - history.horizon, history.cutoff),
        "spend_next": (start, start + history.horizon),
    }
    spent = features.clustering_inputs(transactions, sorted(set(spans.values())))
    known = history.customer_histories.select(
        "customer_id", "spend_364", "age_days", recency_days=pl.col("age_days") - pl.col("t_x_days")
    )
    money = [
        spent.filter(end=end).select("customer_id", (pl.col("spend") / MONEY_SCALE).alias(name))
        for name, (_, end) in spans.items()
    ]
    found = customers.select("customer_id", "is_new")
    for table in (known, _countries(transactions, history.cutoff), *money):
        found = found.join(table, on="customer_id", how="left", maintain_order="left")
    return found.with_columns(pl.col(*spans).fill_null(0.0)).select("customer_id", *COVARIATES)


def outcome_spend(
    transactions: Transactions, cutoffs: pl.Series, time: TimeOptions
) -> pl.DataFrame:
    """Return what each customer spent in the outcome after each of these cutoffs."""
    after = time.days_to_outcome
    spans = [(day + time.gap, day + after) for day in cutoffs.unique().sort().to_list()]
    return features.clustering_inputs(transactions, spans).select(
        "customer_id", "spend", cutoff=(pl.col("end") - after).cast(pl.Int32)
    )


def _countries(transactions: Transactions, cutoff: int) -> pl.DataFrame:
    orders = transactions.known_at(cutoff).filter("is_order_head")
    named = orders.select("customer_id", "day", "country").drop_nulls("country")
    return (
        named.sort("customer_id", "day", "country")
        .unique("customer_id", keep="last", maintain_order=True)
        .select("customer_id", "country")
        .collect()
    )
