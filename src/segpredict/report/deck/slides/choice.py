"""How the segments were chosen: among ways to segment, or among their numbers."""

from typing import Any

from segpredict.report._format import NOTHING, cell, number
from segpredict.report.deck._look import FILL, STRONG
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Table,
    clip,
)
from segpredict.report.sections.choice import ALGORITHMS, Choice, Way
from segpredict.report.sections.segments import Segments, Tried

STABLE = "Other customers"  # heading of the agreement in bootstrap samples
MOST = 9
SHOWN = ("k", "silhouette", "smallest_share", "smallest", "largest_share", "largest")
GATES = ("failed", "gates_failed")


def choice(story: Story) -> Page | None:
    """Return the slide of the comparison, or of the numbers that were tried."""
    compared, told = story.of(Choice), story.of(Segments)
    if compared is not None and compared.ways:
        return _compared(compared)
    return None if told is None or not told.tried else _tried(told)


def _compared(told: Choice) -> Page:
    ways = told.ways[:MOST]
    names = tuple(f"{way.algorithm}, {way.k} ({way.instrument})" for way in ways)
    steady = told.headings.index(STABLE)
    taken = told.taken or "No way passes every gate, and none was taken"
    return Page(
        title=f"{taken}: {told.passed} of {told.tried} ways pass every gate",
        lead=f"Grade: {told.grade}. {told.meaning[:1].upper()}{told.meaning[1:]}.",
        things=(
            Placed(
                Chart(
                    heading="How alike segments are for other customers (1 = the same)",
                    categories=names,
                    series=(
                        Series(
                            "Agreement (adjusted Rand index)",
                            tuple(way.figures[steady] for way in ways),
                            tuple(STRONG if w.is_taken else FILL for w in ways),
                        ),
                    ),
                    number="0.00",
                ),
                width=6,
            ),
            Placed(
                Table(
                    heading="Gates that were not passed",
                    columns=("Way", "Gates"),
                    rows=tuple(
                        (clip(name, 42), clip(_gates(way), 60))
                        for name, way in zip(names, ways, strict=True)
                    ),
                    widths=(3, 3),
                    words=(0, 1),
                    strong=tuple(i for i, way in enumerate(ways) if way.is_taken),
                ),
                left=6,
                width=6,
            ),
        ),
        notes=(
            f"{told.tried} ways were measured (segments/comparison.csv): those that "
            "pass, best first, then of every other algorithm the one that comes "
            "nearest.",
            "Agreement is the adjusted Rand index between segments fitted on bootstrap "
            "samples of the customers; 1 is the same, 0 is chance.",
            f"The next best: {told.runner_up}; its agreement with the one taken is "
            f"{number(told.alike, 2)}."
            if told.runner_up
            else "There is no second way that passes.",
            "The segments of this run were made that way."
            if told.is_applied
            else "The segments of this run were NOT made that way; it is what the rule "
            "would take.",
            *told.absent,
        ),
    )


def _gates(way: Way) -> str:
    if way.twin:
        return "the same segments as a simpler way"
    return ", ".join(way.failed) or "passes all"


def _tried(told: Segments) -> Page:
    places = {column.name: i for i, column in enumerate(told.tried_columns)}
    tried = told.tried[:MOST]
    chosen = [t for t in tried if t.is_chosen]
    numbers = tuple(_at(t, places, "k") for t in tried)
    gate = next((name for name in GATES if name in places), None)
    failing = [t for t in tried if gate and _at(t, places, gate)]
    taken = cell(_at(chosen[0], places, "k"), "whole") if chosen else "No number"
    fails = f"{len(failing)} of {len(tried)} numbers fail a gate" if gate else ""
    columns = [c for c in told.tried_columns if c.name in (*SHOWN, gate)]
    return Page(
        title=f"{taken} segments were taken" + (f"; {fails}" if fails else ""),
        lead=f"Tried with one algorithm, {_algorithm(told)}. Other "
        "ways to segment were not compared in this run (segpredict cluster --compare).",
        things=(
            Placed(
                Chart(
                    heading="Silhouette by number of segments",
                    categories=tuple(cell(k, "whole") for k in numbers),
                    series=(
                        Series(
                            "Silhouette",
                            tuple(_at(t, places, "silhouette") for t in tried),
                            tuple(STRONG if t.is_chosen else FILL for t in tried),
                        ),
                    ),
                    form="columns",
                    number="0.00",
                ),
                width=5,
            ),
            Placed(
                Table(
                    heading="What was tried",
                    columns=tuple(column.label for column in columns),
                    rows=tuple(
                        tuple(
                            clip(cell(t.values[places[c.name]], c.kind), 60)
                            for c in columns
                        )
                        for t in tried
                    ),
                    widths=tuple(2.6 if c.name == gate else 1.25 for c in columns),
                    words=tuple(i for i, c in enumerate(columns) if c.name == gate),
                    strong=tuple(i for i, t in enumerate(tried) if t.is_chosen),
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


def _algorithm(told: Segments) -> str:
    name = str(told.notes.get("Algorithm", NOTHING))
    return ALGORITHMS.get(name, name)


def _at(tried: Tried, places: dict[str, int], name: str) -> Any:
    return tried.values[places[name]] if name in places else None


PART = Slide(40, "How they were chosen", choice)
