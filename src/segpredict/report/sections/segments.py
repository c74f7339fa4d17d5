"""Who the segments are: size, money, profile, how many; then one portrait each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report._chart import Chip, chips
from segpredict.report._format import figure, words
from segpredict.report._input import ReportInput
from segpredict.report._models import prose
from segpredict.tables import INACTIVE, MONEY, Segment

PROFILE = {  # column → (label, kind); Int64 money turns into the kind `units`
    "days": ("Purchase days in all", "whole"),
    "days_share": ("Share of them", "share"),
    "days_mean": ("Purchase days, mean", "number"),
    "days_median": ("Purchase days, median", "number"),
    "spend_mean": ("Spend, mean", "money"),
    "spend_median": ("Spend, median", "money"),
    "order_value": ("Spend per purchase day", "money"),
    "recency_median": ("Days since last order, median", "number"),
    "retention": ("Ordered again next window", "share"),
    "return_rate": ("Sent back, of sales", "share"),
}
SIZES = ("n", "share", "revenue", "revenue_share")  # in the table of sizes
QUARTILES, INTERVAL = ("_q25", "_q75"), ("_low", "_high")  # ends of another column
GATES = {
    "min_share": "smallest too small",
    "max_share": "largest too large",
    "min_rows": "too few customers in the smallest",
    "min_step": "neighbours too alike",
}
CANDIDATES = {
    "k": ("Segments", "whole"),
    "silhouette": ("Silhouette", "score"),
    "inertia": ("Inertia", "score"),
    "smallest": ("Smallest", "share"),
    "largest": ("Largest", "share"),
    "smallest_share": ("Smallest", "share"),
    "largest_share": ("Largest", "share"),
    "failed": ("Gates not passed", "text"),
    "gates_failed": ("Gates not passed", "text"),
    "passes": ("Passes the gates", "text"),
}
HIDDEN = {"segment", "code", "segment_id", "id", "name", "is_chosen", *SIZES}
MONEY_WORDS = ("spend", "revenue", "aov", "money", "amount", "value")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name in the frame, its heading, how to format it."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of a profile, with its quartiles or its interval where known."""

    value: Any
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class Card:
    """One segment.

    Parameters
    ----------
    chip
        The segment.
    n, share
        Customers, and their part of all.
    revenue, revenue_share
        In currency, and its part of all; ``None`` if unknown.
    values
        One figure per column of the profile, in original units.
    """

    chip: Chip
    n: int | None
    share: float | None
    revenue: float | None
    revenue_share: float | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One number of segments that was tried.

    Parameters
    ----------
    is_chosen
        Whether it is the one in use.
    values
        In the order of ``tried_columns``.
    """

    is_chosen: bool
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """The section.

    Parameters
    ----------
    columns, cards
        The profile table.
    has_money
        Whether shares of revenue are known.
    tried_columns, tried
        The numbers of segments that were tried.
    notes
        Facts about the segments, by topic.
    """

    columns: tuple[Column, ...]
    cards: tuple[Card, ...]
    has_money: bool
    tried_columns: tuple[Column, ...]
    tried: tuple[Tried, ...]
    notes: dict[str, Any]


def segments(bundle: ReportInput) -> Segments:
    """Return the context of the segments."""
    profile = pl.DataFrame() if bundle.profile is None else bundle.profile
    tried = pl.DataFrame() if bundle.candidates is None else bundle.candidates
    columns = _columns(profile, PROFILE)
    tried_columns = _columns(tried, CANDIDATES)
    cards = _cards(bundle, profile, columns)
    return Segments(
        columns=columns,
        cards=cards,
        has_money=any(card.revenue_share is not None for card in cards),
        tried_columns=tried_columns,
        tried=tuple(
            Tried(
                bool(row.get("is_chosen", False)),
                tuple(_gates(row.get(column.name)) for column in tried_columns),
            )
            for row in tried.to_dicts()
        ),
        notes={words(str(key)): value for key, value in bundle.segment_notes.items()},
    )


def _columns(
    frame: pl.DataFrame, known: Mapping[str, tuple[str, str]]
) -> tuple[Column, ...]:
    shown = [name for name in known if name in frame.columns]
    more = [
        name
        for name in frame.columns
        if name not in HIDDEN and name not in known and not _is_end(name)
    ]
    return tuple(
        Column(name, *_meaning(name, frame.schema[name], known))
        for name in [*shown, *more]
    )


def _is_end(name: str) -> bool:
    return name.endswith((*QUARTILES, *INTERVAL))


def _meaning(
    name: str, dtype: pl.DataType, known: Mapping[str, tuple[str, str]]
) -> tuple[str, str]:
    is_money = any(part in name.split("_") for part in MONEY_WORDS)
    guess = "share" if "share" in name.split("_") else "money" if is_money else "number"
    label, kind = known.get(name, (words(name), guess))
    return label, "units" if kind == "money" and dtype == pl.Int64 else kind


def _cards(
    bundle: ReportInput, profile: pl.DataFrame, columns: tuple[Column, ...]
) -> tuple[Card, ...]:
    rows = {_id(row, bundle.segments): row for row in profile.to_dicts()}
    unit = MONEY if profile.schema.get("revenue") == pl.Int64 else 1
    cards = []
    for i, chip in chips(bundle.segments).items():
        row = rows.get(i, {})
        sizes = {name: figure(row.get(name)) for name in SIZES}
        revenue, n = sizes["revenue"], sizes["n"]
        cards.append(
            Card(
                chip=chip,
                n=None if n is None else int(n),
                share=sizes["share"],
                revenue=None if revenue is None else revenue / unit,
                revenue_share=sizes["revenue_share"],
                values=tuple(_value(row, column.name) for column in columns),
            )
        )
    return tuple(cards)


def _value(row: Mapping[str, Any], name: str) -> Value:
    is_median = name.endswith("_median")
    low, high = QUARTILES if is_median else INTERVAL
    stem = name.removesuffix("_median") if is_median else name
    first, last = row.get(stem + low), row.get(stem + high)
    is_flat = first == last
    return Value(row.get(name), *(() if is_flat else (first, last)))


def _id(row: Mapping[str, Any], segments: tuple[Segment, ...]) -> str:
    for key in ("segment_id", "id"):
        if key in row:
            return str(row[key])
    codes = {segment.code: segment.id for segment in segments}
    code = row.get("segment", row.get("code"))
    return codes.get(code, "") if isinstance(code, int) else str(code)


def _gates(value: Any) -> Any:
    """Return the names of gates as words, and every other value as it is."""
    if isinstance(value, list):
        return [_gates(name) for name in value]
    return prose(value, GATES) if isinstance(value, str) else value


STEADY = 0.60  # mean Jaccard below which a card warns
FIGURES = (  # column, heading, kind, suffix of what stands beside it
    ("spend_median", "Spend", "money", "_q25 _q75"),
    ("days_median", "Purchase days", "number", "_q25 _q75"),
    ("recency_median", "Days since last order", "number", "_q25 _q75"),
    ("order_value", "Per purchase day", "money", ""),
    ("retention", "Ordered again", "share", "_low _high"),
    ("return_rate", "Sent back, of sales", "share", ""),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a card, with its quartiles or its interval where known."""

    label: str
    kind: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A segment that customers came from or went to, and the share who did."""

    chip: Chip
    share: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """One segment.

    Parameters
    ----------
    chip
        The segment.
    n, share, revenue_share, days_share
        Customers; their part of all, of revenue and of purchase days.
    rule
        Who they are, in words.
    precision, recall
        Share of those the rule is true of who are in the segment, and the reverse.
    facts
        Medians with quartiles, retention with its interval, in original units.
    came, went
        The largest flows between the last two windows.
    examples
        Customers who stand for the others.
    likes
        Categories bought more, or less, than by others.
    steadiness
        Mean Jaccard in bootstrap samples, where it is low enough for a warning.
    """

    chip: Chip
    n: int | None
    share: float | None
    revenue_share: float | None
    days_share: float | None
    rule: str
    precision: float | None
    recall: float | None
    facts: tuple[Fact, ...]
    came: tuple[Flow, ...]
    went: tuple[Flow, ...]
    examples: tuple[Mapping[str, Any], ...]
    likes: tuple[Mapping[str, Any], ...]
    steadiness: float | None


@dataclass(frozen=True, slots=True)
class Portraits:
    """The section."""

    cards: tuple[Portrait, ...]


def portraits(bundle: ReportInput) -> Portraits | None:
    """Return the cards, the most valuable segment first; none without cards."""
    if not bundle.cards:
        return None
    known = chips(bundle.segments)
    told = [card for card in bundle.cards if card["id"] in known]
    ordered = sorted(told, key=lambda card: -int(card["code"]))
    return Portraits(tuple(_portrait(card, known) for card in ordered))


def _portrait(card: Mapping[str, Any], known: Mapping[str, Chip]) -> Portrait:
    steadiness = figure(card.get("steadiness"))
    rule = str(card.get("rule") or "")
    n = figure(card.get("n"))
    return Portrait(
        chip=known[card["id"]],
        n=None if n is None else int(n),
        share=figure(card.get("share")),
        revenue_share=figure(card.get("revenue_share")),
        days_share=figure(card.get("days_share")),
        rule=rule[:1].upper() + rule[1:],
        precision=figure(card.get("precision")),
        recall=figure(card.get("recall")),
        facts=tuple(_facts(card)),
        came=_flows(card.get("came", ()), known),
        went=_flows(card.get("went", ()), known),
        examples=tuple(card.get("examples", ())),
        likes=tuple(card.get("likes", ())),
        steadiness=steadiness
        if steadiness is not None and steadiness < STEADY
        else None,
    )


def _facts(card: Mapping[str, Any]) -> list[Fact]:
    facts = []
    for column, label, kind, ends in FIGURES:
        value = figure(card.get(column))
        # No spend of those who did not buy, no returns where a shop records none.
        is_idle = not value and (card["code"] == INACTIVE or column == "return_rate")
        if value is not None and not is_idle:
            stem = column.removesuffix("_median")
            low, high = (
                figure(card.get(stem + end)) for end in ends.split() or ("?",) * 2
            )
            facts.append(Fact(label, kind, value, low, high))
    return facts


def _flows(flows: Any, known: Mapping[str, Chip]) -> tuple[Flow, ...]:
    return tuple(
        Flow(
            known.get(flow["id"]) or Chip(flow["id"], words(flow["name"]), None),
            float(flow["share"]),
        )
        for flow in flows
    )
