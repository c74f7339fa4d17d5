"""A card for each segment: all there is to say of it, as plain values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from segpredict.core.display import MIN_CUSTOMERS_FOR_FIGURES
from segpredict.core.tables import MONEY_SCALE, Segment
from segpredict.segmentation.description import SegmentDescription

SPEND_THIRDS = ("smaller", "middling", "larger")
MAX_FLOWS = 2  # ways in and out that are told


def typical_customers(rows: pl.DataFrame, places: pl.DataFrame, codes: pl.Series) -> pl.DataFrame:
    """Return three customers of each segment who stand for the others.

    Parameters
    ----------
    rows
        `contracts.CLUSTERING_INPUTS_SCHEMA` of one window.
    places
        Their places in the space of the segments, row by row.
    codes
        The segment of each row.

    Returns
    -------
    polars.DataFrame
        ``segment``, ``kind`` (``smaller``, ``middling``, ``larger``), ``customer_id``,
        ``spend`` (currency), ``days`` and ``recency`` if it was measured. Segments with
        fewer than five customers have none.

    Notes
    -----
    The customers of a segment are parted into thirds by spend; each third is spoken for
    by the customer nearest to its medians. Of equals the one with the lower spend, then
    the first id.
    """
    shown = [c for c in ("spend", "days", "recency") if c in rows.columns]
    known = pl.concat(
        [
            rows.select("customer_id", *shown),
            places.select(pl.all().name.prefix("at_")),
            codes.cast(pl.Int8).alias("segment").to_frame(),
        ],
        how="horizontal",
    ).sort("segment", "spend", "customer_id")
    found = [
        member
        for group in known.partition_by("segment", maintain_order=True)
        if group.height >= MIN_CUSTOMERS_FOR_FIGURES
        for member in _members(group)
    ]
    schema = {"segment": pl.Int8, "kind": pl.String, "customer_id": pl.String}
    if not found:
        return pl.DataFrame(schema={**schema, **{c: rows.schema[c] for c in shown}})
    return pl.concat(found).select(
        *schema, pl.col("spend") / MONEY_SCALE, *(c for c in shown if c != "spend")
    )


def _members(group: pl.DataFrame) -> list[pl.DataFrame]:
    cuts = [group.height * i // 3 for i in range(4)]
    members = []
    for kind, start, end in zip(SPEND_THIRDS, cuts[:-1], cuts[1:], strict=True):
        third = group[start:end]
        at = third.select("^at_.*$").to_numpy()
        apart = ((at - np.median(at, axis=0)) ** 2).sum(axis=1)
        nearest = int(np.argmin(np.round(apart, 9)))
        members.append(third[nearest : nearest + 1].with_columns(kind=pl.lit(kind)))
    return members


def profile_cards(
    segments: Sequence[Segment],
    profile: pl.DataFrame,
    rules: Sequence[SegmentDescription] = (),
    *,
    members: pl.DataFrame | None = None,
    affinity: pl.DataFrame | None = None,
    transitions: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return what there is to say of each segment, INACTIVE first.

    Parameters
    ----------
    segments
        All segments.
    profile
        `profile`: the figures.
    rules
        `describe`: the rule in words.
    members
        `typical_customers`.
    affinity
        `affinity`.
    transitions
        `migration`: who came and who left.

    Returns
    -------
    list of dict
        ``id``, ``name``, ``code``, the figures of the profile under their names,
        ``rule``, ``precision``, ``recall``, ``examples``, ``affinity``, ``came_from`` and
        ``went_to`` (each a list). A segment with fewer than five customers has its size
        and nothing else.
    """
    figures = {row["segment"]: row for row in profile.to_dicts()}
    told = {rule.code: rule for rule in rules}
    return [
        _card(
            segment,
            figures.get(segment.code, {}),
            told.get(segment.code, SegmentDescription(segment.code)),
            _of(members, segment.code),
            _of(affinity, segment.code),
            _flows(transitions, segment.id),
        )
        for segment in segments
    ]


def _card(
    segment: Segment,
    figures: Mapping[str, Any],
    rule: SegmentDescription,
    *lists: Any,
) -> dict[str, Any]:
    is_told = (figures.get("n") or 0) >= MIN_CUSTOMERS_FOR_FIGURES
    members, likes, flows = lists
    return {
        "id": segment.id,
        "name": segment.name,
        "code": segment.code,
        **{k: v for k, v in figures.items() if k not in ("segment", "id", "name")},
        "rule": rule.rule if is_told else None,
        "precision": rule.precision if is_told else None,
        "recall": rule.recall if is_told else None,
        "examples": members if is_told else [],
        "affinity": likes if is_told else [],
        "came_from": flows[0] if is_told else [],
        "went_to": flows[1] if is_told else [],
    }


def _of(frame: pl.DataFrame | None, code: int) -> list[dict[str, Any]]:
    if frame is None:
        return []
    own = frame.filter(pl.col("segment") == code).drop("segment")
    return own.drop("id", strict=False).to_dicts()


def _flows(transitions: pl.DataFrame | None, id_: str) -> tuple[list[Any], list[Any]]:
    if transitions is None:
        return [], []
    away = transitions.filter(
        (pl.col("from_id") != pl.col("to_id")) & (pl.col("n") >= MIN_CUSTOMERS_FOR_FIGURES)
    )
    into = pl.col("to_id") == id_
    everyone = transitions.filter(into)["n"].sum()
    came = away.filter(into).select(
        id="from_id", name="from_name", n="n", share=pl.col("n") / everyone
    )
    went = away.filter(pl.col("from_id") == id_).select(
        id="to_id", name="to_name", n="n", share="share"
    )
    return _largest(came), _largest(went)


def _largest(flows: pl.DataFrame) -> list[dict[str, Any]]:
    return flows.sort("n", "id", descending=[True, False]).head(MAX_FLOWS).to_dicts()
