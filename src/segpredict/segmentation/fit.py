"""From clustering inputs to finished segments: clustered, overridden, named."""

from dataclasses import replace

import polars as pl
from sklearn.metrics import adjusted_rand_score

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core import schemas
from segpredict.segmentation import fit_groups
from segpredict.segmentation.model import Segmentation
from segpredict.segmentation.overrides import (
    apply_overrides,
    fit_segment_rules,
    rows_without_rule,
    segment_codes_of_rows,
)
from segpredict.segmentation.refit import refit_groups
from segpredict.segmentation.stability import with_stability


def fit_segmentation(
    inputs: pl.DataFrame,
    options: SegmentationOptions | None = None,
    horizon: int = 91,
    earlier: Segmentation | None = None,
) -> Segmentation:
    """Fit the segments on past windows, apply the overrides, and freeze them.

    Parameters
    ----------
    inputs
        `schemas.CLUSTERING_INPUTS_SCHEMA`: one row per customer and window with an order;
        windows of one length, all of which ended on or before the first test cutoff.
    options
        Settings that differ from the defaults.
    horizon
        Days of the windows.
    earlier
        Segments of an earlier fit, whose ids and names are kept (`refit_groups`).

    Raises
    ------
    TableError
        When the clustering inputs do not match their schema.
    TooFewCustomersError, SupportError
        When there are fewer customers, or fewer distinct ones, than segments.
    UnknownNameError, ConfigError
        When the config names a segment that does not exist, or gives one name twice.

    Notes
    -----
    Rule-based segments are taken out first; the rest is clustered (`fit_groups`), groups are
    merged as configured, and segments are numbered by rising mean spend and named from
    their profile. Warnings report the effect of weights, and segments that dissolve.

    Examples
    --------
    >>> schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    >>> bought = [(f"c{n:02}", 91, 4 ** (n % 3), 90_000 * 4 ** (n % 3)) for n in range(30)]
    >>> rows = pl.DataFrame(bought, schema, orient="row")
    >>> found = fit_segmentation(rows, SegmentationOptions(k=3, n_init=2))
    >>> [segment.name for segment in found.segments]
    ['Inactive', 'Occasional', 'Regular', 'Core']
    """
    options = options or SegmentationOptions()
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    rules = fit_segment_rules(rows, options.overrides.rules) if rows.height else ()
    clustered = rows_without_rule(rows, rules)
    unnamed = replace(options, names={})
    ids: tuple[str, ...] = ()
    if earlier is None:
        groups = fit_groups.fit_groups(clustered, unnamed, horizon)
    else:
        groups, ids = refit_groups(earlier, clustered, unnamed, horizon)
    overridden = apply_overrides(groups, rows, options, rules, ids=ids, earlier=earlier)
    stable = with_stability(overridden, rows, options)
    return _with_weight_warning(stable, clustered, options, horizon)


def _with_weight_warning(
    overridden: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> Segmentation:
    """Return the segments with a warning that says what the weights have changed."""
    weights = options.overrides.axis_weights
    if all(weight == 1 for weight in weights.values()):
        return overridden
    even = replace(options.overrides, axis_weights={}, merged=(), pinned_ids=(), rules={})
    plain = replace(options, overrides=even, names={}, k=overridden.clusters.k)
    equal_weights = fit_groups.fit_groups(rows, plain, horizon)
    weighted, unweighted = (segment_codes_of_rows(s, rows) for s in (overridden, equal_weights))
    rand_index = adjusted_rand_score(unweighted.to_list(), weighted.to_list())
    shares = [
        f"{segment.name} {_share(weighted, segment.code):.0%} of the active customers "
        f"(equal weights: {_share(unweighted, segment.code):.0%})"
        for segment in overridden.segments[1:]
        if segment.id not in {rule.id for rule in overridden.segment_rules}
    ]
    listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    warning = (
        f"Weights {listed}: the adjusted Rand index with equal weights is {rand_index:.2f}. "
        f"By rank of value: {'; '.join(shares)}."
    )
    return replace(overridden, warnings=(*overridden.warnings, warning))


def _share(codes: pl.Series, code: int) -> float:
    return float((codes == code).sum() / max(len(codes), 1))
