"""One card a segment: who they are in words, what they do, where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segpredict.report._chart import Chip, chips
from segpredict.report._format import figure, words
from segpredict.report._input import ReportInput
from segpredict.report._section import Section
from segpredict.tables import INACTIVE

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


PART = Section(21, "Segment by segment", portraits)
