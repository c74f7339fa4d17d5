"""Moves of two periods a year apart, observed and predicted, as in a run."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from segpredict.analytics.transitions import mobility_by_period, observed_matrix
from segpredict.analytics.transitions.expected import expected_matrix, unmodelled_rows
from segpredict.analytics.transitions.markov_order import markov_order_test
from segpredict.analytics.transitions.periods import compare_periods
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.segment import Segment

FIRST, SECOND = date(2010, 9, 11), date(2011, 9, 10)
AFTER = date(2011, 12, 10)
COUNTS = {
    FIRST: [[120, 30, 18, 4], [60, 45, 22, 5], [20, 20, 35, 9], [4, 3, 7, 12]],
    SECOND: [[150, 31, 18, 5], [69, 43, 23, 5], [19, 21, 30, 10], [1, 3, 9, 33]],
}
NEWCOMERS = {FIRST: [0, 40, 15, 2], SECOND: [0, 31, 11, 3]}
LAPSED = {SECOND: [50, 4, 1, 0]}


def moves(segments: tuple[Segment, ...]) -> pl.DataFrame:
    """Return one row a customer and period, with these counts."""
    ids = [segment.id for segment in segments]
    rows = []
    for day, matrix in COUNTS.items():
        starts = dict(zip(ids, matrix, strict=True))
        starts["NEW"] = NEWCOMERS[day]
        starts["LAPSED"] = LAPSED.get(day, [0] * len(ids))
        ends = [
            (start, end)
            for start, counts in starts.items()
            for end, n in zip(ids, counts, strict=True)
            for _ in range(n)
        ]
        rows += [
            (f"c{i:04d}", day, day + timedelta(91), ids[i % 4], start, end)
            for i, (start, end) in enumerate(ends)
        ]
    names = ["customer_id", "since", "until", "previous_id", "from_id", "to_id"]
    return pl.DataFrame(rows, schema=names, orient="row")


def tables(segments: tuple[Segment, ...]) -> dict[str, pl.DataFrame]:
    """Return the tables of a run's folder ``transitions``."""
    went = moves(segments)
    counted = [_of(observed_matrix(went.filter(since=d), segments), d) for d in COUNTS]
    by = Resampling(50, 0)
    return {
        "observed": pl.concat(counted),
        "mobility": mobility_by_period(went, segments, by).with_columns(
            observed_days=pl.Series([284, 364])
        ),
        "markov_order": markov_order_test(went, segments),
        "comparison": compare_periods(went, FIRST, SECOND, segments, by),
        "predicted": pl.concat([_of(_predicted(segments, spread), d) for d, spread in PREDICTED]),
    }


PREDICTED = ((SECOND, 1.0), (AFTER, 4.0))


def _of(table: pl.DataFrame, day: date) -> pl.DataFrame:
    until = pl.lit(day + timedelta(91)).alias("until")
    return table.select(pl.lit(day).alias("since"), until, "*")


def _predicted(segments: tuple[Segment, ...], spread: float) -> pl.DataFrame:
    starts = [
        s.id for s, row in zip(segments, COUNTS[SECOND], strict=True) for _ in range(sum(row))
    ]
    probabilities = np.tile([0.5, 0.25, 0.15, 0.1], (len(starts), 1))
    model = expected_matrix(pl.Series(starts), probabilities, segments, spread)
    new = observed_matrix(moves(segments).filter(from_id="NEW"), segments)
    return pl.concat([model, unmodelled_rows(new, {"NEW": 57.0})])
