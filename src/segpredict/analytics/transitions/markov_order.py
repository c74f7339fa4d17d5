"""Test a first-order against a second-order Markov chain."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import gammaincc

from segpredict.analytics.transitions.states import transition_states
from segpredict.core.arrays import FloatArray
from segpredict.core.segment import Segment

COUNT_SCHEMA = {
    "since": pl.Date,
    "segment_id": pl.String,
    "n": pl.Int64,
    "likelihood_ratio": pl.Float64,
    "degrees_of_freedom": pl.Int64,
}
MARKOV_ORDER_SCHEMA = COUNT_SCHEMA | {"p_value": pl.Float64, "accuracy_gain": pl.Float64}


def markov_order_test(transitions: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return the test of a first-order Markov chain against a second-order one.

    `transitions`: `segment_transitions`; rows without ``previous_id``, and those of lapsed
    customers, are left out.

    `MARKOV_ORDER_SCHEMA`, one row a period and segment now; then one a period and one a segment
    over all periods, and last the whole (null stands for "all"). With the statistic
    ``likelihood_ratio`` (LR), its ``degrees_of_freedom`` (df) and the ``p_value``,
    ``accuracy_gain`` is the nats per customer that a forecast would gain by knowing the previous
    segment, (LR − df) / 2n: the gain in the data minus that of chance.

    Within each period and segment now (j): LR = 2 Σ n_ijk ln(n_ijk n_j / (n_ij n_jk)), χ² with
    (number of i − 1)(number of k − 1) degrees of freedom, over the i and k that occur. Each period
    has a matrix of its own, so that a season is not mistaken for a memory; the sums over periods
    hold since, in a first-order chain, a customer's moves from different periods are independent
    given where they start. In counts of a few customers χ² is no more than a guide; `n` says how
    many stand behind it.

    After Anderson and Goodman (1957), Annals of Mathematical Statistics 28(1).

    >>> from datetime import date
    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> ids = {"previous_id": ["S0", "S1"], "from_id": ["S1"] * 2, "to_id": ["S0", "S1"]}
    >>> found = markov_order_test(pl.DataFrame({"since": [date(2024, 1, 1)] * 2, **ids}), two)
    >>> found.select("segment_id", "n", "degrees_of_freedom").row(0)
    ('S1', 2, 1)
    """
    ids = [s.id for s in transition_states(transitions.clear(), segments).segments]
    known = transitions.filter(
        *(pl.col(name).is_in(ids) for name in ("previous_id", "from_id", "to_id"))
    )
    cells = [
        (since, now, int(counts.sum()), *likelihood_ratio_test(counts))
        for since in known["since"].unique().sort().to_list()
        for now in ids
        if (counts := _counts(known.filter(since=since, from_id=now), ids)).any()
    ]
    each = pl.DataFrame(cells, schema=COUNT_SCHEMA, orient="row")
    parts = [each, _summed(each, "since"), _summed(each, "segment_id"), _summed(each)]
    tests = pl.concat([part.select(*COUNT_SCHEMA) for part in parts])
    df, ratio = tests["degrees_of_freedom"], tests["likelihood_ratio"]
    p_values = pl.Series(gammaincc(df.to_numpy() / 2, ratio.to_numpy() / 2), dtype=pl.Float64)
    return tests.with_columns(
        p_value=pl.when(df > 0).then(p_values), accuracy_gain=(ratio - df) / (2 * pl.col("n"))
    ).select(*MARKOV_ORDER_SCHEMA)


def likelihood_ratio_test(counts: FloatArray) -> tuple[float, int]:
    """Return the statistic that rows have one distribution, and its degrees of freedom.

    >>> likelihood_ratio_test(np.array([[5.0, 5.0], [5.0, 5.0]]))
    (0.0, 1)
    """
    from scipy import stats

    known = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    test = stats.chi2_contingency(known, correction=False, lambda_="log-likelihood")
    return max(float(test.statistic), 0.0), int(test.dof)


def _counts(part: pl.DataFrame, ids: Sequence[str]) -> FloatArray:
    row, column = (
        part[name].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64)
        for name in ("previous_id", "to_id")
    )
    found = np.bincount((row * len(ids) + column).to_numpy(), minlength=len(ids) ** 2)
    return found.reshape(len(ids), len(ids)).astype(np.float64)


def _summed(each: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return the sums over all but these columns, which are null."""
    keys = {"since": pl.Date, "segment_id": pl.String}
    if each.is_empty():
        return each
    sums = pl.col("n", "likelihood_ratio", "degrees_of_freedom").sum()
    summed = each.group_by(by, maintain_order=True).agg(sums) if by else each.select(sums)
    rest = [pl.lit(None, kind).alias(k) for k, kind in keys.items() if k not in by]
    return summed.sort(by, maintain_order=True).with_columns(rest)
