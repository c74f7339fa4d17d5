"""Slides: the segments, how they were selected, and transitions between them."""

from dataclasses import replace

from segpredict.core.text import count_of
from segpredict.report.context import segment_selection, segments
from segpredict.report.context.transitions import TransitionCell, TransitionRow, TransitionsSection
from segpredict.report.deck import slide as s
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR
from segpredict.report.formatting import (
    MISSING_TEXT,
    format_cell,
    format_iso_day,
    format_number,
    format_share,
)

PREDICTION_NOTE = (
    "Of {0.n_predicted} predicted shares, {0.outside} observed ones are outside the prediction "
    "interval."
)
MAX_SEGMENTS_SHOWN = 8
MAX_RULE_LENGTH = 150  # letters of a rule


def segments_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the segments; ``None`` where they were not measured."""
    context = source.context_of(segments.SegmentsSection)
    rows = [row for row in context.rows if row.share is not None] if context else []
    if context is None or not rows:
        return None
    profiles = source.context_of(segments.SegmentProfilesSection)
    rules = {p.badge.id: p.rule for p in profiles.profiles} if profiles else {}
    return s.SlidePage(
        title=_segments_title(rows),
        subtitle=_measured(context),
        elements=s.side_by_side(
            _segments_chart(rows, has_money=context.has_money),
            _segments_table(rows[:MAX_SEGMENTS_SHOWN], rules),
            5,
        ),
        notes=(
            "Customers are all who bought in the look-back; each is in the segment of "
            "the newest window. Revenue is net of returns in that window "
            "(segmentation/profile.parquet).",
            "The descriptions come from a short decision tree; the segments themselves are "
            "the frozen rule in segmentation/model.json.",
            *(
                f"{row.badge.name}: {rules[row.badge.id]}."
                for row in rows
                if rules.get(row.badge.id)
            ),
        ),
    )


def _segments_title(rows: list[segments.SegmentRow]) -> str:
    paid = [row for row in rows if row.revenue_share is not None]
    if not paid:
        most = max(rows, key=lambda row: row.share or 0)
        name = s.truncate_words(most.badge.name, 40)
        return f"{name} is the largest segment: {format_share(most.share)}"
    top = max(paid, key=lambda row: (row.revenue_share or 0) - (row.share or 0))
    return (
        f"{s.truncate_words(top.badge.name, 40)} is {format_share(top.share)} of customers and "
        f"{format_share(top.revenue_share)} of revenue"
    )


def _measured(context: segments.SegmentsSection) -> str:
    """Return the inputs of the segments, as a sentence."""
    notes = context.notes
    measured, until = notes.get("Measured on"), notes.get("Fitted on data until")
    if not measured or not until:
        return ""
    return (
        f"Segments are based on {measured}, fitted on data until {format_iso_day(until)} and "
        "frozen."
    )


def _segments_chart(rows: list[segments.SegmentRow], *, has_money: bool) -> s.SlideChart:
    names = ("Customers", "Revenue") if has_money else ("Customers",)
    return s.parts_chart(
        "Share of customers and of revenue",
        names,
        ((row.badge, (row.share, row.revenue_share)[: len(names)]) for row in rows),
    )


def _segments_table(rows: list[segments.SegmentRow], rules: dict[str, str]) -> s.SlideTable:
    return s.SlideTable(
        heading="Who they are",
        columns={"Segment": 1.35, "Customers": 1.15, "Of revenue": 1.2, "Description": 3.9},
        rows=tuple(
            (
                s.segment_cell(row.badge),
                format_number(row.n),
                format_share(row.revenue_share),
                s.truncate_words(rules.get(row.badge.id, ""), MAX_RULE_LENGTH),
            )
            for row in reversed(rows)
        ),
        words=(0, 3),
    )


STABILITY_LABEL = "Bootstrap stability"  # heading on the page
MAX_CANDIDATES_SHOWN = 9
SHOWN = ("k", "silhouette", "smallest_share", "largest_share")
GATE_COLUMN = "failed_gates"


def segment_selection_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the candidates, or of the numbers of segments tried."""
    compared = source.context_of(segment_selection.SegmentSelectionSection)
    context = source.context_of(segments.SegmentsSection)
    if compared is not None and compared.candidates:
        return _compared(compared)
    return None if context is None or not context.candidates else _tried(context)


def _compared(context: segment_selection.SegmentSelectionSection) -> s.SlidePage:
    candidates = context.candidates[:MAX_CANDIDATES_SHOWN]
    names = tuple(f"{each.algorithm}, {each.k} ({each.inputs})" for each in candidates)
    stability = context.headings.index(STABILITY_LABEL)
    selected = context.selected or "No candidate passes every gate, and none is selected"
    chart = s.single_chart(
        "Stability for other customers (1 = the same segments)",
        "Agreement (adjusted Rand index)",
        names,
        (each.figures[stability] for each in candidates),
        (STRONG_COLOUR if each.is_selected else FILL_COLOUR for each in candidates),
        "0.00",
    )
    gates = s.SlideTable(
        heading="Failed gates",
        columns={"Candidate": 3, "Gates": 3},
        rows=tuple(
            (s.truncate_words(name, 42), s.truncate_words(_gates(each), 60))
            for name, each in zip(names, candidates, strict=True)
        ),
        words=(0, 1),
        strong=tuple(i for i, each in enumerate(candidates) if each.is_selected),
    )
    tried = count_of(context.n_tried, "candidate")
    return s.SlidePage(
        title=f"{selected}: {context.n_passed} of {tried} passed every gate",
        subtitle=f"Grade: {context.grade}. {context.meaning[:1].upper()}{context.meaning[1:]}.",
        elements=s.side_by_side(chart, gates),
        notes=(
            f"Measured: {tried} (segmentation/candidates.csv): those that pass, best first, "
            "then the best one of every other algorithm.",
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


def _gates(candidate: segment_selection.CandidateRow) -> str:
    if candidate.equivalent_to:
        return "the same segments as a simpler candidate"
    return ", ".join(candidate.failed_gates) or "passes all"


def _tried(context: segments.SegmentsSection) -> s.SlidePage:
    name = str(context.notes.get("Algorithm", MISSING_TEXT))
    algorithm = segment_selection.ALGORITHM_LABELS.get(name, name)
    columns = context.candidate_columns
    names = [column.name for column in columns]
    tried = context.candidates[:MAX_CANDIDATES_SHOWN]
    figures = [dict(zip(names, each.values, strict=True)) for each in tried]
    counts = [format_cell(each["k"], "whole") for each in figures]
    selected = [count for count, t in zip(counts, tried, strict=True) if t.is_selected]
    failing = sum(bool(each.get(GATE_COLUMN)) for each in figures)
    fails = f"; {failing} of {len(tried)} numbers fail a gate" if GATE_COLUMN in names else ""
    shown = [column for column in columns if column.name in (*SHOWN, GATE_COLUMN)]
    chart = s.single_chart(
        "Silhouette by number of segments",
        "Silhouette",
        counts,
        (each.get("silhouette") for each in figures),
        (STRONG_COLOUR if each.is_selected else FILL_COLOUR for each in tried),
        "0.00",
    )
    table = s.SlideTable(
        heading="Numbers of segments tried",
        columns={c.label: 2.6 if c.name == GATE_COLUMN else 1.25 for c in shown},
        rows=[
            tuple(s.truncate_words(format_cell(each[c.name], c.kind), 60) for c in shown)
            for each in figures
        ],
        words=tuple(i for i, c in enumerate(shown) if c.name == GATE_COLUMN),
        strong=tuple(i for i, each in enumerate(tried) if each.is_selected),
    )
    return s.SlidePage(
        title=f"{selected[0] if selected else 'No number'} segments were selected{fails}",
        subtitle=f"Tried with one algorithm, {algorithm}. Other "
        "algorithms were not compared in this run (segpredict cluster --compare).",
        elements=s.side_by_side(replace(chart, chart_type="columns"), table, 5),
        notes=(
            "Each number of segments was fitted on windows that no test uses "
            "(segmentation/candidates.parquet). Gates come first: size of the smallest and "
            "the largest segment, number of customers, difference of neighbours. Of those "
            "that pass, the one with the best silhouette is selected.",
            "The silhouette is 1 where groups are far apart, 0 where they touch. Low "
            "values are usual for customers: segments are cuts, not natural clusters.",
        ),
    )


def transitions_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of observed transitions; ``None`` where none were counted."""
    context = source.context_of(TransitionsSection)
    rows = [row for row in context.rows if row.n] if context else []
    if context is None or not rows:
        return None
    small = [s.truncate_words(row.badge.name, 24) for row in rows if row.is_small]
    return s.SlidePage(
        title=_transitions_title(context, rows),
        subtitle=context.note,
        elements=s.side_by_side(
            _transitions_chart(context, rows), _transitions_table(context, rows)
        ),
        notes=(
            "Observed transitions (segmentation/transitions.parquet), not predicted ones. Each "
            "bar is all customers who began in one segment; its parts are their segments "
            "one window later.",
            "Brackets are 95 % intervals of the share.",
            *([PREDICTION_NOTE.format(context)] if context.n_predicted else ()),
            f"Fewer than {context.min_customers} customers, so mostly random: {', '.join(small)}."
            if small
            else f"Every row has at least {context.min_customers} customers.",
        ),
    )


def _transitions_title(context: TransitionsSection, rows: list[TransitionRow]) -> str:
    if context.share_staying is None:
        return "Most of the customers counted here are new"
    known = {chip.id for chip in context.badges}
    stays = [(c.share, r.badge.name) for r in rows if r.badge.id in known for c in _stay(r)]
    least, name = min(stays, key=lambda pair: pair[0])
    return (
        f"{format_share(context.share_staying, 0)} of customers stay in their segment for a "
        f"window; of {s.truncate_words(name, 24)} only {format_share(least, 0)} do"
    )


def _stay(row: TransitionRow) -> list[TransitionCell]:
    return [cell for cell in row.cells if cell.is_stay]


def _transitions_chart(context: TransitionsSection, rows: list[TransitionRow]) -> s.SlideChart:
    return s.parts_chart(
        "From a segment (bar) to the next (parts), share of its customers",
        (f"From {row.badge.name}" for row in rows),
        (
            (badge, [row.cells[place].share for row in rows])
            for place, badge in enumerate(context.badges)
        ),
    )


def _transitions_table(context: TransitionsSection, rows: list[TransitionRow]) -> s.SlideTable:
    return s.SlideTable(
        heading="Share staying, and where most others go",
        columns={"From": 1.3, "Customers": 1.15, "Stay": 1.7, "Most others go to": 1.75},
        rows=tuple(
            (s.segment_cell(row.badge, 20), format_number(row.n), _stays(row), _leave(context, row))
            for row in rows
        ),
        words=(0, 3),
    )


def _stays(row: TransitionRow) -> str:
    stay = next(iter(_stay(row)), None)
    if stay is None:
        return "–"
    if stay.low is None or stay.high is None:
        return format_share(stay.share, 0)
    return f"{format_share(stay.share, 0)} [{stay.low:.0%}, {stay.high:.0%}]"


def _leave(context: TransitionsSection, row: TransitionRow) -> s.SlideCell:
    left = [pair for pair in zip(row.cells, context.badges, strict=True) if not pair[0].is_stay]
    if not left or not max(cell.n for cell, _ in left):
        return s.SlideCell("–")
    cell, chip = max(left, key=lambda pair: pair[0].n)
    return s.SlideCell(f"{s.truncate_words(chip.name, 16)} {format_share(cell.share, 0)}", chip)
