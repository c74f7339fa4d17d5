"""What was asked, and the answer in one chart: the mix today and the one expected."""

from segpredict.report._format import number
from segpredict.report.deck._look import shade
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Tiles,
)
from segpredict.report.sections.headline import Headline

WHO = "customers with a forecast"


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
    things = [Placed(tiles, left=9, width=3)]
    if told.moves:
        things.insert(0, Placed(_mix(told), width=9))
    return Page(
        title=told.finding or story.bundle.title,
        lead=told.sentence if told.moves else "",
        things=tuple(things),
        notes=(
            f"The question. {told.sentence}",
            "Today: customers by the segment of their newest window. Expected: for "
            "each segment the sum of all customers' probabilities (scores.parquet), "
            "so it is a mean and not a count of names.",
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


PART = Slide(10, "The question", question)
