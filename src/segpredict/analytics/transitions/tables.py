"""The tables of transitions: observed in all complete periods, and predicted for the next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from segpredict.analytics.transitions import expected
from segpredict.analytics.transitions.activity import (
    activity_table,
    measure_windows,
    with_activity,
)
from segpredict.analytics.transitions.markov_order import markov_order_test
from segpredict.analytics.transitions.matrix import (
    CELL_COLUMNS,
    mobility_by_period,
    observed_matrix,
)
from segpredict.analytics.transitions.periods import (
    compare_periods,
    segment_transitions,
    transition_periods,
)
from segpredict.analytics.transitions.states import LAPSED_STATE, NEW_STATE
from segpredict.classifier import SegmentAssigner, TrainingResult
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.config.classifier import TimeOptions
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_YEAR, Window, as_date

CUSTOMER_TABLE = "customers"  # the one table that names customers: never written as CSV
TRANSITION_TABLES = (
    *("observed", "predicted", "activity", "mobility", "markov_order", "comparison", "countries"),
)


def observed_tables(
    shop: Transactions,
    segmentation: SegmentAssigner,
    time: TimeOptions,
    by: Resampling,
    countries: pl.DataFrame | None = None,
) -> dict[str, pl.DataFrame]:
    """Return what was counted in all complete periods, by name of the table.

    The newest period is compared with the one before it and with last year's, look-backs cut alike.
    """
    row, last_year = transition_periods(shop.first_day, shop.end_day, time)
    if not row:
        return {}
    measured = (*row, last_year) if last_year else row
    pairs = [_alike(first, row[-1]) for first in dict.fromkeys((*row[-2:-1], last_year)) if first]

    def moved(part: Transactions) -> list[pl.DataFrame]:
        purchases = measure_windows(part, measured, segmentation.extra_inputs)
        of_row, *of_pairs = (
            segment_transitions(part, segmentation, windows, purchases) for windows in (row, *pairs)
        )
        return [with_activity(of_row, purchases, row), *of_pairs]

    moves, *paired = (
        pl.concat(tables).sort("since", "customer_id")
        for tables in zip(*map(moved, shop.parts()), strict=True)
    )
    segments = segmentation.segments
    parts = [
        _dated(observed_matrix(part, segments), part["since"][0], part["until"][0])
        for part in moves.partition_by("since", maintain_order=True)
    ]
    pooled = _dated(observed_matrix(moves, segments, by), None, None)
    compared = [
        compare_periods(both, as_date(first.cutoff), as_date(second.cutoff), segments, by)
        for both, (first, second) in zip(paired, pairs, strict=True)
    ]
    days = [(as_date(window.cutoff), window.covered_days) for window in row]
    schema = {"since": pl.Date, "observed_days": pl.Int64}
    observed_days = pl.DataFrame(days, schema, orient="row")
    tables = {
        CUSTOMER_TABLE: moves.filter(
            (pl.col("from_id") != LAPSED_STATE.id) | (pl.col("to_id") != segments[0].id)
        ),
        "observed": pl.concat([*parts, pooled]),
        "activity": activity_table(moves),
        "mobility": mobility_by_period(moves, segments, by).join(
            observed_days, on="since", how="left", maintain_order="left"
        ),
        "markov_order": markov_order_test(moves, segments),
    }
    if countries is not None:
        tables["countries"] = _by_country(moves, countries)
    return tables | ({"comparison": pl.concat(compared)} if compared else {})


def _by_country(transitions: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Return the moves of the newest period; with lapsed customers who stay lapsed."""
    newest = transitions.filter(pl.col("since") == pl.col("since").max())
    by = ["since", "until", "country", "from_id", "to_id"]
    named = newest.join(countries, on="customer_id", how="left")
    return named.group_by(by).agg(n=pl.len().cast(pl.Int64)).sort(by)


def _dated(table: pl.DataFrame, since: date | None, until: date | None) -> pl.DataFrame:
    first, last = pl.lit(since, pl.Date).alias("since"), pl.lit(until, pl.Date).alias("until")
    return table.select(first, last, "*")


def _alike(first: Window, second: Window) -> tuple[Window, Window]:
    seen = min(first.covered_days, second.covered_days)
    return replace(first, lookback=seen), replace(second, lookback=seen)


def predicted_tables(
    known: Mapping[str, pl.DataFrame],
    training: TrainingResult,
    scores: pl.DataFrame,
    segments: Sequence[Segment],
    time: TimeOptions,
) -> dict[str, pl.DataFrame]:
    """Return the predicted matrices of each test window and of the next, as known on its day."""
    if "observed" not in known:
        return {}
    counts = known["observed"]
    ids = [segment.id for segment in segments]
    selected = training.evaluation.selected
    asked = [
        (as_date(t.cutoff), pl.Series(ids).gather(t.states), t.probabilities[selected])
        for t in training.backtests
    ]
    today, able = scores["as_of"][0], scores.filter("is_eligible")
    probabilities = able.select(f"p_{i}" for i in ids).to_numpy()
    lapsed = {day: _size(counts, day, LAPSED_STATE.id) for day, *_ in asked}
    lapsed[today] = float(scores.height - able.height)
    parts: list[pl.DataFrame] = []
    for day, starts, given in [*asked, (today, able["segment_id"], probabilities)]:
        past = counts.filter(pl.col("until") <= day)
        earlier = [part.filter(pl.col("until") <= day) for part in parts]
        spread = expected.forecast_dispersion(pl.concat(earlier), past) if earlier else 1.0
        weight = 1.0 if day == today else training.customer_weight
        matrices = [expected.expected_matrix(starts, given, segments, spread, weight)]
        if past.height:
            coming = _newcomers(past, day, time.horizon)
            sizes = {NEW_STATE.id: coming, LAPSED_STATE.id: lapsed[day]}
            matrices.append(expected.unmodelled_rows(_pooled(past), sizes))
        parts.append(_dated(pl.concat(matrices), day, day + timedelta(time.days_to_outcome)))
    return {"predicted": pl.concat(parts)}


def _size(counts: pl.DataFrame, day: date, start: str) -> float:
    found = counts.filter(since=day, from_id=start)["n_from"]
    return float(found[0]) if len(found) else 0.0


def _newcomers(past: pl.DataFrame, day: date, horizon: int) -> float:
    """Return how many were new in the same season last year, or else in the last period."""
    if past.is_empty():
        return 0.0
    days = past["since"].unique().sort().to_list()
    season = day - timedelta(days=DAYS_PER_YEAR)
    nearest = min(days, key=lambda each: abs((each - season).days))
    is_near = abs((nearest - season).days) <= horizon // 4
    return _size(past, nearest if is_near else days[-1], NEW_STATE.id)


def _pooled(past: pl.DataFrame) -> pl.DataFrame:
    sums = past.group_by(CELL_COLUMNS, maintain_order=True).agg(pl.col("n", "n_from").sum())
    share = pl.col("n") / pl.col("n_from")
    return sums.with_columns(share=pl.when(pl.col("n_from") > 0).then(share))
