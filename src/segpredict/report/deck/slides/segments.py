"""Who the segments are, how they were chosen, and how customers move between them."""

from typing import Any

from segpredict.report.context.segment_selection import (
    ALGORITHM_LABELS,
    CandidateRow,
    SegmentSelectionSection,
)
from segpredict.report.context.segments import (
    SegmentCountRow,
    SegmentProfilesSection,
    SegmentRow,
    SegmentsSection,
)
from segpredict.report.context.transitions import TransitionCell, TransitionRow, TransitionsSection
from segpredict.report.deck.slide import (
    ChartSeries,
    DeckSource,
    PlacedElement,
    SlideCell,
    SlideChart,
    SlidePage,
    SlideTable,
    truncate_words,
)
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR, segment_colour
from segpredict.report.formatting import (
    MISSING_TEXT,
    format_cell,
    format_iso_day,
    format_number,
    format_share,
)

MOST_SEGMENTS = 8
MAX_RULE_LENGTH = 150  # letters of a rule


def segments_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the segments; none where they were not measured."""
    told = story.context_of(SegmentsSection)
    cards = [card for card in told.rows if card.share is not None] if told else []
    if told is None or not cards:
        return None
    portraits = story.context_of(SegmentProfilesSection)
    rules = {p.badge.id: p.rule for p in portraits.profiles} if portraits else {}
    return SlidePage(
        title=_segments_title(cards),
        subtitle=_measured(told),
        elements=(
            PlacedElement(_segments_chart(cards, has_money=told.has_money), width=5),
            PlacedElement(_segments_table(cards[:MOST_SEGMENTS], rules), left=5, width=7),
        ),
        notes=(
            "Customers are all who bought in the look-back; each is in the segment of "
            "the newest window. Revenue is what they paid in that window for what they "
            "kept (segmentation/profile.parquet).",
            "The words are a short decision tree that was taught to say who is in a "
            "segment. It is a description; the segments themselves are the frozen rule "
            "in segmentation/model.json.",
            *(f"{card.badge.name}: {rules[card.badge.id]}." for card in cards if _has(rules, card)),
        ),
    )


def _has(rules: dict[str, str], card: SegmentRow) -> bool:
    return bool(rules.get(card.badge.id))


def _segments_title(cards: list[SegmentRow]) -> str:
    paid = [card for card in cards if card.revenue_share is not None]
    if not paid:
        most = max(cards, key=lambda card: card.share or 0)
        name = truncate_words(most.badge.name, 40)
        return f"{name} is the largest segment: {format_share(most.share)}"
    top = max(paid, key=lambda card: (card.revenue_share or 0) - (card.share or 0))
    return (
        f"{truncate_words(top.badge.name, 40)} is {format_share(top.share)} of customers and "
        f"{format_share(top.revenue_share)} of revenue"
    )


def _measured(told: SegmentsSection) -> str:
    """Return what the segments were made of, in a sentence."""
    notes = told.notes
    measured, until = notes.get("Measured on"), notes.get("Fitted on data until")
    if not measured or not until:
        return ""
    return (
        f"Segments are told by {measured}, fitted on data until {format_iso_day(until)} and frozen."
    )


def _segments_chart(cards: list[SegmentRow], *, has_money: bool) -> SlideChart:
    names = ("Customers", "Revenue") if has_money else ("Customers",)
    return SlideChart(
        heading="Share of customers and of revenue",
        categories=names,
        series=tuple(
            ChartSeries(
                card.badge.name,
                (card.share, card.revenue_share)[: len(names)],
                (segment_colour(card.badge),),
            )
            for card in cards
        ),
        chart_type="parts",
        number_format="0%",
    )


def _segments_table(cards: list[SegmentRow], rules: dict[str, str]) -> SlideTable:
    return SlideTable(
        heading="Who they are",
        columns=("Segment", "Customers", "Of revenue", "In words"),
        rows=tuple(
            (
                SlideCell(truncate_words(card.badge.name, 24), card.badge),
                format_number(card.n),
                format_share(card.revenue_share),
                truncate_words(rules.get(card.badge.id, ""), MAX_RULE_LENGTH),
            )
            for card in reversed(cards)
        ),
        widths=(1.35, 1.15, 1.2, 3.9),
        words=(0, 3),
    )


STABILITY_LABEL = "Other customers"  # heading of the agreement in bootstrap samples
MOST_CHOICE = 9
SHOWN = ("k", "silhouette", "smallest_share", "smallest", "largest_share", "largest")
GATES = ("failed", "gates_failed")


def choice(story: DeckSource) -> SlidePage | None:
    """Return the slide of the comparison, or of the numbers that were tried."""
    compared, told = story.context_of(SegmentSelectionSection), story.context_of(SegmentsSection)
    if compared is not None and compared.candidates:
        return _compared(compared)
    return None if told is None or not told.candidates else _tried(told)


def _compared(told: SegmentSelectionSection) -> SlidePage:
    ways = told.candidates[:MOST_CHOICE]
    names = tuple(f"{way.algorithm}, {way.k} ({way.inputs})" for way in ways)
    steady = told.headings.index(STABILITY_LABEL)
    taken = told.selected or "No way passes every gate, and none was taken"
    return SlidePage(
        title=f"{taken}: {told.n_passed} of {told.n_tried} ways pass every gate",
        subtitle=f"Grade: {told.grade}. {told.meaning[:1].upper()}{told.meaning[1:]}.",
        elements=(
            PlacedElement(
                SlideChart(
                    heading="How alike segments are for other customers (1 = the same)",
                    categories=names,
                    series=(
                        ChartSeries(
                            "Agreement (adjusted Rand index)",
                            tuple(way.figures[steady] for way in ways),
                            tuple(STRONG_COLOUR if w.is_selected else FILL_COLOUR for w in ways),
                        ),
                    ),
                    number_format="0.00",
                ),
                width=6,
            ),
            PlacedElement(
                SlideTable(
                    heading="Gates that were not passed",
                    columns=("Way", "Gates"),
                    rows=tuple(
                        (truncate_words(name, 42), truncate_words(_gates(way), 60))
                        for name, way in zip(names, ways, strict=True)
                    ),
                    widths=(3, 3),
                    words=(0, 1),
                    strong=tuple(i for i, way in enumerate(ways) if way.is_selected),
                ),
                left=6,
                width=6,
            ),
        ),
        notes=(
            f"{told.n_tried} ways were measured (segmentation/candidates.csv): those that "
            "pass, best first, then of every other algorithm the one that comes "
            "nearest.",
            "Agreement is the adjusted Rand index between segments fitted on bootstrap "
            "samples of the customers; 1 is the same, 0 is chance.",
            f"The next best: {told.runner_up}; its agreement with the one taken is "
            f"{format_number(told.similarity, 2)}."
            if told.runner_up
            else "There is no second way that passes.",
            "The segments of this run were made that way."
            if told.is_applied
            else "The segments of this run were NOT made that way; it is what the rule would take.",
            *told.not_tried,
        ),
    )


def _gates(way: CandidateRow) -> str:
    if way.equivalent_to:
        return "the same segments as a simpler way"
    return ", ".join(way.failed_gates) or "passes all"


def _tried(told: SegmentsSection) -> SlidePage:
    places = {column.name: i for i, column in enumerate(told.candidate_columns)}
    tried = told.candidates[:MOST_CHOICE]
    chosen = [t for t in tried if t.is_selected]
    numbers = tuple(_at(t, places, "k") for t in tried)
    gate = next((name for name in GATES if name in places), None)
    failing = [t for t in tried if gate and _at(t, places, gate)]
    taken = format_cell(_at(chosen[0], places, "k"), "whole") if chosen else "No number"
    fails = f"{len(failing)} of {len(tried)} numbers fail a gate" if gate else ""
    columns = [c for c in told.candidate_columns if c.name in (*SHOWN, gate)]
    return SlidePage(
        title=f"{taken} segments were taken" + (f"; {fails}" if fails else ""),
        subtitle=f"Tried with one algorithm, {_algorithm(told)}. Other "
        "ways to segment were not compared in this run (segpredict cluster --compare).",
        elements=(
            PlacedElement(
                SlideChart(
                    heading="Silhouette by number of segments",
                    categories=tuple(format_cell(k, "whole") for k in numbers),
                    series=(
                        ChartSeries(
                            "Silhouette",
                            tuple(_at(t, places, "silhouette") for t in tried),
                            tuple(STRONG_COLOUR if t.is_selected else FILL_COLOUR for t in tried),
                        ),
                    ),
                    chart_type="columns",
                    number_format="0.00",
                ),
                width=5,
            ),
            PlacedElement(
                SlideTable(
                    heading="What was tried",
                    columns=tuple(column.label for column in columns),
                    rows=tuple(
                        tuple(
                            truncate_words(format_cell(t.values[places[c.name]], c.kind), 60)
                            for c in columns
                        )
                        for t in tried
                    ),
                    widths=tuple(2.6 if c.name == gate else 1.25 for c in columns),
                    words=tuple(i for i, c in enumerate(columns) if c.name == gate),
                    strong=tuple(i for i, t in enumerate(tried) if t.is_selected),
                ),
                left=5,
                width=7,
            ),
        ),
        notes=(
            "Each number of segments was fitted on windows that no test sees "
            "(segments/candidates.parquet). Gates are asked first: how large the "
            "smallest and the largest segment are, how many customers are in each, "
            "how far neighbours lie apart. Of those that pass, the best silhouette is "
            "taken.",
            "The silhouette is 1 where groups are far apart, 0 where they touch. Low "
            "values are usual for customers: segments are cut, not found.",
        ),
    )


def _algorithm(told: SegmentsSection) -> str:
    name = str(told.notes.get("Algorithm", MISSING_TEXT))
    return ALGORITHM_LABELS.get(name, name)


def _at(tried: SegmentCountRow, places: dict[str, int], name: str) -> Any:
    return tried.values[places[name]] if name in places else None


def transitions_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the observed moves; none where none were counted."""
    told = story.context_of(TransitionsSection)
    rows = [row for row in told.rows if row.n] if told else []
    if told is None or not rows:
        return None
    thin = [truncate_words(row.badge.name, 24) for row in rows if row.is_small]
    return SlidePage(
        title=_moves_title(told, rows),
        subtitle=told.note,
        elements=(
            PlacedElement(_moves_chart(told, rows), width=6),
            PlacedElement(_moves_table(told, rows), left=6, width=6),
        ),
        notes=(
            "Moves that happened, counted (segmentation/transitions.parquet), not foretold. "
            "Each bar is all customers who began in one segment; its parts are where "
            "they were one window later.",
            "Brackets are 95 % intervals of the share.",
            *_foretold(told),
            f"Fewer than {told.min_customers} customers, so mostly chance: {', '.join(thin)}."
            if thin
            else f"Every row has at least {told.min_customers} customers.",
        ),
    )


def _moves_title(told: TransitionsSection, rows: list[TransitionRow]) -> str:
    if told.share_staying is None:
        return "Most of the customers counted here are new"
    known = {chip.id for chip in told.badges}
    stays = [(f.share, r) for r in rows if r.badge.id in known for f in _stay(r)]
    least = min(stays, key=lambda pair: pair[0])
    return (
        f"{format_share(told.share_staying, 0)} of customers stay in their segment for a window; "
        f"of {truncate_words(least[1].badge.name, 24)} only {format_share(least[0], 0)} do"
    )


def _foretold(told: TransitionsSection) -> tuple[str, ...]:
    if not told.has_predicted:
        return ()
    return (
        f"Of {told.has_predicted} shares that had been foretold, {told.outside} were "
        "counted outside their interval.",
    )


def _stay(row: TransitionRow) -> list[TransitionCell]:
    return [flow for flow in row.cells if flow.is_stay]


def _moves_chart(told: TransitionsSection, rows: list[TransitionRow]) -> SlideChart:
    return SlideChart(
        heading="From a segment (bar) to the next (parts), share of its customers",
        categories=tuple(f"From {row.badge.name}" for row in rows),
        series=tuple(
            ChartSeries(
                chip.name,
                tuple(row.cells[place].share for row in rows),
                (segment_colour(chip),),
            )
            for place, chip in enumerate(told.badges)
        ),
        chart_type="parts",
        number_format="0%",
    )


def _moves_table(told: TransitionsSection, rows: list[TransitionRow]) -> SlideTable:
    return SlideTable(
        heading="How many stay, and where most others go",
        columns=("From", "Customers", "Stay", "Most others go to"),
        rows=tuple(
            (
                SlideCell(truncate_words(row.badge.name, 20), row.badge),
                format_number(row.n),
                _stays(row),
                _leave(told, row),
            )
            for row in rows
        ),
        widths=(1.3, 1.15, 1.7, 1.75),
        words=(0, 3),
    )


def _stays(row: TransitionRow) -> str:
    stay = next(iter(_stay(row)), None)
    if stay is None:
        return "–"
    if stay.low is None or stay.high is None:
        return format_share(stay.share, 0)
    return f"{format_share(stay.share, 0)} [{stay.low:.0%}, {stay.high:.0%}]"


def _leave(told: TransitionsSection, row: TransitionRow) -> SlideCell:
    gone = [pair for pair in zip(row.cells, told.badges, strict=True) if not pair[0].is_stay]
    if not gone or not max(flow.n for flow, _ in gone):
        return SlideCell("–")
    flow, chip = max(gone, key=lambda pair: pair[0].n)
    return SlideCell(f"{truncate_words(chip.name, 16)} {format_share(flow.share, 0)}", chip)
