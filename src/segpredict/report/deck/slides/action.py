"""Who to act on, the experiment that shows whether it helps, and the next steps."""

from segpredict.report._format import day, money, number, share
from segpredict.report.deck._look import FILL, STRONG
from segpredict.report.deck._slide import (
    Cell,
    Chart,
    Page,
    Placed,
    Points,
    Series,
    Story,
    Table,
    clip,
)
from segpredict.report.sections.actions import Action, Actions
from segpredict.report.sections.choice import Choice
from segpredict.report.sections.demand import Demand
from segpredict.report.sections.headline import Headline
from segpredict.report.sections.topics import Topics
from segpredict.report.sections.verdict import Verdict
from segpredict.report.sections.worth import Held, Worth

BIG = 100_000  # from where charts tell thousands


def action(story: Story) -> Page | None:
    """Return the slide of the money at stake; none where nobody was valued."""
    told = story.of(Worth)
    held = [each for each in told.segments if each.chip is not None] if told else []
    if told is None or not held:
        return None
    currency = clip(story.bundle.currency, 4)
    return Page(
        title=_title(told, held, currency),
        lead=_tested(told),
        things=(
            Placed(_chart(held, currency), width=6),
            Placed(_table(told, held, currency), left=6, width=6),
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


def _title(told: Worth, held: list[Held], currency: str) -> str:
    most = max(held, key=lambda each: each.risk or 0)
    name = clip(most.chip.name if most.chip else "", 30)
    return (
        f"{money(told.everybody.risk, currency)} is at risk, most of it with {name}: "
        f"{money(most.risk, currency)} of {number(most.n)} customers"
    )


def _tested(told: Worth) -> str:
    if told.tested is None:
        return "Such claims were not tested in this run."
    low, high = (share(end, 0) for end in told.tested)
    return (
        f"In the tests {low} to {high} of the revenue at risk that was foretold came. "
        "An expectation if nothing is done, not what a campaign would save."
    )


def _chart(held: list[Held], currency: str) -> Chart:
    most = max((each.risk or 0, each.upside or 0) for each in held)
    is_big = max(most) >= BIG
    unit = f"{currency} thousand" if is_big else currency
    shown = list(reversed(held))
    return Chart(
        heading=f"At stake in the next window, {unit}".rstrip(", "),
        categories=tuple(each.chip.name for each in shown if each.chip),
        series=(
            Series("Revenue at risk", tuple(e.risk for e in shown), (STRONG,)),
            Series("Upside", tuple(e.upside for e in shown), (FILL,)),
        ),
        number="#,##0," if is_big else "#,##0",
    )


def _table(told: Worth, held: list[Held], currency: str) -> Table:
    named = [(Cell(clip(e.chip.name, 24), e.chip), e) for e in reversed(held) if e.chip]
    named.append((Cell("All"), told.everybody))
    return Table(
        heading="Worth of the customers who have a forecast",
        columns=("Segment now", "Customers", "At risk", "Upside", "Next window"),
        rows=tuple(
            (
                name,
                number(each.n),
                money(each.risk, currency, 0),
                money(each.upside, currency, 0),
                money(each.chain_next, currency, 0),
            )
            for name, each in named
        ),
        widths=(1.5, 1.25, 1.25, 1.15, 1.35),
        strong=(len(named) - 1,),
    )


HELD_OUT = share(0.1, 0)  # of every list, as the method asks (7.6)
MOST = 3
PLAIN = (
    "Eligible are all customers of the segment with a forecast; at stake is the sum of "
    "the slide before (worth/segments.csv): an expectation if nothing is done, not an "
    "effect.",
    "Marked untested, since this run knows of no experiment.",
)


def experiment(story: Story) -> Page | None:
    """Return the plan; none where nobody was valued, so that nobody is eligible."""
    plays, told = story.of(Actions), story.of(Worth)
    currency = clip(story.bundle.currency, 4)
    if plays is not None and plays.plays:
        ranked = plays.first or plays.plays[:MOST]
        return _page(story, _plays(ranked, currency), _weighed(ranked))
    rows = _arms(told, currency) if told else []
    return _page(story, _aims(rows), PLAIN) if rows else None


def _page(story: Story, table: Table, notes: tuple[str, ...]) -> Page:
    window = story.bundle.window
    until = day(window.outcome_end - 1)
    return Page(
        title="Only customers left alone at random will show what acting saves",
        lead="High risk is not the same as being open to be kept, so each list needs "
        "customers who are not contacted.",
        things=(
            Placed(table, width=7),
            Placed(
                Points(
                    heading="How",
                    sentences=(
                        f"Draw {HELD_OUT} of each list at random, or as many as the "
                        "test needs, before anybody is contacted; keep the draw.",
                        f"One outcome, fixed beforehand: spend from "
                        f"{day(window.outcome_start)} to {until}, of all who were "
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


def _plays(plays: tuple[Action, ...], currency: str) -> Table:
    return Table(
        heading="Plays with most at stake, and the test that each needs",
        columns=("Play", "Eligible", "At stake", "The test"),
        rows=tuple(
            (
                clip(play.title, 46),
                number(play.n),
                f"{money(play.at_stake.value, currency, 0)} {play.at_stake.kind}",
                clip(play.design.told, 190),
            )
            for play in plays
        ),
        widths=(2.1, 0.95, 1.35, 3.9),
        words=(0, 3),
    )


def _weighed(plays: tuple[Action, ...]) -> tuple[str, ...]:
    return (
        "Eligible, at stake and what a test needs come from the plays of this run "
        "(actions/): an expectation if nothing is done, not an effect. Segments that "
        "plays are for may overlap in customers; sums must not be added.",
        *(
            f"{play.title}: {play.action} {play.caution} {play.design.told} "
            f"{play.status}"
            for play in plays
        ),
    )


def _aims(rows: list[tuple[str | Cell, ...]]) -> Table:
    return Table(
        heading="Whom to try it on: untested",
        columns=("Segment now", "Aim", "Eligible", "At stake"),
        rows=tuple(rows),
        widths=(1.5, 2.6, 0.9, 1.2),
        words=(0, 1),
    )


def _arms(told: Worth, currency: str) -> list[tuple[str | Cell, ...]]:
    """Return the lists by what is at stake: those to hold, then those to raise."""
    known = [each for each in told.segments if each.chip is not None]
    hold = sorted(known, key=lambda each: -(each.risk or 0))
    rise = sorted(known, key=lambda each: -(each.upside or 0))
    return [
        *(
            _arm(e, "Hold those likely to fall", e.risk, currency)
            for e in hold[:MOST]
            if e.risk
        ),
        *(
            _arm(e, "Help those likely to rise", e.upside, currency)
            for e in rise[:MOST]
            if e.upside
        ),
    ]


def _arm(
    each: Held, aim: str, stake: float | None, currency: str
) -> tuple[str | Cell, ...]:
    name = each.chip.name if each.chip else ""
    return (
        Cell(clip(name, 24), each.chip),
        aim,
        number(each.n),
        money(stake, currency, 0),
    )


def steps(story: Story) -> Page:
    """Return the last slide."""
    window = story.bundle.window
    due = day(window.outcome_end)
    head = story.of(Headline)
    can_act = head is not None and bool(head.moves)
    return Page(
        title=f"Act with a random hold-out now; judge this forecast on {due}"
        if can_act
        else "The segments are made; the forecast comes next",
        lead=f"The forecast is for the {window.horizon} days before that day."
        if can_act
        else "",
        things=(
            Placed(
                Points(
                    heading="Next",
                    sentences=_numbered(_next(due))
                    if can_act
                    else ("Train, test and score: segpredict train-classifier.",),
                    size=16,
                ),
                width=7,
            ),
            Placed(
                Points(heading="Not in this run", sentences=_missing(story)),
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


def _missing(story: Story) -> tuple[str, ...]:
    """Return the parts that this run does not have, each with what makes it."""
    topics = story.of(Topics)
    tested = story.of(Verdict)
    found = [
        (
            "A test on later days: segpredict train-classifier.",
            tested is None or tested.pooled is None,
        ),
        (
            "Other ways to segment: segpredict cluster --compare.",
            story.of(Choice) is None,
        ),
        ("Reasons: segpredict explain.", topics is None),
        (
            "How sure the reasons are: segpredict explain.",
            topics is not None and not topics.refits,
        ),
        (
            "What customers are worth: segpredict train-classifier.",
            story.of(Worth) is None,
        ),
        ("Demand of products in the next window.", story.of(Demand) is None),
    ]
    return tuple(text for text, is_missing in found if is_missing)
