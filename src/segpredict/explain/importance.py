"""Add up contributions into importance: overall, per future and per current segment."""

from collections.abc import Mapping, Sequence

import polars as pl

from segpredict.contracts import IMPORTANCE, check

SCOPES = {"all": None, "class": "class_id", "segment": "segment_id"}
OTHER = "other"  # the family of a column that no family declares


def importance(
    contributions: pl.DataFrame,
    names: Sequence[str],
    families: Mapping[str, str],
    segment_ids: Sequence[str],
) -> pl.DataFrame:
    """Return mean |SHAP| per feature, in the scopes ``all``, ``class``, ``segment``.

    Parameters
    ----------
    contributions
        `contracts.CONTRIBUTIONS`.
    names
        The features, in the order of the booster; ties in rank follow it.
    families
        Family of each feature, for those that have one.
    segment_ids
        Ids of all segments, in order; each is a scope of ``class``.

    Returns
    -------
    polars.DataFrame
        `contracts.IMPORTANCE`. ``all`` averages over customers and future segments,
        ``class`` over customers for one future segment, ``segment`` over the customers
        who are now in one segment and all future segments. ``share`` is the part of
        the sum of ``mean_abs`` in its scope.

    Notes
    -----
    ``mean`` in the scopes ``all`` and ``segment`` mixes the future segments and is
    near zero by construction; read direction in the scope ``class``.
    """
    scopes = [
        _scope(contributions, names, scope, column)
        for scope, column in SCOPES.items()
        if contributions.height
    ]
    table = pl.concat(scopes) if scopes else _nothing(names, segment_ids)
    family = pl.col("feature").replace_strict(
        dict(families), default=OTHER, return_dtype=pl.String
    )
    complete = table.with_columns(family.alias("family"))
    return check(complete.select(list(IMPORTANCE.columns)), IMPORTANCE)


def _scope(
    contributions: pl.DataFrame, names: Sequence[str], scope: str, column: str | None
) -> pl.DataFrame:
    key = pl.lit(None, pl.String) if column is None else pl.col(column)
    # Rows come sorted and groups keep that order, so the float sums never vary.
    means = (
        contributions.select(
            "feature", "contribution", segment_id=key, scope=pl.lit(scope)
        )
        .group_by("scope", "segment_id", "feature", maintain_order=True)
        .agg(
            mean_abs=pl.col("contribution").abs().mean(),
            mean=pl.col("contribution").mean(),
        )
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
            share=pl.when(total > 0).then(pl.col("mean_abs") / total).otherwise(0.0),
            _order=order,
        )
        .sort("segment_id", "mean_abs", "_order", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(within),
        )
        .drop("_order")
    )


def _nothing(names: Sequence[str], segment_ids: Sequence[str]) -> pl.DataFrame:
    """Return zeros for every feature: what is known about no customers."""
    scopes = [("all", None), *(("class", segment) for segment in segment_ids)]
    zero = [
        (scope, segment, name, 0.0, 0.0) for scope, segment in scopes for name in names
    ]
    schema = {
        "scope": pl.String,
        "segment_id": pl.String,
        "feature": pl.String,
        "mean_abs": pl.Float64,
        "mean": pl.Float64,
    }
    return _ranked(pl.DataFrame(zero, schema=schema, orient="row"), names)
