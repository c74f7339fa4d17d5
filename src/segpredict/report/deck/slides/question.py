"""What was asked, and the answer in one chart: the mix today and the one expected."""

from segpredict.report._format import number, points, share
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
    Tiles,
    clip,
)
from segpredict.report.sections.headline import Headline, Move

WHO = "customers with a forecast"
MOST = 7  # segments in the table, for which the slide has room
SPLIT, GAP = 5, 0.4  # rows of the grid above the table, and of them below the chart


def question(story: Story) -> Page | None:
    """Return the first slide."""
    told = story.of(Headline)
    if told is None:
        return None
    days = story.bundle.window.horizon
    figures = [
        (number(sum(move.now for move in told.moves)), WHO) if told.moves else None,
        (number(days), "days foretold"),
        (number(told.trust.windows), "past windows it was tested on")
        if told.trust
        else None,
    ]
    tiles = Tiles(tuple(each for each in figures if each is not None))
    has_ends = any(move.low is not None for move in told.moves)
    things = [Placed(tiles, left=9, width=3)]
    if has_ends:
        things.insert(0, Placed(_table(told), width=9, top=SPLIT, height=12 - SPLIT))
    if told.moves:
        room = SPLIT - GAP if has_ends else 12
        things.insert(0, Placed(_mix(told), width=9, height=room))
    return Page(
        title=told.finding or story.bundle.title,
        lead=told.sentence if told.moves else "",
        things=tuple(things),
        notes=(
            f"The question. {told.sentence}",
            "Today: customers by the segment of their newest window. Expected: for "
            "each segment the sum of all customers' probabilities (scores.parquet), "
            "so it is a mean and not a count of names.",
            *((_interval(told),) if has_ends else ()),
            told.note,
            f"What is in use: {told.trust.shipped}. {told.trust.why}"
            if told.trust
            else "Nothing was tested yet: segpredict train-classifier.",
        ),
    )


def _mix(told: Headline) -> Chart:
    return Chart(
        heading="Customers by segment, share of all",
        categories=("Today", "Expected"),
        series=tuple(
            Series(
                move.chip.name,
                (move.share_now, move.share_expected),
                (shade(move.chip),),
            )
            for move in told.moves
        ),
        form="parts",
        number="0%",
    )


def _table(told: Headline) -> Table:
    """Return the two shares of each segment with the interval of the second."""
    size = len(told.moves)
    more = f"; the largest {MOST} of {size}" if size > MOST else ""
    largest = sorted(told.moves, key=lambda move: -move.expected)[:MOST]
    return Table(
        heading=f"The mix, with 80 % intervals from {_tests(told)}{more}",
        columns=("Segment", "Today", "Expected", "80 % interval", "Change"),
        rows=tuple(_row(move) for move in told.moves if move in largest),
        widths=(2.6, 1.2, 1.2, 1.7, 1.3),
    )


def _row(move: Move) -> tuple[str | Cell, ...]:
    now, then = move.share_now, move.share_expected
    ends = "–"
    if move.low is not None and move.high is not None:
        ends = f"{number(100 * move.low)} to {share(move.high, 0)}"
    return (
        Cell(clip(move.chip.name, 36), move.chip),
        share(now),
        share(then),
        ends,
        "–" if now is None or then is None else points(then - now),
    )


def _tests(told: Headline) -> str:
    return "one test" if told.tests == 1 else f"{told.tests} tests"


def _interval(told: Headline) -> str:
    return (
        f"80 % intervals: how far the shares foretold in {_tests(told)} were from "
        "those that came (root mean square), times Student's t. They hold what this "
        "shop's seasons did to earlier forecasts, and nothing that these never met."
    )


PART = Slide(10, "The question", question)
