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
from segpredict.report.sections.worth import Held, Worth

HELD_OUT = share(0.1, 0)  # of every list, as the method asks (7.6)
MOST = 3


def experiment(story: Story) -> Page | None:
    """Return the plan; none where nobody was valued, so that nobody is eligible."""
    told = story.of(Worth)
    rows = _arms(told, clip(story.bundle.currency, 4)) if told else []
    if not rows:
        return None
    window = story.bundle.window
    until = day(window.outcome_end - 1)
    return Page(
        title=f"Only a random {HELD_OUT} left alone will show what acting saves",
        lead="The plan below is untested. High risk is not the same as being open to "
        "be kept, so each list needs customers who are not contacted.",
        things=(
            Placed(
                Table(
                    heading="Whom to try it on",
                    columns=("Segment now", "Aim", "Eligible", "At stake"),
                    rows=tuple(rows),
                    widths=(1.5, 2.6, 0.9, 1.2),
                    words=(0, 1),
                ),
                width=6,
            ),
            Placed(
                Points(
                    heading="How",
                    sentences=(
                        f"Draw {HELD_OUT} of each list at random and leave them alone. "
                        "Draw before anybody is contacted, and keep the draw.",
                        f"One outcome, fixed beforehand: spend from "
                        f"{day(window.outcome_start)} to {until}, of all who were "
                        "drawn for contact, reached or not.",
                        "Compare with those left alone; spend of the window before "
                        "takes out what was there already and makes it surer.",
                        "Work out beforehand how many are needed to see the effect "
                        "that would pay. Where a list is too small, do not split it.",
                        "To do nothing is a valid winner.",
                    ),
                ),
                left=6,
                width=6,
            ),
        ),
        notes=(
            "Eligible are all customers of the segment with a forecast; at stake is "
            "the sum of the slide before (worth/segments.csv): an expectation if "
            "nothing is done, not an effect.",
            "Intention to treat: whoever was drawn for contact counts, reached or not. "
            "Adjusting for the spend before is CUPED (Deng et al. 2013).",
            "Marked untested, since this run knows of no experiment.",
        ),
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
