"""The segments: size, revenue, profile, number of segments; then one profile each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.core.segment import INACTIVE_CODE
from segpredict.report.context._figures import Estimate, estimate_of
from segpredict.report.context.segment_selection import GATE_LABELS
from segpredict.report.formatting import Row, finite_fields, finite_or_none, name_to_words
from segpredict.report.html.badges import Badges, SegmentBadge, segment_badges
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names

PROFILE_COLUMNS = {  # column → (label, kind)
    "days": ("Purchase days in all", "whole"),
    "days_share": ("Share of them", "share"),
    "days_mean": ("Purchase days, mean", "number"),
    "days_median": ("Purchase days, median", "number"),
    "spend_mean": ("Spend, mean", "money"),
    "spend_median": ("Spend, median", "money"),
    "order_value": ("Spend per purchase day", "money"),
    "recency_median": ("Days since last order, median", "number"),
    "retention": ("Ordered again next window", "share"),
    "return_rate": ("Returned, of sales", "share"),
}
SIZE_COLUMNS = ("n", "share", "revenue", "revenue_share")
QUARTILES, INTERVAL = ("_q25", "_q75"), ("_low", "_high")  # ends of another column
CANDIDATE_COLUMNS = {
    "k": ("Segments", "whole"),
    "silhouette": ("Silhouette", "score"),
    "inertia": ("Inertia", "score"),
    "smallest_share": ("Smallest", "share"),
    "largest_share": ("Largest", "share"),
    "failed_gates": ("Failed gates", "text"),
    "passes_gates": ("Passes the gates", "text"),
}


@dataclass(frozen=True, slots=True)
class ProfileColumn:
    """One column of a table: its name in the frame, its heading, how to format it."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment."""

    badge: SegmentBadge  # the segment
    # customers, and their part of all
    n: float | None
    share: float | None
    # in currency, and its part of all; ``None`` if unknown
    revenue: float | None
    revenue_share: float | None
    values: tuple[Estimate, ...]  # one number per column of the profile, in original units


@dataclass(frozen=True, slots=True)
class SegmentCountRow:
    """One number of segments that was tried."""

    is_selected: bool  # whether it is the one in use
    values: tuple[Any, ...]  # in the order of ``candidate_columns``


@dataclass(frozen=True, slots=True)
class SegmentsSection:
    """The section."""

    # the profile table
    columns: tuple[ProfileColumn, ...]
    rows: tuple[SegmentRow, ...]
    has_money: bool  # whether shares of revenue are known
    # the numbers of segments that were tried
    candidate_columns: tuple[ProfileColumn, ...]
    candidates: tuple[SegmentCountRow, ...]
    notes: dict[str, Any]  # facts about the segments, by topic


def segments_section(bundle: ReportInput) -> SegmentsSection:
    """Return the context of the segments."""
    profile = pl.DataFrame() if bundle.profile is None else bundle.profile
    candidates = pl.DataFrame() if bundle.candidates is None else bundle.candidates
    columns = _columns(profile, PROFILE_COLUMNS)
    candidate_columns = _columns(candidates, CANDIDATE_COLUMNS)
    rows = _rows(bundle, profile, columns)
    return SegmentsSection(
        columns=columns,
        rows=rows,
        has_money=any(row.revenue_share is not None for row in rows),
        candidate_columns=candidate_columns,
        candidates=tuple(
            SegmentCountRow(
                bool(row.get("is_selected", False)),
                tuple(_gates(row.get(column.name)) for column in candidate_columns),
            )
            for row in candidates.to_dicts()
        ),
        notes={name_to_words(str(key)): value for key, value in bundle.segment_notes.items()},
    )


def _columns(
    frame: pl.DataFrame, known: Mapping[str, tuple[str, str]]
) -> tuple[ProfileColumn, ...]:
    return tuple(ProfileColumn(name, *known[name]) for name in known if name in frame.columns)


def _rows(
    bundle: ReportInput, profile: pl.DataFrame, columns: tuple[ProfileColumn, ...]
) -> tuple[SegmentRow, ...]:
    by_id = {row["id"]: row for row in profile.to_dicts()}
    return tuple(
        SegmentRow(
            badge=badge,
            **finite_fields(row, *SIZE_COLUMNS),
            values=tuple(_value(row, column.name) for column in columns),
        )
        for i, badge in segment_badges(bundle.segments).items()
        for row in (by_id.get(i, {}),)
    )


def _value(row: Row, name: str) -> Estimate:
    is_median = name.endswith("_median")
    stem = name.removesuffix("_median") if is_median else name
    low, high = (row.get(stem + end) for end in (QUARTILES if is_median else INTERVAL))
    return estimate_of({"value": row.get(name), "low": low, "high": high})


def _gates(value: Any) -> Any:
    """Return the names of gates as words, and every other value as it is."""
    if isinstance(value, list):
        return [_gates(name) for name in value]
    return replace_model_names(value, GATE_LABELS) if isinstance(value, str) else value


MIN_STABILITY = 0.60  # mean Jaccard below which a profile warns
FIGURES = (  # column, heading, kind, suffixes of its quartiles or interval
    ("spend_median", "Spend", "money", "_q25 _q75"),
    ("days_median", "Purchase days", "number", "_q25 _q75"),
    ("recency_median", "Days since last order", "number", "_q25 _q75"),
    ("order_value", "Per purchase day", "money", ""),
    ("retention", "Ordered again", "share", "_low _high"),
    ("return_rate", "Returned, of sales", "share", ""),
)


@dataclass(frozen=True, slots=True)
class ProfileFigure:
    """One number of a segment profile, with its quartiles or interval where known."""

    label: str
    kind: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ProfileFlow:
    """A flow of customers from or to another segment."""

    badge: SegmentBadge  # the other segment
    share: float  # share of the customers


@dataclass(frozen=True, slots=True)
class SegmentProfile:
    """One segment."""

    badge: SegmentBadge  # the segment
    # customers; their part of all, of revenue and of purchase days
    n: int | None
    share: float | None
    revenue_share: float | None
    days_share: float | None
    rule: str  # its description in words
    # precision and recall of that rule for the segment
    precision: float | None
    recall: float | None
    # medians with quartiles, retention with its interval, in original units
    facts: tuple[ProfileFigure, ...]
    # the largest flows between the last two windows
    came_from: tuple[ProfileFlow, ...]
    went_to: tuple[ProfileFlow, ...]
    examples: tuple[Row, ...]  # typical customers
    # categories bought more, or less, than by other customers
    affinity: tuple[Row, ...]
    # mean Jaccard in bootstrap samples, where it is low enough for a warning
    stability: float | None


@dataclass(frozen=True, slots=True)
class SegmentProfilesSection:
    """The section."""

    profiles: tuple[SegmentProfile, ...]  # one per segment, the most valuable first


def segment_profiles_section(bundle: ReportInput) -> SegmentProfilesSection | None:
    """Return the profiles, the most valuable segment first; ``None`` without any."""
    if not bundle.segment_profiles:
        return None
    known = segment_badges(bundle.segments)
    shown = [card for card in bundle.segment_profiles if card["id"] in known]
    ordered = sorted(shown, key=lambda card: -int(card["code"]))
    return SegmentProfilesSection(tuple(_segment_profile(card, known) for card in ordered))


def _segment_profile(card: Row, known: Badges) -> SegmentProfile:
    stability = finite_or_none(card.get("stability"))
    rule = str(card.get("rule") or "")
    n = finite_or_none(card.get("n"))
    return SegmentProfile(
        badge=known[card["id"]],
        n=None if n is None else int(n),
        **finite_fields(card, "share", "revenue_share", "days_share", "precision", "recall"),
        rule=rule[:1].upper() + rule[1:],
        facts=tuple(_facts(card)),
        came_from=_flows(card.get("came_from", ()), known),
        went_to=_flows(card.get("went_to", ()), known),
        examples=tuple(card.get("examples", ())),
        affinity=tuple(card.get("affinity", ())),
        stability=stability if stability is not None and stability < MIN_STABILITY else None,
    )


def _facts(card: Row) -> list[ProfileFigure]:
    facts = []
    for column, label, kind, ends in FIGURES:
        value = finite_or_none(card.get(column))
        # Inactive customers have no spend, and some shops record no returns.
        is_idle = not value and (card["code"] == INACTIVE_CODE or column == "return_rate")
        if value is not None and not is_idle:
            stem = column.removesuffix("_median")
            low, high = (finite_or_none(card.get(stem + end)) for end in ends.split() or ("?",) * 2)
            facts.append(ProfileFigure(label, kind, value, low, high))
    return facts


def _flows(flows: Any, known: Badges) -> tuple[ProfileFlow, ...]:
    return tuple(
        ProfileFlow(
            known.get(flow["id"]) or SegmentBadge(flow["id"], name_to_words(flow["name"]), None),
            float(flow["share"]),
        )
        for flow in flows
    )
