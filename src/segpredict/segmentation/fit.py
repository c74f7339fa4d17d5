"""From windows of buying to finished segments: grouped, refined, named, warned of."""

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
    """Return the frozen segments of the buying in these windows, as people want them.

    Parameters
    ----------
    inputs
        `contracts.CLUSTERING_INPUTS_SCHEMA`: one row per customer and window with an order; windows
        of one length, all of which ended on or before the first test cutoff.
    options
        What to decide otherwise than the defaults.
    horizon
        Days of the windows.
    earlier
        Segments of an earlier fit, whose ids and names are to be kept (`refit_groups`).

    Raises
    ------
    TableError
        When the instrument breaks its contract.
    TooFewCustomersError, SupportError
        When there are fewer customers, or fewer distinct ones, than segments.
    UnknownNameError, ConfigError
        When the config speaks of a segment that does not exist, or names one twice.

    Notes
    -----
    Segments that rules set apart are taken out first; the rest is grouped
    (`fitting.fit_groups`), groups are merged where people say so, and segments are numbered by
    rising mean spend and named from their profile. Weights, and segments that dissolve,
    are told in the notices.
    """
    options = options or SegmentationOptions()
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    rules = fit_segment_rules(rows, options.overrides.rules) if rows.height else ()
    left = rows_without_rule(rows, rules)
    quiet = replace(options, names={})
    ids: tuple[str, ...] = ()
    if earlier is None:
        plain = fit_groups.fit_groups(left, quiet, horizon)
    else:
        plain, ids = refit_groups(earlier, left, quiet, horizon)
    made = apply_overrides(plain, rows, options, rules, ids=ids, earlier=earlier)
    return _weighed(with_stability(made, rows, options), left, options, horizon)


def _weighed(
    made: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> Segmentation:
    """Return the segments with a notice of what the weights have changed."""
    weights = options.overrides.axis_weights
    if all(weight == 1 for weight in weights.values()):
        return made
    even = replace(options.overrides, axis_weights={}, merged=(), pinned_ids=(), rules={})
    plain = replace(options, overrides=even, names={}, k=made.clusters.k)
    other = fit_groups.fit_groups(rows, plain, horizon)
    weighted, unweighted = (segment_codes_of_rows(s, rows) for s in (made, other))
    alike = adjusted_rand_score(unweighted.to_list(), weighted.to_list())
    shares = [
        f"{segment.name} {_share(weighted, segment.code):.0%} of the active customers "
        f"(equal weights: {_share(unweighted, segment.code):.0%})"
        for segment in made.segments[1:]
        if segment.id not in {rule.id for rule in made.segment_rules}
    ]
    listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    notice = (
        f"Weights {listed}: the adjusted Rand index with equal weights is {alike:.2f}. "
        f"By rank of value: {'; '.join(shares)}."
    )
    return replace(made, warnings=(*made.warnings, notice))


def _share(codes: pl.Series, code: int) -> float:
    return float((codes == code).sum() / max(len(codes), 1))
