"""Aggregate contributions to importance: overall, per future and per current segment.

One segment is explained against another: only differences of margins are identified.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.schemas import GROUP_IMPORTANCE_SCHEMA, IMPORTANCE_SCHEMA, validate_schema
from segpredict.core.segment import Segment
from segpredict.explain.groups import OTHER_FAMILY, FeatureGroup, group_contributions

MIN_EXPECTED_MOVERS = 30  # expected movers below which a transition is not shown
TRANSITION_DRIVERS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("from_id", "to_id"), pl.String),
    "expected": pl.Float64,
    **dict.fromkeys(("name", "headline"), pl.String),
    **dict.fromkeys(("movers", "stayers", "gap", "odds_ratio"), pl.Float64),
    "rank": pl.Int32,
}

IMPORTANCE_SCOPES = {"all": None, "class": "class_id", "segment": "segment_id"}


def feature_importance(
    contributions: pl.DataFrame,
    names: Sequence[str],
    families: Mapping[str, str],
    segment_ids: Sequence[str],
) -> pl.DataFrame:
    """Return mean |SHAP| per feature, in the scopes ``all``, ``class``, ``segment``.

    Margins of a softmax are known up to a constant per customer, so a contribution is taken against
    the mean over all future segments before it is averaged. ``mean`` in the scopes ``all`` and
    ``segment`` mixes the future segments and is near zero by construction; read direction in the
    scope ``class``.
    """
    against = pl.col("contribution").mean().over("customer_id", "feature")
    centred = contributions.with_columns(contribution=pl.col("contribution") - against)
    scopes = (_scope(centred, names, *scope) for scope in IMPORTANCE_SCOPES.items())
    table = pl.concat(scopes) if contributions.height else _nothing(names, segment_ids)
    known = {name: families.get(name, OTHER_FAMILY) for name in names}
    complete = table.with_columns(
        family=pl.col("feature").replace_strict(known, return_dtype=pl.String)
    )
    return validate_schema(complete.select(list(IMPORTANCE_SCHEMA.columns)), IMPORTANCE_SCHEMA)


def _scope(
    contributions: pl.DataFrame, names: Sequence[str], scope: str, column: str | None
) -> pl.DataFrame:
    key = pl.lit(None, pl.String) if column is None else pl.col(column)
    # Rows come sorted and groups keep that order, so the float sums never vary.
    means = (
        contributions.select("feature", "contribution", segment_id=key, scope=pl.lit(scope))
        .group_by("scope", "segment_id", "feature", maintain_order=True)
        .agg(mean_abs=pl.col("contribution").abs().mean(), mean=pl.col("contribution").mean())
    )
    return _ranked(means, names)


def _ranked(means: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    within = ["scope", "segment_id"]
    order = pl.col("feature").replace_strict(
        {name: i for i, name in enumerate(names)}, return_dtype=pl.Int32
    )
    total = pl.col("mean_abs").sum().over(within)
    return (
        means.with_columns(
            share=pl.when(total > 0).then(pl.col("mean_abs") / total).otherwise(0.0), _order=order
        )
        .sort("segment_id", "mean_abs", "_order", descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(within))
        .drop("_order")
    )


def _nothing(names: Sequence[str], segment_ids: Sequence[str]) -> pl.DataFrame:
    """Return zeros for every feature: what is known about no customers."""
    scopes = [("all", None), *(("class", segment) for segment in segment_ids)]
    rows = [(scope, segment, name) for scope, segment in scopes for name in names]
    schema = dict.fromkeys(("scope", "segment_id", "feature"), pl.String)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return _ranked(table.with_columns(mean_abs=pl.lit(0.0), mean=pl.lit(0.0)), names)


def importance_by_group(
    contributions: FloatArray,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    states: IntArray,
    classes: Sequence[Segment],
) -> pl.DataFrame:
    r"""Return the importance of groups of columns, of families and of headlines.

    Contributions are added up within a customer before their size is taken: columns of a group with
    opposite signs cancel, as they do in the forecast.
    """
    centred = contributions - contributions.mean(axis=1, keepdims=True)
    fine = group_contributions(centred, names, groups)
    tables = []
    for level in ("group", "family", "headline"):
        labels = [getattr(g, "name" if level == "group" else level) for g in groups]
        words = list(dict.fromkeys(labels))
        member = np.array([[label == word for word in words] for label in labels])
        sums = fine @ member.astype(np.float64).reshape(len(labels), len(words))
        tables += [
            _topic(part, words, level, scope, segment)
            for scope, segment, part in _parts(sums, states, classes)
        ]
    return validate_schema(pl.concat(tables), GROUP_IMPORTANCE_SCHEMA)


def _parts(
    sums: FloatArray, states: IntArray, classes: Sequence[Segment]
) -> list[tuple[str, str | None, FloatArray]]:
    each = [("class", s.id, sums[:, place : place + 1]) for place, s in enumerate(classes)]
    now = [("segment", s.id, sums[states == s.code]) for s in classes if (states == s.code).any()]
    return [("all", None, sums), *each, *now]


def _topic(
    sums: FloatArray, words: Sequence[str], level: str, scope: str, segment: str | None
) -> pl.DataFrame:
    flat = sums.reshape(-1, len(words))
    size = np.abs(flat).mean(axis=0) if len(flat) else np.zeros(len(words))
    mean = flat.mean(axis=0) if len(flat) else np.zeros(len(words))
    whole = float(size.sum()) or 1.0
    order = np.argsort(-size, kind="stable")
    return pl.DataFrame(
        {
            "level": [level] * len(words),
            "scope": [scope] * len(words),
            "segment_id": pl.Series([segment] * len(words), dtype=pl.String),
            "name": [words[i] for i in order],
            "mean_abs": size[order],
            "mean": mean[order],
            "share": np.minimum(size[order] / whole, 1.0),
            "rank": pl.Series(range(1, len(words) + 1), dtype=pl.Int32),
        }
    )


def target_and_reference(
    probabilities: FloatArray, states: IntArray, predicted: IntArray | None = None
) -> tuple[IntArray, IntArray]:
    """Return for each customer the predicted segment, and the one it is compared with."""
    rows = np.arange(len(probabilities))
    towards = probabilities.argmax(axis=1) if predicted is None else predicted
    others = probabilities.copy()
    others[rows, towards] = -1.0
    return towards, np.where(towards == states, others.argmax(axis=1), states)


def contrast_contributions(
    contributions: FloatArray, targets: IntArray, references: IntArray
) -> FloatArray:
    """Return contributions to the log-odds of one segment over another."""
    rows = np.arange(len(contributions))
    return np.asarray(contributions[rows, targets] - contributions[rows, references], np.float64)


def transition_drivers(
    contributions: FloatArray,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    classes: Sequence[Segment],
    *,
    states: IntArray,
    probabilities: FloatArray,
    weight: float,
) -> pl.DataFrame:
    """Return the differences between customers who move to another segment and stayers.

    It is not known who will move, so each customer counts with the probability of it. What all
    customers of a segment share is in both means and drops out of the gap.
    """
    fine = group_contributions(contributions, names, groups)
    tables = [pl.DataFrame(schema=TRANSITION_DRIVERS_SCHEMA)]
    for start, end in permutations(classes, 2):
        inside = states == start.code
        go, stay = probabilities[inside, end.code], probabilities[inside, start.code]
        if go.sum() * weight < MIN_EXPECTED_MOVERS or stay.sum() * weight < MIN_EXPECTED_MOVERS:
            continue
        contrast = fine[inside, end.code] - fine[inside, start.code]
        movers, stayers = (shares @ contrast / shares.sum() for shares in (go, stay))
        tables.append(_move(start, end, float(go.sum() * weight), groups, movers, stayers))
    return pl.concat(tables)


def _move(
    start: Segment,
    end: Segment,
    expected: float,
    groups: Sequence[FeatureGroup],
    movers: FloatArray,
    stayers: FloatArray,
) -> pl.DataFrame:
    gap = movers - stayers
    order = np.argsort(-np.abs(gap), kind="stable")
    return pl.DataFrame(
        {
            "from_id": [start.id] * len(groups),
            "to_id": [end.id] * len(groups),
            "expected": [expected] * len(groups),
            "name": [groups[i].name for i in order],
            "headline": [groups[i].headline for i in order],
            "movers": movers[order],
            "stayers": stayers[order],
            "gap": gap[order],
            "odds_ratio": np.exp(gap[order]),
            "rank": range(1, len(groups) + 1),
        },
        schema=TRANSITION_DRIVERS_SCHEMA,
    )
