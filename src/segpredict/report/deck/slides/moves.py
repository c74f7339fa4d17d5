"""Where customers moved from one window to the next."""

from segpredict.report._format import number, share
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
    clip,
)
from segpredict.report.sections.migration import Flow, Migration, Row


def moves(story: Story) -> Page | None:
    """Return the slide of the observed moves; none where none were counted."""
    told = story.of(Migration)
    rows = [row for row in told.rows if row.n] if told else []
    if told is None or not rows:
        return None
    thin = [clip(row.chip.name, 24) for row in rows if row.is_thin]
    return Page(
        title=_title(told, rows),
        lead=told.note,
        things=(
            Placed(_chart(told, rows), width=6),
            Placed(_table(told, rows), left=6, width=6),
        ),
        notes=(
            "Moves that happened, counted (segments/migration.parquet), not foretold. "
            "Each bar is all customers who began in one segment; its parts are where "
            "they were one window later.",
            "Brackets are 95 % intervals of the share.",
            *_foretold(told),
            f"Fewer than {told.enough} customers, so mostly chance: {', '.join(thin)}."
            if thin
            else f"Every row has at least {told.enough} customers.",
        ),
    )


def _title(told: Migration, rows: list[Row]) -> str:
    if told.stay is None:
        return "Most of the customers counted here are new"
    known = {chip.id for chip in told.chips}
    stays = [(f.share, r) for r in rows if r.chip.id in known for f in _stay(r)]
    least = min(stays, key=lambda pair: pair[0])
    return (
        f"{share(told.stay, 0)} of customers stay in their segment for a window; "
        f"of {clip(least[1].chip.name, 24)} only {share(least[0], 0)} do"
    )


def _foretold(told: Migration) -> tuple[str, ...]:
    if not told.foretold:
        return ()
    return (
        f"Of {told.foretold} shares that had been foretold, {told.outside} were "
        "counted outside their interval.",
    )


def _stay(row: Row) -> list[Flow]:
    return [flow for flow in row.flows if flow.is_stay]


def _chart(told: Migration, rows: list[Row]) -> Chart:
    return Chart(
        heading="From a segment (bar) to the next (parts), share of its customers",
        categories=tuple(f"From {row.chip.name}" for row in rows),
        series=tuple(
            Series(
                chip.name,
                tuple(row.flows[place].share for row in rows),
                (shade(chip),),
            )
            for place, chip in enumerate(told.chips)
        ),
        form="parts",
        number="0%",
    )


def _table(told: Migration, rows: list[Row]) -> Table:
    return Table(
        heading="How many stay, and where most others go",
        columns=("From", "Customers", "Stay", "Most others go to"),
        rows=tuple(
            (
                Cell(clip(row.chip.name, 20), row.chip),
                number(row.n),
                _stays(row),
                _leave(told, row),
            )
            for row in rows
        ),
        widths=(1.3, 1.15, 1.7, 1.75),
        words=(0, 3),
    )


def _stays(row: Row) -> str:
    stay = next(iter(_stay(row)), None)
    if stay is None:
        return "–"
    if stay.low is None or stay.high is None:
        return share(stay.share, 0)
    return f"{share(stay.share, 0)} [{stay.low:.0%}, {stay.high:.0%}]"


def _leave(told: Migration, row: Row) -> Cell:
    gone = [
        pair for pair in zip(row.flows, told.chips, strict=True) if not pair[0].is_stay
    ]
    if not gone or not max(flow.n for flow, _ in gone):
        return Cell("–")
    flow, chip = max(gone, key=lambda pair: pair[0].n)
    return Cell(f"{clip(chip.name, 16)} {share(flow.share, 0)}", chip)


PART = Slide(50, "Where customers move", moves)
