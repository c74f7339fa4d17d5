"""Who kept buying, lapsed, was reactivated or is new, by purchases alone, with their money."""

from collections.abc import Sequence

import polars as pl

from segpredict import features
from segpredict.analytics.transitions.states import NEW_STATE
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window, as_date

# In the order of the tables; a customer who bought in neither window has none.
ACTIVITIES = ("kept", "lapsed", "reactivated", "new")
ACTIVITY_SCHEMA = {
    **dict.fromkeys(("since", "until"), pl.Date),
    "activity": pl.String,
    "customers": pl.Int64,
    **dict.fromkeys(("spend_before", "spend_after"), pl.Float64),
}
ACTIVITY_COLUMNS = ("activity", "spend_before", "spend_after")


def measure_windows(
    transactions: Transactions, windows: Sequence[Window], extra_inputs: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the purchases in the windows that end one horizon before, at and after each cutoff."""
    spans = {
        span
        for w in windows
        for end in (w.cutoff, w.cutoff - w.horizon, w.outcome_end)
        if (span := (end - w.horizon, end))[0] >= transactions.first_day
    }
    return features.clustering_inputs(transactions, sorted(spans), extra_inputs)


def with_activity(
    transitions: pl.DataFrame, purchases: pl.DataFrame, windows: Sequence[Window]
) -> pl.DataFrame:
    """Return the transitions with what each customer bought before and after.

    * `transitions`: `segment_transitions` of the windows.
    * `purchases`: `measure_windows` of the same windows.

    ``activity`` is one of `ACTIVITIES`: kept (bought in both windows), lapsed (only in the one
    before), reactivated (only in the one after, and also earlier), new (for the first time), or
    null. ``spend_before`` and ``spend_after`` are the net spend of the two windows, in currency.
    """
    bought = purchases.select("customer_id", "end", spend=(pl.col("spend") / MONEY_SCALE).round(4))
    for name, ends in (
        ("spend_before", {w.cutoff: as_date(w.cutoff) for w in windows}),
        ("spend_after", {w.outcome_end: as_date(w.cutoff) for w in windows}),
    ):
        side = bought.filter(pl.col("end").is_in(list(ends))).select(
            "customer_id",
            since=pl.col("end").replace_strict(ends, return_dtype=pl.Date),
            **{name: "spend"},
        )
        keys = ["customer_id", "since"]
        transitions = transitions.join(side, on=keys, how="left", maintain_order="left")
    before, after = (pl.col(f"spend_{side}").is_not_null() for side in ("before", "after"))
    activity = (
        pl.when(pl.col("from_id") == NEW_STATE.id)
        .then(pl.lit("new"))
        .when(before & after)
        .then(pl.lit("kept"))
        .when(before)
        .then(pl.lit("lapsed"))
        .when(after)
        .then(pl.lit("reactivated"))
    )
    return transitions.with_columns(pl.col("^spend_.*$").fill_null(0.0), activity=activity)


def activity_table(transitions: pl.DataFrame) -> pl.DataFrame:
    """Return customers and spend by period and activity (`ACTIVITY_SCHEMA`).

    `transitions` is what `with_activity` returns. In each period ``spend_before`` adds up to the
    revenue of all customers in the window before, and ``spend_after`` to that of the one after,
    but for returns of customers who bought nothing.
    """
    by, spend = ["since", "until", "activity"], ("spend_before", "spend_after")
    order = pl.col("activity").cast(pl.Enum(ACTIVITIES))
    return (
        transitions.drop_nulls("activity")
        .sort("since", "customer_id")
        .group_by(by, maintain_order=True)
        # Whole sums: a sum of floats would depend on the order of the rows.
        .agg(
            pl.len().alias("customers"), (pl.col(spend) * MONEY_SCALE).round().cast(pl.Int64).sum()
        )
        .with_columns((pl.col(spend) / MONEY_SCALE).round(4))
        .sort("since", order)
        .cast(pl.Schema(ACTIVITY_SCHEMA))
    )
