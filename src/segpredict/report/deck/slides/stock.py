"""What customers will want, where such forecasts beat last year's window."""

from segpredict.report._format import number, share
from segpredict.report.deck._look import FILL, GONE, STRONG
from segpredict.report.deck._slide import (
    Chart,
    Page,
    Placed,
    Series,
    Slide,
    Story,
    Table,
    clip,
    listed,
)
from segpredict.report.sections.demand import Demand, Level, Method, Shelf

MOST = 8


def stock(story: Story) -> Page | None:
    """Return the slide of the demand; none where none was measured."""
    told = story.of(Demand)
    if told is None or not told.levels:
        return None
    shelves = [shelf for shelf in told.shelves if len(shelf.items) > 1]
    chart = _items(shelves[-1], told.days) if shelves else _errors(told.levels[0])
    right = _orders(shelves[-1]) if shelves else _levels(told)
    return Page(
        title=_title(told),
        lead=_lead(told),
        things=(Placed(chart, width=6), Placed(right, left=6, width=6)),
        notes=(
            "Expected units: customers to be expected in each segment, newcomers too, "
            "times what one of them takes, with the season of last year (demand/).",
            "WAPE is the sum of absolute errors over the sum of what was sold, in "
            "tests on later days.",
            *(_spoken(level) for level in told.levels),
            f"Order up to: enough in {share(told.service, 0)} of windows where cost is "
            "not known.",
        ),
    )


def _title(told: Demand) -> str:
    good = [level.name.lower() for level in told.levels if level.is_published]
    if not good:
        return "No demand forecast was nearer than last year's window, so none is told"
    rest = [level.name.lower() for level in told.levels if not level.is_published]
    text = f"Demand is told for {listed(good)}"
    return f"{text}, but not for {listed(rest)}" if rest else text


def _lead(told: Demand) -> str:
    """Return what is told, and where a plain forecast was nearer all the same."""
    beaten = [
        f"for {level.name.lower()} {level.nearest.lower()} was nearest of all"
        for level in told.levels
        if level.is_published and not level.is_nearest and level.nearest
    ]
    rule = "Told is what was nearer than last year's window in at least two tests"
    return "; ".join([rule, *beaten]) + "."


def _spoken(level: Level) -> str:
    errors = ", ".join(
        f"{method.label} {share(method.pooled)}" for method in level.methods
    )
    return f"{level.name}: {level.reason} WAPE over all tests: {errors}."


def _items(shelf: Shelf, days: int) -> Chart:
    items = shelf.items[:MOST]
    return Chart(
        heading=f"{shelf.name}: units in the next {days} days",
        categories=tuple(item.name for item in items),
        series=(
            Series("Expected", tuple(item.expected for item in items), (STRONG,)),
            Series(
                "Same window last year", tuple(item.year_ago for item in items), (GONE,)
            ),
        ),
    )


def _orders(shelf: Shelf) -> Table:
    return Table(
        heading=f"The largest of {number(shelf.count)}: what to have in stock",
        columns=("", "Expected", "Interval", "Order up to"),
        rows=tuple(
            (
                clip(item.name, 34),
                number(item.expected),
                f"{number(item.low)} to {number(item.high)}",
                number(item.order),
            )
            for item in shelf.items[:MOST]
        ),
        widths=(2.6, 1.0, 1.5, 1.1),
    )


def _errors(level: Level) -> Chart:
    return Chart(
        heading=f"{level.name}: error of the forecasts in all tests (WAPE)",
        categories=tuple(method.label for method in level.methods),
        series=(
            Series(
                "WAPE",
                tuple(method.pooled for method in level.methods),
                tuple(_colour(method) for method in level.methods),
            ),
        ),
        number="0%",
    )


def _colour(method: Method) -> str:
    if method.is_ours:
        return STRONG
    return GONE if method.is_reference else FILL


def _levels(told: Demand) -> Table:
    return Table(
        heading="What was tested",
        columns=("Level", "Segments", "Last year", "Told?"),
        rows=tuple(
            (
                level.name,
                *(share(_error(level, is_ours=ours)) for ours in (True, False)),
                "yes" if level.is_published else "no",
            )
            for level in told.levels
        ),
        widths=(1.5, 1.0, 1.0, 0.7),
        words=(0, 3),
    )


def _error(level: Level, *, is_ours: bool) -> float | None:
    """Return the pooled error of ours, or of last year's window."""
    wanted = (m for m in level.methods if (m.is_ours if is_ours else m.is_reference))
    found = next(wanted, None)
    return None if found is None else found.pooled


PART = Slide(90, "What to have in stock", stock)
