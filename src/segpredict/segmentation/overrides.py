"""Overrides from the config: merge, rename, rule-based segments. Ids stay, all is logged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from segpredict.config.segmentation import SegmentationOptions, SegmentRuleOptions
from segpredict.errors import SupportError, UnknownNameError
from segpredict.segmentation import naming
from segpredict.segmentation.fit_groups import group_statistics, ranked_values, value_order
from segpredict.segmentation.identity import SegmentEvent, SegmentIdentity
from segpredict.segmentation.inputs import CLUSTERING_INPUTS, COLUMN_UNITS, extra_inputs
from segpredict.segmentation.model import ClusterGroup, Segmentation, SegmentRule


def override_inputs(options: SegmentationOptions) -> tuple[str, ...]:
    """Return what `features.clustering_inputs` must measure beyond spend and days.

    >>> override_inputs(SegmentationOptions(inputs="rfm"))
    ('recency',)
    """
    rules = options.overrides.rules.values()
    columns = {*CLUSTERING_INPUTS[options.inputs], *(rule.column for rule in rules)}
    return extra_inputs(column for column in COLUMN_UNITS if column in columns)


def fit_segment_rules(
    rows: pl.DataFrame, rules: Mapping[str, SegmentRuleOptions]
) -> tuple[SegmentRule, ...]:
    """Return the rules of the rule-based segments, their cut points frozen.

    A share is taken of all rows: the cut is the value of the last row in it, so that equal
    customers are treated equally. Ids are issued by `apply_overrides`.
    """
    return tuple(
        SegmentRule("", name, rule.column, _cut(rows[rule.column], rule))
        for name, rule in rules.items()
    )


def rows_without_rule(rows: pl.DataFrame, rules: Sequence[SegmentRule]) -> pl.DataFrame:
    """Return the rows that match no rule."""
    if not rules:
        return rows
    unmatched = rows.filter(~pl.any_horizontal(rule.matches for rule in rules))
    if unmatched.height == 0:
        raise SupportError(
            "The rules of rule-based segments leave no customers to cluster.",
            fix="give them a smaller share under [segmentation.overrides.rules].",
        )
    return unmatched


def rows_to_cluster(rows: pl.DataFrame, options: SegmentationOptions) -> pl.DataFrame:
    """Return the rows that are clustered: those that match no rule.

    >>> from segpredict.config.segmentation import OverrideOptions
    >>> rows = pl.DataFrame({"spend": [10_000 * s for s in range(1, 201)]})
    >>> rules = {"Key accounts": SegmentRuleOptions(top_share=0.01)}
    >>> options = SegmentationOptions(overrides=OverrideOptions(rules=rules))
    >>> rows_to_cluster(rows, options).height
    198
    """
    return rows_without_rule(rows, fit_segment_rules(rows, options.overrides.rules))


def apply_overrides(
    base_groups: Segmentation,
    rows: pl.DataFrame,
    options: SegmentationOptions,
    rules: Sequence[SegmentRule] = (),
    *,
    ids: Sequence[str] = (),
    earlier: Segmentation | None = None,
) -> Segmentation:
    """Return the segments that the config makes of the groups of a clustering."""
    k = base_groups.clusters.k
    identity = base_groups.identity if earlier else SegmentIdentity(issued_ids=k)
    ids_of_groups = tuple(ids) or tuple(f"S{n}" for n in range(1, k + 1))
    # All ids issued before: a refit may still name them.
    known_ids = {f"S{n}" for n in range(1, identity.issued_ids + 1)} if earlier else set()
    target = _targets(ids_of_groups, options, known_ids)
    ruled, identity = _with_ids(rules, identity, earlier)
    groups = tuple(ClusterGroup(i, target[i]) for i in ids_of_groups)
    chosen = replace(base_groups, groups=groups, segment_rules=ruled, identity=identity)
    ranked = _ranked(chosen, rows)
    named = _named(ranked, rows, options, earlier, known_ids)
    logged = _logged(named, options, earlier)
    names = {**logged.names, **{s.id: s.name for s in named.segments}}
    return replace(named, identity=replace(logged, names=names))


def _cut(column: pl.Series, rule: SegmentRuleOptions) -> int:
    if rule.top_share is None:
        return round((rule.min_value or 0.0) * COLUMN_UNITS[column.name])
    ordered = column.sort(descending=True)
    return int(ordered[max(math.floor(rule.top_share * len(ordered)), 1) - 1])


def _targets(
    ids_of_groups: Sequence[str], options: SegmentationOptions, known_ids: set[str]
) -> dict[str, str]:
    """Return the segment's id for each group's id."""
    target = {i: i for i in ids_of_groups}
    for named in (*options.overrides.merged, options.overrides.pinned_ids):
        for id_ in named:
            if id_ not in target and id_ not in known_ids:
                raise UnknownNameError("segment", id_, ids_of_groups)
    for merged in options.overrides.merged:
        present = [i for i in merged if i in target]
        target |= dict.fromkeys(present, present[0]) if present else {}
    return target


def _with_ids(
    rules: Sequence[SegmentRule], identity: SegmentIdentity, earlier: Segmentation | None
) -> tuple[tuple[SegmentRule, ...], SegmentIdentity]:
    """Give each rule its earlier id, or a new one."""
    known = {} if earlier is None else {r.name: r.id for r in earlier.segment_rules}
    issued, ruled = identity.issued_ids, []
    for rule in rules:
        if rule.name not in known:
            issued += 1
        ruled.append(replace(rule, id=known.get(rule.name, f"S{issued}")))
    return tuple(ruled), replace(identity, issued_ids=issued)


def _ranked(chosen: Segmentation, rows: pl.DataFrame) -> Segmentation:
    """Return the segments numbered by rising value, with their averages."""
    ids = [*dict.fromkeys(g.segment for g in chosen.groups)]
    ids += [rule.id for rule in chosen.segment_rules]
    draft = naming.named_segments(ids, ids, {})
    first = replace(chosen, segments=draft)
    codes = segment_codes_of_rows(first, rows)
    values = group_statistics(rows, codes.to_numpy() - 1, len(ids))
    order = sorted(range(len(ids)), key=lambda c: value_order(values[c]))
    ranked = [ids[c] for c in order]
    return replace(
        first,
        segments=naming.named_segments(ranked, ranked, {}),
        values=ranked_values([values[c] for c in order]),
    )


def segment_codes_of_rows(segmentation: Segmentation, rows: pl.DataFrame) -> pl.Series:
    """Return the segment of each row, in the order of the rows."""
    keys = ["end", "customer_id"]
    found = segmentation.assign(rows).select(*keys, "segment")
    return rows.select(keys).join(found, on=keys, how="left", maintain_order="left")["segment"]


def _named(
    ranked: Segmentation,
    rows: pl.DataFrame,
    options: SegmentationOptions,
    earlier: Segmentation | None,
    known_ids: set[str],
) -> Segmentation:
    ids = [segment.id for segment in ranked.segments[1:]]
    ruled = {rule.id: rule.name for rule in ranked.segment_rules}
    free = [i for i in ids if i not in ruled]
    known = {} if earlier is None else _unchanged_names(ranked, earlier)
    if options.inputs != "fm":
        pairs = zip(free, _profile_names(ranked, rows, free), strict=True)
        used = {*known.values()}  # each name is given once
        derived = [known.get(i, f"{name} ({i})" if name in used else name) for i, name in pairs]
    else:
        derived = [
            *(naming.names_after_refit(free, known) if earlier else naming.default_names(len(free)))
        ]
    names = {**dict(zip(free, derived, strict=True)), **ruled}
    segments = naming.named_segments(ids, [names[i] for i in ids], options.names, tuple(known_ids))
    return replace(ranked, segments=segments)


def _unchanged_names(ranked: Segmentation, earlier: Segmentation) -> dict[str, str]:
    """Return earlier names of the segments that consist of the same groups."""
    now, before = _parts(ranked), _parts(earlier)
    return {s.id: s.name for s in earlier.segments if s.id in now and now[s.id] == before[s.id]}


def _parts(segmentation: Segmentation) -> dict[str, set[str]]:
    parts: dict[str, set[str]] = {}
    for group in segmentation.groups:
        parts.setdefault(group.segment, set()).add(group.id)
    return parts


def _profile_names(
    ranked: Segmentation, rows: pl.DataFrame, free: Sequence[str]
) -> tuple[str, ...]:
    """Return names from the profiles of the segments without a rule."""
    codes = {s.code: free.index(s.id) + 1 for s in ranked.segments if s.id in free}
    ranks = segment_codes_of_rows(ranked, rows).replace_strict(codes, default=None)
    is_own = ranks.is_not_null()
    return naming.profile_names(rows.filter(is_own), ranks.filter(is_own), len(free))


def _logged(
    named: Segmentation, options: SegmentationOptions, earlier: Segmentation | None
) -> SegmentIdentity:
    """Return the identity with the overrides in its log."""
    identity = named.identity
    version, ids = identity.version, {g.id for g in named.groups}
    merged = (tuple(i for i in each if i in ids) for each in options.overrides.merged)
    events = [SegmentEvent("merged", version, each, each[:1]) for each in merged if len(each) > 1]
    events += [SegmentEvent("apart", version, (), (r.id,)) for r in named.segment_rules]
    if earlier is not None:
        known = {s.id: s.name for s in earlier.segments}
        pinned = [i for i in options.overrides.pinned_ids if i in ids]
        renamed = [s.id for s in named.segments if known.get(s.id, s.name) != s.name]
        events += [SegmentEvent("pinned", version, (i,), (i,)) for i in pinned]
        events += [SegmentEvent("renamed", version, (i,), (i,)) for i in renamed]
    return replace(identity, events=(*identity.events, *events))
