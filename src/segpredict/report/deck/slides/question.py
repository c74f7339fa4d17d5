"""What was asked, of which data, and what a reader must know of the answer."""

from typing import Any

from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.context.customer_value import CustomerValueSection
from segpredict.report.context.evaluation import EvaluationSection, LeakageSection
from segpredict.report.context.headline import HeadlineSection, SegmentForecast
from segpredict.report.context.ledger import LedgerRow, LedgerSection
from segpredict.report.context.probabilities import ProbabilitiesSection
from segpredict.report.context.segment_selection import SegmentSelectionSection
from segpredict.report.deck.slide import (
    BulletList,
    ChartSeries,
    DeckSource,
    FigureTiles,
    PlacedElement,
    SlideCell,
    SlideChart,
    SlidePage,
    SlideTable,
    truncate_words,
)
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR, segment_colour
from segpredict.report.formatting import format_number, format_points, format_share

FORECAST_POPULATION = "customers with a forecast"
MOST_QUESTION = 7  # segments in the table, for which the slide has room
CHART_COLUMNS, BAR_GAP = 5, 0.4  # rows of the grid above the table, and of them below the chart


def question_slide(story: DeckSource) -> SlidePage | None:
    """Return the first slide."""
    told = story.context_of(HeadlineSection)
    if told is None:
        return None
    days = story.bundle.window.horizon
    figures = [
        (format_number(sum(move.customers_now for move in told.segments)), FORECAST_POPULATION)
        if told.segments
        else None,
        (format_number(days), "days foretold"),
        (format_number(told.trust.windows), "past windows it was tested on")
        if told.trust
        else None,
    ]
    tiles = FigureTiles(tuple(each for each in figures if each is not None))
    has_ends = any(move.low is not None for move in told.segments)
    things = [PlacedElement(tiles, left=9, width=3)]
    if has_ends:
        things.insert(
            0,
            PlacedElement(
                _question_table(told), width=9, top=CHART_COLUMNS, height=12 - CHART_COLUMNS
            ),
        )
    if told.segments:
        room = CHART_COLUMNS - BAR_GAP if has_ends else 12
        things.insert(0, PlacedElement(_mix(told), width=9, height=room))
    return SlidePage(
        title=told.finding or story.bundle.title,
        subtitle=told.sentence if told.segments else "",
        elements=tuple(things),
        notes=(
            f"The question. {told.sentence}",
            "Today: customers by the segment of their newest window. Expected: for "
            "each segment the sum of all customers' probabilities (scores.parquet), "
            "so it is a mean and not a count of names.",
            *((_interval(told),) if has_ends else ()),
            told.note,
            f"What is in use: {told.trust.selected}. {told.trust.reason}"
            if told.trust
            else "Nothing was tested yet: segpredict train-classifier.",
        ),
    )


def _mix(told: HeadlineSection) -> SlideChart:
    return SlideChart(
        heading="Customers by segment, share of all",
        categories=("Today", "Expected"),
        series=tuple(
            ChartSeries(
                move.badge.name,
                (move.share_now, move.share_expected),
                (segment_colour(move.badge),),
            )
            for move in told.segments
        ),
        chart_type="parts",
        number_format="0%",
    )


def _question_table(told: HeadlineSection) -> SlideTable:
    """Return the two shares of each segment with the interval of the second."""
    size = len(told.segments)
    more = f"; the largest {MOST_QUESTION} of {size}" if size > MOST_QUESTION else ""
    largest = sorted(told.segments, key=lambda move: -move.customers_expected)[:MOST_QUESTION]
    return SlideTable(
        heading=f"The mix, with 80 % intervals from {_tests(told)}{more}",
        columns=("Segment", "Today", "Expected", "80 % interval", "Change"),
        rows=tuple(_row(move) for move in told.segments if move in largest),
        widths=(2.6, 1.2, 1.2, 1.7, 1.3),
    )


def _row(move: SegmentForecast) -> tuple[str | SlideCell, ...]:
    now, then = move.share_now, move.share_expected
    ends = "–"
    if move.low is not None and move.high is not None:
        ends = f"{format_number(100 * move.low)} to {format_share(move.high, 0)}"
    return (
        SlideCell(truncate_words(move.badge.name, 36), move.badge),
        format_share(now),
        format_share(then),
        ends,
        "–" if now is None or then is None else format_points(then - now),
    )


def _tests(told: HeadlineSection) -> str:
    return "one test" if told.n_tests == 1 else f"{told.n_tests} tests"


def _interval(told: HeadlineSection) -> str:
    return (
        f"80 % intervals: how far the shares foretold in {_tests(told)} were from "
        "those that came (root mean square), times Student's t. They hold what this "
        "shop's seasons did to earlier forecasts, and nothing that these never met."
    )


MOST_CLEANING = 7


def cleaning_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of what came in, what was left out and what is used."""
    told = story.context_of(LedgerSection)
    if told is None or not told.read or told.share_used is None:
        return None
    lost = sorted(
        (line for line in told.left_out if line.count.rows), key=lambda li: -li.count.rows
    )
    rows = sum(line.count.rows for line in told.read)
    title = f"{format_share(told.share_used)} of the {format_number(rows)} rows are used"
    if lost:
        title += f". Most of the rest: {lost[0].meaning[:1].lower()}{lost[0].meaning[1:]}"
    things = [PlacedElement(_cleaning_table(told, lost, story.bundle.currency), left=5, width=7)]
    if lost:
        things.insert(0, PlacedElement(_chart(lost[:MOST_CLEANING]), width=5))
    balance = "adds up" if told.adds_up else "does NOT add up: please report this"
    return SlidePage(
        title=title,
        subtitle=f"The ledger {balance}: used and left out make what came in, in rows, "
        "orders, customers and money.",
        elements=tuple(things),
        notes=(
            "Each rule of cleaning writes what it takes out into the ledger "
            "(ledger.json). Rules run one after the other; an order or customer is "
            "charged to the rule after which nothing is left of it.",
            *(f"{_name(line)} {_told(line)}" for line in lost),
            "Rules that took nothing are not shown"
            + (
                f", nor the {len(lost) - MOST_CLEANING} smallest."
                if len(lost) > MOST_CLEANING
                else "."
            ),
        ),
    )


def _name(line: LedgerRow) -> str:
    return line.meaning or line.rule


def _told(line: LedgerRow) -> str:
    return f"Rule {line.rule}: {format_number(line.count.rows)} rows."


def _chart(lost: list[LedgerRow]) -> SlideChart:
    return SlideChart(
        heading="Rows left out, by reason",
        categories=tuple(_name(line).rstrip(".") for line in lost),
        series=(
            ChartSeries("Rows left out", tuple(line.count.rows for line in lost), (FILL_COLOUR,)),
        ),
    )


def _cleaning_table(told: LedgerSection, lost: list[LedgerRow], currency: str) -> SlideTable:
    named = [("Came in", line) for line in told.read]
    named += [(truncate_words(_name(line).rstrip("."), 38), line) for line in lost[:MOST_CLEANING]]
    named += [("Used", line) for line in told.used]
    rows = tuple(
        (
            name,
            format_number(line.count.rows),
            format_number(line.count.orders),
            format_number(line.count.customers),
            format_number(line.count.money / MONEY_SCALE),
        )
        for name, line in named
    )
    money = f"Money {truncate_words(currency, 4)}".strip()
    return SlideTable(
        heading="From what came in to what is used",
        columns=("", "Rows", "Orders", "Customers", money),
        rows=rows,
        widths=(3.4, 1.15, 0.9, 1.15, 1.35),
        strong=(0, len(rows) - 1),
    )


MOST_LIMITS = 3  # warnings of the run that are shown
MAX_WARNING_LENGTH = 140  # letters of a warning
ALL, EVERYBODY_GROUP = "all tests", "everybody"  # as the page names them
CALIBRATION_METRIC = "ece"


def limits_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of limits; the headline always has some."""
    head, seen = story.context_of(HeadlineSection), story.context_of(LeakageSection)
    if head is None:
        return None
    # Those of the forecast stand after those of the data.
    own = tuple(truncate_words(text, MAX_WARNING_LENGTH) for text in head.warnings[-MOST_LIMITS:])
    more = len(head.warnings) - len(own)
    if more > 0:
        own += (f"… and {more} more, on the page.",)
    known = BulletList(heading="What holds for every number here", sentences=_known(story))
    right = BulletList(heading="What this run warns of", sentences=own, size=12)
    things = [PlacedElement(known, width=6)]
    if seen is not None:
        things.append(PlacedElement(_careless(seen), left=6, width=6, height=5.5))
    if own:
        top = 6 if seen is not None else 0
        things.append(PlacedElement(right, left=6, width=6, top=top, height=12 - top))
    return SlidePage(
        title=_title(story),
        subtitle="Say these before a number is quoted.",
        elements=tuple(things),
        notes=(
            head.note,
            *head.warnings,
            *(f"{sight.meaning} {format_share(sight.accuracy)}." for sight in _sights(seen)),
        ),
    )


def _title(story: DeckSource) -> str:
    told = story.context_of(EvaluationSection)
    count = len(told.windows) if told else 0
    if not count:
        return "Nothing here was tested on days that came later"
    windows = "one past window" if count == 1 else f"{count} past windows"
    return f"Tested on {windows} only: what is likely, not why"


def _known(story: DeckSource) -> tuple[str, ...]:
    told = [
        "Probabilities are for the days ahead if the shop goes on as it did: no new "
        "prices, campaigns or rivals.",
        "What moves a forecast is an association, not a cause.",
    ]
    told += _judged(story)
    choice, worth = (
        story.context_of(SegmentSelectionSection),
        story.context_of(CustomerValueSection),
    )
    if choice is not None and choice.meaning:
        told.append(f"Segments are {choice.grade}: {choice.meaning}.")
    if worth is not None and worth.backtested_sums is not None:
        low, high = (format_share(end, 0) for end in worth.backtested_sums)
        told.append(f"Of the revenue at risk that was foretold, {low} to {high} came.")
    return tuple(told)


def _judged(story: DeckSource) -> list[str]:
    """Return how far probabilities and sets were off in the tests."""
    told, verdict = [], story.context_of(EvaluationSection)
    if verdict is not None and verdict.pooled is not None:
        place = [metric.name for metric in verdict.metrics].index(CALIBRATION_METRIC)
        own = [j.values[place] for j in verdict.pooled.models if j.is_model]
        if own and own[0] is not None:
            told.append(f"Stated probabilities were off by {format_share(own[0])} on average.")
    sets = story.context_of(ProbabilitiesSection)
    pooled = [e for e in sets.set_coverage if e.window == ALL] if sets else []
    told += [
        f"Prediction sets, meant to hold {format_share(sets.target if sets else None, 0)}, "
        f"held {format_share(each.value)} of {format_number(each.n)} outcomes."
        for each in pooled
        if each.group == EVERYBODY_GROUP
    ]
    return told


def _sights(seen: LeakageSection | None) -> tuple[Any, ...]:
    return seen.tests if seen is not None else ()


def _careless(seen: LeakageSection) -> SlideChart:
    return SlideChart(
        heading="Accuracy that careless tests of the same model would claim",
        categories=tuple(sight.meaning.split(":")[0] for sight in seen.tests),
        series=(
            ChartSeries(
                "Accuracy",
                tuple(sight.accuracy for sight in seen.tests),
                tuple(STRONG_COLOUR if s.is_honest else FILL_COLOUR for s in seen.tests),
            ),
        ),
        number_format="0%",
    )
