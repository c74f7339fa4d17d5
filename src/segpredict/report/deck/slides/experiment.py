"""How to find out whether acting helps: a plan, with who is eligible."""

from segpredict.report._format import day, money, number, share
from segpredict.report.deck._slide import (
    Cell,
    Page,
    Placed,
    Points,
    Slide,
    Story,
    Table,
    clip,
)
from segpredict.report.sections.actions import Action, Actions
from segpredict.report.sections.worth import Held, Worth

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


PART = Slide(100, "The experiment", experiment)
