"""Who to act on, the experiment that shows whether it helps, and the next steps."""

from segpredict.report.context.campaigns import CampaignCard, CampaignsSection
from segpredict.report.context.customer_value import CustomerValueSection, SegmentValueRow
from segpredict.report.context.demand import DemandSection
from segpredict.report.context.drivers import DriversSection
from segpredict.report.context.evaluation import EvaluationSection
from segpredict.report.context.headline import HeadlineSection
from segpredict.report.context.segment_selection import SegmentSelectionSection
from segpredict.report.deck.slide import (
    BulletList,
    ChartSeries,
    DeckSource,
    PlacedElement,
    SlideCell,
    SlideChart,
    SlidePage,
    SlideTable,
    truncate_words,
)
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR
from segpredict.report.formatting import format_day, format_money, format_number, format_share

WHOLE_MONEY_FROM = 100_000  # from where charts tell thousands


def value_at_risk_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the money at stake; none where nobody was valued."""
    told = story.context_of(CustomerValueSection)
    held = [each for each in told.segments if each.badge is not None] if told else []
    if told is None or not held:
        return None
    currency = truncate_words(story.bundle.currency, 4)
    return SlidePage(
        title=_title(told, held, currency),
        subtitle=_tested(told),
        elements=(
            PlacedElement(_chart(held, currency), width=6),
            PlacedElement(_table(told, held, currency), left=6, width=6),
        ),
        notes=(
            "Revenue at risk: for each customer, over the segments below the present "
            "one, the probability times the difference of the segments' mean spend. "
            "Upside: the same over the segments above (worth/segments.csv).",
            "It is what is to be expected if nothing is done, not what a campaign "
            "would save: who is likely to leave need not be who can be held.",
            "Next window: what they are expected to spend, by the Markov chain of "
            "segments, discounted.",
            told.season,
            "Came: of the risk that was foretold in each past test, the share that "
            "came, by segment (worth/sums.csv).",
        ),
    )


def _title(told: CustomerValueSection, held: list[SegmentValueRow], currency: str) -> str:
    most = max(held, key=lambda each: each.value_at_risk or 0)
    name = truncate_words(most.badge.name if most.badge else "", 30)
    return (
        f"{format_money(told.total.value_at_risk, currency)} is at risk, most of it with {name}: "
        f"{format_money(most.value_at_risk, currency)} of {format_number(most.n)} customers"
    )


def _tested(told: CustomerValueSection) -> str:
    if told.backtested_sums is None:
        return "Such claims were not tested in this run."
    low, high = (format_share(end, 0) for end in told.backtested_sums)
    return (
        f"In the tests {low} to {high} of the revenue at risk that was foretold came. "
        "An expectation if nothing is done, not what a campaign would save."
    )


def _chart(held: list[SegmentValueRow], currency: str) -> SlideChart:
    most = max((each.value_at_risk or 0, each.upside or 0) for each in held)
    is_big = max(most) >= WHOLE_MONEY_FROM
    unit = f"{currency} thousand" if is_big else currency
    shown = list(reversed(held))
    return SlideChart(
        heading=f"At stake in the next window, {unit}".rstrip(", "),
        categories=tuple(each.badge.name for each in shown if each.badge),
        series=(
            ChartSeries("Revenue at risk", tuple(e.value_at_risk for e in shown), (STRONG_COLOUR,)),
            ChartSeries("Upside", tuple(e.upside for e in shown), (FILL_COLOUR,)),
        ),
        number_format="#,##0," if is_big else "#,##0",
    )


def _table(told: CustomerValueSection, held: list[SegmentValueRow], currency: str) -> SlideTable:
    named = [
        (SlideCell(truncate_words(e.badge.name, 24), e.badge), e) for e in reversed(held) if e.badge
    ]
    named.append((SlideCell("All"), told.total))
    return SlideTable(
        heading="Worth of the customers who have a forecast",
        columns=("Segment now", "Customers", "At risk", "Upside", "Next window"),
        rows=tuple(
            (
                name,
                format_number(each.n),
                format_money(each.value_at_risk, currency, 0),
                format_money(each.upside, currency, 0),
                format_money(each.clv_next_markov, currency, 0),
            )
            for name, each in named
        ),
        widths=(1.5, 1.25, 1.25, 1.15, 1.35),
        strong=(len(named) - 1,),
    )


HOLDOUT_TEXT = format_share(0.1, 0)  # of every list, as the method asks (7.6)
MOST = 3
PLAIN_TEST_TEXTS = (
    "Eligible are all customers of the segment with a forecast; at stake is the sum of "
    "the slide before (worth/segments.csv): an expectation if nothing is done, not an "
    "effect.",
    "Marked untested, since this run knows of no experiment.",
)


def experiment_slide(story: DeckSource) -> SlidePage | None:
    """Return the plan; none where nobody was valued, so that nobody is eligible."""
    plays, told = story.context_of(CampaignsSection), story.context_of(CustomerValueSection)
    currency = truncate_words(story.bundle.currency, 4)
    if plays is not None and plays.campaigns:
        ranked = plays.top_campaigns or plays.campaigns[:MOST]
        return _page(story, _plays(ranked, currency), _weighed(ranked))
    rows = _arms(told, currency) if told else []
    return _page(story, _aims(rows), PLAIN_TEST_TEXTS) if rows else None


def _page(story: DeckSource, table: SlideTable, notes: tuple[str, ...]) -> SlidePage:
    window = story.bundle.window
    until = format_day(window.outcome_end - 1)
    return SlidePage(
        title="Only customers left alone at random will show what acting saves",
        subtitle="High risk is not the same as being open to be kept, so each list needs "
        "customers who are not contacted.",
        elements=(
            PlacedElement(table, width=7),
            PlacedElement(
                BulletList(
                    heading="How",
                    sentences=(
                        f"Draw {HOLDOUT_TEXT} of each list at random, or as many as the "
                        "test needs, before anybody is contacted; keep the draw.",
                        f"One outcome, fixed beforehand: spend from "
                        f"{format_day(window.outcome_start)} to {until}, of all who were "
                        "drawn for contact, reached or not.",
                        "Spend of the window before takes out what was there already "
                        "and makes the difference surer.",
                        "Where a list is too small to show the effect that would pay, "
                        "do not split it.",
                        "To do nothing is a valid winner.",
                    ),
                ),
                left=7,
                width=5,
            ),
        ),
        notes=(
            *notes,
            "Intention to treat: whoever was drawn for contact counts, reached or not. "
            "Adjusting for the spend before is CUPED (Deng et al. 2013).",
        ),
    )


def _plays(campaigns: tuple[CampaignCard, ...], currency: str) -> SlideTable:
    return SlideTable(
        heading="Plays with most at stake, and the test that each needs",
        columns=("Play", "Eligible", "At stake", "The test"),
        rows=tuple(
            (
                truncate_words(play.title, 46),
                format_number(play.n),
                f"{format_money(play.at_stake.value, currency, 0)} {play.at_stake.kind}",
                truncate_words(play.test.text, 190),
            )
            for play in campaigns
        ),
        widths=(2.1, 0.95, 1.35, 3.9),
        words=(0, 3),
    )


def _weighed(campaigns: tuple[CampaignCard, ...]) -> tuple[str, ...]:
    return (
        "Eligible, at stake and what a test needs come from the plays of this run "
        "(actions/): an expectation if nothing is done, not an effect. Segments that "
        "plays are for may overlap in customers; sums must not be added.",
        *(
            f"{play.title}: {play.action} {play.caution} {play.test.text} {play.status}"
            for play in campaigns
        ),
    )


def _aims(rows: list[tuple[str | SlideCell, ...]]) -> SlideTable:
    return SlideTable(
        heading="Whom to try it on: untested",
        columns=("Segment now", "Aim", "Eligible", "At stake"),
        rows=tuple(rows),
        widths=(1.5, 2.6, 0.9, 1.2),
        words=(0, 1),
    )


def _arms(told: CustomerValueSection, currency: str) -> list[tuple[str | SlideCell, ...]]:
    """Return the lists by what is at stake: those to hold, then those to raise."""
    known = [each for each in told.segments if each.badge is not None]
    hold = sorted(known, key=lambda each: -(each.value_at_risk or 0))
    rise = sorted(known, key=lambda each: -(each.upside or 0))
    return [
        *(
            _arm(e, "Hold those likely to fall", e.value_at_risk, currency)
            for e in hold[:MOST]
            if e.value_at_risk
        ),
        *(
            _arm(e, "Help those likely to rise", e.upside, currency)
            for e in rise[:MOST]
            if e.upside
        ),
    ]


def _arm(
    each: SegmentValueRow, aim: str, stake: float | None, currency: str
) -> tuple[str | SlideCell, ...]:
    name = each.badge.name if each.badge else ""
    return (
        SlideCell(truncate_words(name, 24), each.badge),
        aim,
        format_number(each.n),
        format_money(stake, currency, 0),
    )


def next_steps_slide(story: DeckSource) -> SlidePage:
    """Return the last slide."""
    window = story.bundle.window
    due = format_day(window.outcome_end)
    head = story.context_of(HeadlineSection)
    can_act = head is not None and bool(head.segments)
    return SlidePage(
        title=f"Act with a random hold-out now; judge this forecast on {due}"
        if can_act
        else "The segments are made; the forecast comes next",
        subtitle=f"The forecast is for the {window.horizon} days before that day."
        if can_act
        else "",
        elements=(
            PlacedElement(
                BulletList(
                    heading="Next",
                    sentences=_numbered(_next(due))
                    if can_act
                    else ("Train, test and score: segpredict train-classifier.",),
                    size=16,
                ),
                width=7,
            ),
            PlacedElement(
                BulletList(heading="Not in this run", sentences=_missing(story)),
                left=7,
                width=5,
            ),
        ),
        notes=(
            f"The forecast is for the {window.horizon} days up to {due}; from that day "
            "on every probability can be compared with what came.",
            "Everything on these slides stands in the run folder, with its hashes in "
            "manifest.json; the page (report.html) has the whole of it.",
        ),
    )


def _next(due: str) -> tuple[str, ...]:
    return (
        "Agree on one list to act on, and on the outcome that decides.",
        "Draw who is left alone, then act.",
        "Score again when new orders are in (segpredict score); the segments stay "
        "the same, so moves can be followed.",
        f"On {due} compare what was foretold with what came, and what acting changed.",
        "Fit the segments anew only when they no longer fit (segpredict cluster "
        "--refit): ids are kept.",
    )


def _numbered(sentences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{i}. {text}" for i, text in enumerate(sentences, start=1))


def _missing(story: DeckSource) -> tuple[str, ...]:
    """Return the parts that this run does not have, each with what makes it."""
    topics = story.context_of(DriversSection)
    tested = story.context_of(EvaluationSection)
    found = [
        (
            "A test on later days: segpredict train-classifier.",
            tested is None or tested.pooled is None,
        ),
        (
            "Other ways to segment: segpredict cluster --compare.",
            story.context_of(SegmentSelectionSection) is None,
        ),
        ("Reasons: segpredict explain.", topics is None),
        (
            "How sure the reasons are: segpredict explain.",
            topics is not None and not topics.refits,
        ),
        (
            "What customers are worth: segpredict train-classifier.",
            story.context_of(CustomerValueSection) is None,
        ),
        ("Demand of products in the next window.", story.context_of(DemandSection) is None),
    ]
    return tuple(text for text, is_missing in found if is_missing)
