"""Who the segments are: how many, how much of the revenue, in words."""

from segpredict.report._format import iso_day, number, share
from segpredict.report.deck._look import shade
from segpredict.report.deck._slide import (
    Cell,
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Table,
    clip,
)
from segpredict.report.sections.portraits import Portraits
from segpredict.report.sections.segments import Card, Segments

MOST = 8
RULE = 150  # letters of a rule


def segments(story: Story) -> Page | None:
    """Return the slide of the segments; none where they were not measured."""
    told = story.of(Segments)
    cards = [card for card in told.cards if card.share is not None] if told else []
    if told is None or not cards:
        return None
    portraits = story.of(Portraits)
    rules = {p.chip.id: p.rule for p in portraits.cards} if portraits else {}
    return Page(
        title=_title(cards),
        lead=_measured(told),
        things=(
            Placed(_chart(cards, has_money=told.has_money), width=5),
            Placed(_table(cards[:MOST], rules), left=5, width=7),
        ),
        notes=(
            "Customers are all who bought in the look-back; each is in the segment of "
            "the newest window. Revenue is what they paid in that window for what they "
            "kept (segments/profile.parquet).",
            "The words are a short decision tree that was taught to say who is in a "
            "segment. It is a description; the segments themselves are the frozen rule "
            "in segments/segmenter.json.",
            *(
                f"{card.chip.name}: {rules[card.chip.id]}."
                for card in cards
                if _has(rules, card)
            ),
        ),
    )


def _has(rules: dict[str, str], card: Card) -> bool:
    return bool(rules.get(card.chip.id))


def _title(cards: list[Card]) -> str:
    paid = [card for card in cards if card.revenue_share is not None]
    if not paid:
        most = max(cards, key=lambda card: card.share or 0)
        return f"{clip(most.chip.name, 40)} is the largest segment: {share(most.share)}"
    top = max(paid, key=lambda card: (card.revenue_share or 0) - (card.share or 0))
    return (
        f"{clip(top.chip.name, 40)} is {share(top.share)} of customers and "
        f"{share(top.revenue_share)} of revenue"
    )


def _measured(told: Segments) -> str:
    """Return what the segments were made of, in a sentence."""
    notes = told.notes
    measured, until = notes.get("Measured on"), notes.get("Fitted on data until")
    if not measured or not until:
        return ""
    return (
        f"Segments are told by {measured}, fitted on data until {iso_day(until)} "
        "and frozen."
    )


def _chart(cards: list[Card], *, has_money: bool) -> Chart:
    names = ("Customers", "Revenue") if has_money else ("Customers",)
    return Chart(
        heading="Share of customers and of revenue",
        categories=names,
        series=tuple(
            Series(
                card.chip.name,
                (card.share, card.revenue_share)[: len(names)],
                (shade(card.chip),),
            )
            for card in cards
        ),
        form="parts",
        number="0%",
    )


def _table(cards: list[Card], rules: dict[str, str]) -> Table:
    return Table(
        heading="Who they are",
        columns=("Segment", "Customers", "Of revenue", "In words"),
        rows=tuple(
            (
                Cell(clip(card.chip.name, 24), card.chip),
                number(card.n),
                share(card.revenue_share),
                clip(rules.get(card.chip.id, ""), RULE),
            )
            for card in reversed(cards)
        ),
        widths=(1.35, 1.15, 1.2, 3.9),
        words=(0, 3),
    )


PART = Slide(30, "The segments", segments)
