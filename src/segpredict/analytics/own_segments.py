"""Compare the shop's own segments with those found by clustering."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.transitions.activity import measure_windows
from segpredict.analytics.transitions.periods import segment_transitions, transition_periods
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.segmentation import Segmentation, fill_inactive

PRIOR_COUNT = 0.5  # customers added to each transition, so that none has a probability of zero


def compare_segmentations(
    transactions: Transactions, own: Segmentation, found: Segmentation, time: TimeOptions
) -> dict[str, Any]:
    """Return how the shop's own segments and the found ones overlap, and how each can be forecast.

    At the end of the data, among customers with an order in the look-back: ``counts``, the
    customers in each pair of segments, the own ones in rows, and ``rand_index``, the adjusted Rand
    index. ``predictability`` holds what today's segment alone tells about the next in the newest
    complete period (`predictability`); empty where fewer than two periods are complete.
    """
    from sklearn.metrics import adjusted_rand_score

    window = time.window_at(transactions.end_day, transactions.first_day)
    eligible = features.compute_features(transactions, window, ("rfm",)).frame
    extra = sorted({*own.extra_inputs, *found.extra_inputs})
    rows = features.clustering_inputs(
        transactions, [(window.cutoff - time.horizon, window.cutoff)], extra
    )
    codes = [_codes(each, rows, eligible) for each in (own, found)]
    row, _ = transition_periods(transactions.first_day, transactions.end_day, time)
    purchases = measure_windows(transactions, row, extra)
    counts = np.zeros((len(own.segments), len(found.segments)), dtype=np.int64)
    np.add.at(counts, tuple(codes), 1)
    return {
        "own": [segment.name for segment in own.segments],
        "found": [segment.name for segment in found.segments],
        "counts": counts.tolist(),
        "rand_index": float(adjusted_rand_score(*codes)),
        "predictability": {
            name: figures
            for name, each in (("own", own), ("found", found))
            if (figures := predictability(transactions, each, row, purchases))
        },
    }


def _codes(segmentation: Segmentation, rows: pl.DataFrame, customers: pl.DataFrame) -> np.ndarray:
    assigned = segmentation.assign(rows).select("customer_id", "segment")
    held = fill_inactive(assigned, customers.select("customer_id"))
    return held["segment"].to_numpy().astype(np.int64)


def predictability(
    transactions: Transactions,
    segmentation: Segmentation,
    row: Sequence[Window],
    purchases: pl.DataFrame,
) -> Mapping[str, float]:
    """Return how well the segment of the newest complete period follows from that before it.

    * `row`, `purchases`: all complete periods, and `measure_windows` of them.

    A Markov chain is counted in all earlier periods and tested on the newest: ``log_loss`` of the
    chain, ``log_loss_of_mix`` of the mere shares of the segments, ``explained``, by how much of it
    the chain is better, and ``staying``, the share who stayed. Empty with fewer than two periods.
    """
    if len(row) < 2:
        return {}
    ids = [segment.id for segment in segmentation.segments]
    moved = segment_transitions(transactions, segmentation, row, purchases)
    known = moved.filter(pl.col("from_id").is_in(ids), pl.col("to_id").is_in(ids))
    newest = pl.col("since") == moved["since"].max()
    past, test = (_counts(known.filter(each), ids) for each in (~newest, newest))
    if not test.any():
        return {}
    chain = (past + PRIOR_COUNT) / (past + PRIOR_COUNT).sum(axis=1, keepdims=True)
    mix = (past.sum(axis=0) + PRIOR_COUNT) / (past.sum(axis=0) + PRIOR_COUNT).sum()
    loss, of_mix = (float(-(test * np.log(p)).sum() / test.sum()) for p in (chain, mix))
    staying = float(np.trace(test) / test.sum())
    found = {"log_loss": loss, "log_loss_of_mix": of_mix, "explained": 1 - loss / of_mix}
    return {**found, "staying": staying, "customers": float(test.sum())}


def _counts(transitions: pl.DataFrame, ids: list[str]) -> FloatArray:
    places = [
        transitions[side].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).to_numpy()
        for side in ("from_id", "to_id")
    ]
    counts = np.zeros((len(ids), len(ids)))
    np.add.at(counts, tuple(places), 1)
    return counts
