"""The table of scores, put together from states, probabilities and values."""

from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.customer_value.value_model import FORECAST_COLUMNS, ValueModel
from segpredict.classifier.decisions.policy import DecisionPolicy
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.frames import frame_of
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.scoring.customer_rows import ScoringRows, aligned


def down_and_up(states: IntArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities of a less and of a more valuable segment than now.

    >>> down, up = down_and_up(np.array([1]), np.array([[0.2, 0.5, 0.3]]))
    >>> float(down[0]), float(up[0])
    (0.2, 0.3)
    """
    # Segment by segment: library sums group their terms by the number of rows, and a
    # customer alone must get the bits it gets among others.
    down, up = np.zeros(len(states)), np.zeros(len(states))
    for code in range(probabilities.shape[1]):
        down += np.where(code < states, probabilities[:, code], 0.0)
        up += np.where(code > states, probabilities[:, code], 0.0)
    # Sums of rounded shares can pass one by a last bit.
    return np.minimum(down, 1.0), np.minimum(up, 1.0)


def score_frame(
    found: ScoringRows,
    probabilities: FloatArray,
    segments: Sequence[Segment],
    policy: DecisionPolicy | None,
    value_model: ValueModel | None,
) -> pl.DataFrame:
    """Return the scores of customers: `core.schemas.SCORES_SCHEMA`.

    `probabilities` are those of the eligible customers, in code order of the segments.
    """
    customers = found.customers
    ids, names = [s.id for s in segments], [s.name for s in segments]
    table = _forecasts(found, probabilities, segments, policy, value_model)
    places = aligned(found.eligible["customer_id"], customers["customer_id"])
    is_eligible = places >= 0
    now = customers["segment"].to_numpy().astype(np.int64)
    now[is_eligible] = found.eligible["state_now"].to_numpy()[places[is_eligible]]
    if not is_eligible.all():
        table = table[np.maximum(places, 0)] if table.height else table.clear(len(places))
        table = table.select(pl.when(pl.Series(is_eligible)).then(pl.all()))
    head: dict[str, Any] = {
        "customer_id": customers["customer_id"],
        "as_of": pl.Series([found.as_of]).new_from_index(0, len(places)),
        "is_eligible": is_eligible,
        "segment_id": _labels(ids, now),
        "segment": _labels(names, now),
    }
    whole = pl.DataFrame([pl.Series(name, each) for name, each in head.items()]).hstack(table)
    return whole.insert_column(whole.width - 2, customers["spent_to_date"])


def _forecasts(
    found: ScoringRows,
    probabilities: FloatArray,
    segments: Sequence[Segment],
    policy: DecisionPolicy | None,
    value_model: ValueModel | None,
) -> pl.DataFrame:
    """Return the columns that only eligible customers have."""
    rows, names = found.eligible, [s.name for s in segments]
    down, up = down_and_up(rows["state_now"].to_numpy().astype(np.int64), probabilities)
    sets: list[str | None] = [None] * rows.height
    sizes: list[int | None] = [None] * rows.height
    following = probabilities.argmax(axis=1)
    if policy is not None:
        inside = policy.prediction_sets(probabilities)
        sets = [" | ".join(compress(names, row)) for row in inside.tolist()]
        sizes, following = inside.sum(axis=1).tolist(), policy.predict(probabilities)
    columns: dict[str, Any] = {
        "next_segment_id": _labels([s.id for s in segments], following),
        "next_segment": _labels(names, following),
        **{f"p_{s.id}": probabilities[:, code] for code, s in enumerate(segments)},
        "p_inactive": probabilities[:, INACTIVE_CODE],
        "p_down": down,
        "p_up": up,
        **dict.fromkeys(FORECAST_COLUMNS, [None] * rows.height),
        "segment_set": sets,
        "set_size": sizes,
    }
    if value_model is not None:
        values = value_model.value_columns(rows, probabilities, found.window.cutoff)
        columns |= {name: values[name] for name in FORECAST_COLUMNS}
    texts = ("next_segment_id", "next_segment", "segment_set")
    kinds = {n: pl.String if n in texts else pl.Float64 for n in columns} | {"set_size": pl.Int64}
    return frame_of(columns, kinds)


def _labels(labels: Sequence[str], codes: IntArray) -> list[str]:
    return [labels[code] for code in codes.tolist()]
