"""Slides: the segments, how they were selected, and transitions between them."""

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

MAX_SEGMENTS_SHOWN = 8
MAX_RULE_LENGTH = 150  # letters of a rule


def segments_slide(source: DeckSource) -> SlidePage | None:
    """Return the slide of the segments; ``None`` where they were not measured."""
    context = source.context_of(SegmentsSection)
    rows = [row for row in context.rows if row.share is not None] if context else []
    if context is None or not rows:
        return None
    profiles = source.context_of(SegmentProfilesSection)
    rules = {p.badge.id: p.rule for p in profiles.profiles} if profiles else {}
    return SlidePage(
        title=_segments_title(rows),
        subtitle=_measured(context),
        elements=(
            PlacedElement(_segments_chart(rows, has_money=context.has_money), width=5),
            PlacedElement(_segments_table(rows[:MAX_SEGMENTS_SHOWN], rules), left=5, width=7),
        ),
        notes=(
            "Customers are all who bought in the look-back; each is in the segment of "
            "the newest window. Revenue is net of returns in that window "
            "(segmentation/profile.parquet).",
            "The descriptions come from a short decision tree; the segments themselves are "
            "the frozen rule in segmentation/model.json.",
            *(f"{row.badge.name}: {rules[row.badge.id]}." for row in rows if _has(rules, row)),
        ),
    )


def _has(rules: dict[str, str], row: SegmentRow) -> bool:
    return bool(rules.get(row.badge.id))


def _segments_title(rows: list[SegmentRow]) -> str:
    paid = [row for row in rows if row.revenue_share is not None]
    if not paid:
        most = max(rows, key=lambda row: row.share or 0)
        name = truncate_words(most.badge.name, 40)
        return f"{name} is the largest segment: {format_share(most.share)}"
    top = max(paid, key=lambda row: (row.revenue_share or 0) - (row.share or 0))
    return (
        f"{truncate_words(top.badge.name, 40)} is {format_share(top.share)} of customers and "
        f"{format_share(top.revenue_share)} of revenue"
    )


def _measured(context: SegmentsSection) -> str:
    """Return the inputs of the segments, as a sentence."""
    notes = context.notes
    measured, until = notes.get("Measured on"), notes.get("Fitted on data until")
    if not measured or not until:
        return ""
    return (
        f"Segments are based on {measured}, fitted on data until {format_iso_day(until)} and "
        "frozen."
    )


def _segments_chart(rows: list[SegmentRow], *, has_money: bool) -> SlideChart:
    names = ("Customers", "Revenue") if has_money else ("Customers",)
    return SlideChart(
        heading="Share of customers and of revenue",
        categories=names,
        series=tuple(
            ChartSeries(
                row.badge.name,
                (row.share, row.revenue_share)[: len(names)],
                (segment_colour(row.badge),),
            )
            for row in rows
        ),
        chart_type="parts",
        number_format="0%",
    )


def _segments_table(rows: list[SegmentRow], rules: dict[str, str]) -> SlideTable:
    return SlideTable(
        heading="Who they are",
        columns=("Segment", "Customers", "Of revenue", "Description"),
        rows=tuple(
            (
                SlideCell(truncate_words(row.badge.name, 24), row.badge),
                format_number(row.n),
                format_share(row.revenue_share),
                truncate_words(rules.get(row.badge.id, ""), MAX_RULE_LENGTH),
            )
            for row in reversed(rows)
        ),
        widths=(1.35, 1.15, 1.2, 3.9),
        words=(0, 3),
    )


STABILITY_LABEL = "Bootstrap stability"  # heading on the page
MAX_CANDIDATES_SHOWN = 9
SHOWN = ("k", "silhouette", "smallest_share", "largest_share")
GATE_COLUMN = "failed_gates"


def segment_selection_slide(source: DeckSource) -> SlidePage | None:
    """Return the slide of the candidates, or of the numbers of segments tried."""
    compared, context = (
        source.context_of(SegmentSelectionSection),
        source.context_of(SegmentsSection),
    )
    if compared is not None and compared.candidates:
        return _compared(compared)
    return None if context is None or not context.candidates else _tried(context)


def _compared(context: SegmentSelectionSection) -> SlidePage:
    candidates = context.candidates[:MAX_CANDIDATES_SHOWN]
    names = tuple(f"{each.algorithm}, {each.k} ({each.inputs})" for each in candidates)
    stability = context.headings.index(STABILITY_LABEL)
    selected = context.selected or "No candidate passes every gate, and none is selected"
    return SlidePage(
        title=f"{selected}: {context.n_passed} of {context.n_tried} candidates pass every gate",
        subtitle=f"Grade: {context.grade}. {context.meaning[:1].upper()}{context.meaning[1:]}.",
        elements=(
            PlacedElement(
                SlideChart(
                    heading="Stability for other customers (1 = the same segments)",
                    categories=names,
                    series=(
                        ChartSeries(
                            "Agreement (adjusted Rand index)",
                            tuple(each.figures[stability] for each in candidates),
                            tuple(
                                STRONG_COLOUR if c.is_selected else FILL_COLOUR for c in candidates
                            ),
                        ),
                    ),
                    number_format="0.00",
                ),
                width=6,
            ),
            PlacedElement(
                SlideTable(
                    heading="Failed gates",
                    columns=("Candidate", "Gates"),
                    rows=tuple(
                        (truncate_words(name, 42), truncate_words(_gates(each), 60))
                        for name, each in zip(names, candidates, strict=True)
                    ),
                    widths=(3, 3),
                    words=(0, 1),
                    strong=tuple(i for i, each in enumerate(candidates) if each.is_selected),
                ),
                left=6,
                width=6,
            ),
        ),
        notes=(
            f"{context.n_tried} candidates were measured (segmentation/candidates.csv): those that "
            "pass, best first, then the best one of every other algorithm.",
            "Agreement is the adjusted Rand index between segments fitted on bootstrap "
            "samples of the customers; 1 is the same, 0 is chance.",
            f"The next best: {context.runner_up}; its agreement with the selected one is "
            f"{format_number(context.similarity, 2)}."
            if context.runner_up
            else "No second candidate passes.",
            "This run uses the selected candidate."
            if context.is_applied
            else "This run does NOT use the selected candidate; it is shown for comparison.",
            *context.not_tried,
        ),
    )


def _gates(candidate: CandidateRow) -> str:
    if candidate.equivalent_to:
        return "the same segments as a simpler candidate"
    return ", ".join(candidate.failed_gates) or "passes all"


def _tried(context: SegmentsSection) -> SlidePage:
    places = {column.name: i for i, column in enumerate(context.candidate_columns)}
    tried = context.candidates[:MAX_CANDIDATES_SHOWN]
    chosen = [t for t in tried if t.is_selected]
    numbers = tuple(_at(t, places, "k") for t in tried)
    gate = GATE_COLUMN if GATE_COLUMN in places else None
    failing = [t for t in tried if gate and _at(t, places, gate)]
    selected = format_cell(_at(chosen[0], places, "k"), "whole") if chosen else "No number"
    fails = f"{len(failing)} of {len(tried)} numbers fail a gate" if gate else ""
    columns = [c for c in context.candidate_columns if c.name in (*SHOWN, gate)]
    return SlidePage(
        title=f"{selected} segments were selected" + (f"; {fails}" if fails else ""),
        subtitle=f"Tried with one algorithm, {_algorithm(context)}. Other "
        "algorithms were not compared in this run (segpredict cluster --compare).",
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
                    heading="Numbers of segments tried",
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
            "Each number of segments was fitted on windows that no test uses "
            "(segmentation/candidates.parquet). Gates come first: size of the smallest and "
            "the largest segment, number of customers, difference of neighbours. Of those "
            "that pass, the one with the best silhouette is selected.",
            "The silhouette is 1 where groups are far apart, 0 where they touch. Low "
            "values are usual for customers: segments are cuts, not natural clusters.",
        ),
    )


def _algorithm(context: SegmentsSection) -> str:
    name = str(context.notes.get("Algorithm", MISSING_TEXT))
    return ALGORITHM_LABELS.get(name, name)


def _at(tried: SegmentCountRow, places: dict[str, int], name: str) -> Any:
    return tried.values[places[name]] if name in places else None


def transitions_slide(source: DeckSource) -> SlidePage | None:
    """Return the slide of observed transitions; ``None`` where none were counted."""
    context = source.context_of(TransitionsSection)
    rows = [row for row in context.rows if row.n] if context else []
    if context is None or not rows:
        return None
    small = [truncate_words(row.badge.name, 24) for row in rows if row.is_small]
    return SlidePage(
        title=_transitions_title(context, rows),
        subtitle=context.note,
        elements=(
            PlacedElement(_transitions_chart(context, rows), width=6),
            PlacedElement(_transitions_table(context, rows), left=6, width=6),
        ),
        notes=(
            "Observed transitions (segmentation/transitions.parquet), not predicted ones. Each "
            "bar is all customers who began in one segment; its parts are their segments "
            "one window later.",
            "Brackets are 95 % intervals of the share.",
            *_prediction_note(context),
            f"Fewer than {context.min_customers} customers, so mostly random: {', '.join(small)}."
            if small
            else f"Every row has at least {context.min_customers} customers.",
        ),
    )


def _transitions_title(context: TransitionsSection, rows: list[TransitionRow]) -> str:
    if context.share_staying is None:
        return "Most of the customers counted here are new"
    known = {chip.id for chip in context.badges}
    stays = [(f.share, r) for r in rows if r.badge.id in known for f in _stay(r)]
    least = min(stays, key=lambda pair: pair[0])
    return (
        f"{format_share(context.share_staying, 0)} of customers stay in their segment for a "
        f"window; of {truncate_words(least[1].badge.name, 24)} only {format_share(least[0], 0)} do"
    )


def _prediction_note(context: TransitionsSection) -> tuple[str, ...]:
    if not context.n_predicted:
        return ()
    return (
        f"Of {context.n_predicted} predicted shares, {context.outside} observed ones are outside "
        "the prediction interval.",
    )


def _stay(row: TransitionRow) -> list[TransitionCell]:
    return [cell for cell in row.cells if cell.is_stay]


def _transitions_chart(context: TransitionsSection, rows: list[TransitionRow]) -> SlideChart:
    return SlideChart(
        heading="From a segment (bar) to the next (parts), share of its customers",
        categories=tuple(f"From {row.badge.name}" for row in rows),
        series=tuple(
            ChartSeries(
                chip.name, tuple(row.cells[place].share for row in rows), (segment_colour(chip),)
            )
            for place, chip in enumerate(context.badges)
        ),
        chart_type="parts",
        number_format="0%",
    )


def _transitions_table(context: TransitionsSection, rows: list[TransitionRow]) -> SlideTable:
    return SlideTable(
        heading="Share staying, and where most others go",
        columns=("From", "Customers", "Stay", "Most others go to"),
        rows=tuple(
            (
                SlideCell(truncate_words(row.badge.name, 20), row.badge),
                format_number(row.n),
                _stays(row),
                _leave(context, row),
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


def _leave(context: TransitionsSection, row: TransitionRow) -> SlideCell:
    left = [pair for pair in zip(row.cells, context.badges, strict=True) if not pair[0].is_stay]
    if not left or not max(cell.n for cell, _ in left):
        return SlideCell("–")
    cell, chip = max(left, key=lambda pair: pair[0].n)
    return SlideCell(f"{truncate_words(chip.name, 16)} {format_share(cell.share, 0)}", chip)
