"""Where the rows of the input went, and what they were worth."""

from segpredict.report._format import number, share
from segpredict.report.deck._look import FILL
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
from segpredict.report.sections.ledger import LedgerPage, Line
from segpredict.tables import MONEY

MOST = 7


def cleaning(story: Story) -> Page | None:
    """Return the slide of what came in, what was left out and what is used."""
    told = story.of(LedgerPage)
    if told is None or not told.given or told.share_used is None:
        return None
    lost = sorted(
        (line for line in told.lost if line.count.rows), key=lambda li: -li.count.rows
    )
    rows = sum(line.count.rows for line in told.given)
    title = f"{share(told.share_used)} of the {number(rows)} rows are used"
    if lost:
        title += (
            f". Most of the rest: {lost[0].meaning[:1].lower()}{lost[0].meaning[1:]}"
        )
    things = [Placed(_table(told, lost, story.bundle.currency), left=5, width=7)]
    if lost:
        things.insert(0, Placed(_chart(lost[:MOST]), width=5))
    balance = "adds up" if told.adds_up else "does NOT add up: please report this"
    return Page(
        title=title,
        lead=f"The ledger {balance}: used and left out make what came in, in rows, "
        "orders, customers and money.",
        things=tuple(things),
        notes=(
            "Each rule of cleaning writes what it takes out into the ledger "
            "(ledger.json). Rules run one after the other; an order or customer is "
            "charged to the rule after which nothing is left of it.",
            *(f"{_name(line)} {_told(line)}" for line in lost),
            "Rules that took nothing are not shown"
            + (f", nor the {len(lost) - MOST} smallest." if len(lost) > MOST else "."),
        ),
    )


def _name(line: Line) -> str:
    return line.meaning or line.rule


def _told(line: Line) -> str:
    return f"Rule {line.rule}: {number(line.count.rows)} rows."


def _chart(lost: list[Line]) -> Chart:
    return Chart(
        heading="Rows left out, by reason",
        categories=tuple(_name(line).rstrip(".") for line in lost),
        series=(
            Series("Rows left out", tuple(line.count.rows for line in lost), (FILL,)),
        ),
    )


def _table(told: LedgerPage, lost: list[Line], currency: str) -> Table:
    named = [("Came in", line) for line in told.given]
    named += [(clip(_name(line).rstrip("."), 38), line) for line in lost[:MOST]]
    named += [("Used", line) for line in told.used]
    rows = tuple(
        (
            name,
            number(line.count.rows),
            number(line.count.orders),
            number(line.count.customers),
            number(line.count.money / MONEY),
        )
        for name, line in named
    )
    money = f"Money {clip(currency, 4)}".strip()
    return Table(
        heading="From what came in to what is used",
        columns=("", "Rows", "Orders", "Customers", money),
        rows=rows,
        widths=(3.4, 1.15, 0.9, 1.15, 1.35),
        strong=(0, len(rows) - 1),
    )


PART = Slide(20, "The data, and what cleaning left out", cleaning)
