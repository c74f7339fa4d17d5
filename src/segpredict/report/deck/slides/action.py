"""Who to act on: the money at stake by segment, and what came of such claims."""

from segpredict.report._format import money, number, share
from segpredict.report.deck._look import FILL, STRONG
from segpredict.report.deck._slide import (
    Cell,
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Table,
    clip,
)
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


PART = Slide(80, "Who to act on", action)
