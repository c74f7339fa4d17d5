"""Slides: the question, the data, and the limits of the answer."""

from segpredict.core.ledger import LedgerEntry
from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.context import customer_value, evaluation, headline, ledger
from segpredict.report.context.probabilities import ProbabilitiesSection
from segpredict.report.context.segment_selection import SegmentSelectionSection
from segpredict.report.context.shop import ShopSection
from segpredict.report.deck import slide as s
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR
from segpredict.report.formatting import format_money, format_number, format_points, format_share

INTERVAL_NOTE = (
    "80 % intervals: root mean square difference of predicted and actual shares in "
    "{}, times Student's t. They reflect the seasons of these tests only."
)
MAX_SEGMENTS_SHOWN = 7  # segments in the table, for which the slide has room
CHART_COLUMNS, BAR_GAP = 5, 0.4  # rows of the grid above the table, and of them below the chart


def question_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the first slide."""
    context = source.context_of(headline.HeadlineSection)
    if context is None:
        return None
    currency = s.truncate_words(source.bundle.currency, 4)
    revenue = context.revenue
    figures = [_expected(source, currency)]
    if context.segments:
        customers = format_number(sum(move.customers_now for move in context.segments))
        figures.insert(0, (customers, "customers with a forecast"))
    if revenue.last_window is not None:
        figures.append((format_money(revenue.last_window, currency, 0), _growth(source)))
    if revenue.new_customers is not None:
        new = format_number(revenue.new_customers)
        figures.append((new, "new customers expected, as last year"))
    has_ends = any(move.low is not None for move in context.segments)
    elements = [s.PlacedElement(s.FigureTiles(tuple(figures)), left=9, width=3)]
    if has_ends:
        below, table = 12 - CHART_COLUMNS, _question_table(context)
        elements.insert(0, s.PlacedElement(table, width=9, top=CHART_COLUMNS, height=below))
    if context.segments:
        room = CHART_COLUMNS - BAR_GAP if has_ends else 12
        elements.insert(0, s.PlacedElement(_mix(context), width=9, height=room))
    return s.SlidePage(
        title=context.finding.rstrip(".") or source.bundle.title,
        subtitle=context.sentence if context.segments else "",
        elements=tuple(elements),
        notes=(
            f"The question. {context.sentence}",
            "Today: customers by the segment of their newest window. Expected: for "
            "each segment the sum of all customers' probabilities (scores.parquet), "
            "so it is an expected number, not a count.",
            *((INTERVAL_NOTE.format(_tests(context)),) if has_ends else ()),
            context.note,
            f"What is in use: {context.trust.selected}. {context.trust.reason}"
            if context.trust
            else "No model was tested yet: segpredict train-classifier.",
        ),
    )


def _expected(source: s.DeckSource, currency: str) -> tuple[str, str]:
    """Return the expected revenue with its interval, or else how many days are forecast."""
    value = source.context_of(customer_value.CustomerValueSection)
    days = format_number(source.bundle.window.horizon)
    if value is None or value.expected_total.value is None:
        return days, "days forecast"
    total = value.expected_total
    text = "expected of today's customers"
    if total.low is not None:
        ends = (format_money(end, currency, 0) for end in (total.low, total.high))
        text = f"{text}, 80\u202f% interval {' to '.join(ends)}"
    return format_money(total.value, currency, 0), text


def _growth(source: s.DeckSource) -> str:
    """Return what the revenue of the newest window is, compared with a year before."""
    text = f"revenue of the last {source.bundle.window.horizon} days"
    shop = source.context_of(ShopSection)
    row = next((row for row in shop.kpi_rows if row.kind == "money"), None) if shop else None
    before = row.last_year.value if row and row.last_year else None
    if row is None or row.now.value is None or not before:
        return text
    change = row.now.value / before - 1
    return f"{text}, {'+' if change > 0 else ''}{format_share(change, 0)} on a year before"


def _mix(context: headline.HeadlineSection) -> s.SlideChart:
    return s.parts_chart(
        "Customers by segment, share of all",
        ("Today", "Expected"),
        ((move.badge, (move.share_now, move.share_expected)) for move in context.segments),
    )


def _question_table(context: headline.HeadlineSection) -> s.SlideTable:
    """Return the two shares of each segment with the interval of the second."""
    size = len(context.segments)
    more = f"; the largest {MAX_SEGMENTS_SHOWN} of {size}" if size > MAX_SEGMENTS_SHOWN else ""
    by_size = sorted(context.segments, key=lambda move: -move.customers_expected)
    largest = by_size[:MAX_SEGMENTS_SHOWN]
    return s.SlideTable(
        heading=f"The mix, with 80 % intervals from {_tests(context)}{more}",
        columns={
            "Segment": 2.6,
            "Today": 1.2,
            "Expected": 1.2,
            "80 % interval": 1.7,
            "Change": 1.3,
        },
        rows=[_row(move) for move in context.segments if move in largest],
    )


def _row(move: headline.SegmentForecast) -> tuple[s.TableCell, ...]:
    now, then = move.share_now, move.share_expected
    ends = "–"
    if move.low is not None and move.high is not None:
        ends = f"{format_number(100 * move.low)} to {format_share(move.high, 0)}"
    return (
        s.segment_cell(move.badge, 36),
        format_share(now),
        format_share(then),
        ends,
        "–" if now is None or then is None else format_points(then - now),
    )


def _tests(context: headline.HeadlineSection) -> str:
    return "one backtest" if context.n_tests == 1 else f"{context.n_tests} backtests"


MAX_RULES_SHOWN = 7


def cleaning_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of rows read, excluded and used."""
    context = source.context_of(ledger.LedgerSection)
    if context is None or not context.read or context.share_used is None:
        return None
    left_out = (line for line in context.left_out if line.count.rows)
    excluded = sorted(left_out, key=lambda line: -line.count.rows)
    rows = sum(line.count.rows for line in context.read)
    title = f"{format_share(context.share_used)} of the {format_number(rows)} rows are used"
    if excluded:
        title += f". Most of the rest: {excluded[0].meaning[:1].lower()}{excluded[0].meaning[1:]}"
    table = _cleaning_table(context, excluded, source.bundle.currency)
    elements = [s.PlacedElement(table, left=5, width=7)]
    if excluded:
        elements.insert(0, s.PlacedElement(_chart(excluded[:MAX_RULES_SHOWN]), width=5))
    more = len(excluded) - MAX_RULES_SHOWN
    balance = "reconciles" if context.adds_up else "does NOT reconcile: please report this"
    return s.SlidePage(
        title=title,
        subtitle=f"The ledger {balance}: used and excluded rows against rows read, in rows, "
        "orders, customers and money.",
        elements=tuple(elements),
        notes=(
            "Each cleaning rule records the rows it excludes in the ledger (ledger.json). "
            "Rules run one after the other; an order or customer is counted at the rule "
            "that excludes its last row.",
            *(
                f"{line.meaning or line.rule} Rule {line.rule}: "
                f"{format_number(line.count.rows)} rows."
                for line in excluded
            ),
            "Rules without excluded rows are not shown"
            + (f", nor the {more} smallest." if more > 0 else "."),
        ),
    )


def _name(line: LedgerEntry) -> str:
    return (line.meaning or line.rule).rstrip(".")


def _chart(excluded: list[LedgerEntry]) -> s.SlideChart:
    return s.single_chart(
        "Excluded rows, by reason",
        "Excluded rows",
        map(_name, excluded),
        (line.count.rows for line in excluded),
        (FILL_COLOUR,),
    )


def _cleaning_table(
    context: ledger.LedgerSection, excluded: list[LedgerEntry], currency: str
) -> s.SlideTable:
    named = [("Read", line) for line in context.read]
    shown = excluded[:MAX_RULES_SHOWN]
    named += [(s.truncate_words(_name(line), 38), line) for line in shown]
    named += [("Used", line) for line in context.used]
    money = f"Money {s.truncate_words(currency, 4)}".strip()
    return s.SlideTable(
        heading="From rows read to rows used",
        columns={"": 3.4, "Rows": 1.15, "Orders": 0.9, "Customers": 1.15, money: 1.35},
        rows=[
            (
                name,
                format_number(line.count.rows),
                format_number(line.count.orders),
                format_number(line.count.customers),
                format_number(line.count.money / MONEY_SCALE),
            )
            for name, line in named
        ],
        strong=(0, len(named) - 1),
    )


ALL, ALL_CUSTOMERS = "all tests", "all customers"  # as on the page
CALIBRATION_METRIC = "ece"


def limits_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of limits."""
    head = source.context_of(headline.HeadlineSection)
    demo = source.context_of(evaluation.LeakageSection)
    appendix = source.context_of(ledger.AppendixSection)
    if head is None:
        return None
    limits = s.BulletList(heading="Limits of every number", sentences=_limits(source))
    elements = [s.PlacedElement(limits, width=6)]
    if demo is not None:
        elements.append(s.PlacedElement(_leakage_chart(demo), left=6, width=6, height=5.5))
    if head.read_first:
        right = s.BulletList(heading="Read this first", sentences=head.read_first, size=12)
        top = 6 if demo is not None else 0
        elements.append(s.PlacedElement(right, left=6, width=6, top=top, height=12 - top))
    return s.SlidePage(
        title=_title(source),
        subtitle="Mention these before you quote a number.",
        elements=tuple(elements),
        notes=(
            head.note,
            *(appendix.notes if appendix else ()),
            *(
                f"{test.meaning} {format_share(test.accuracy)}."
                for test in (demo.tests if demo else ())
            ),
        ),
    )


def _title(source: s.DeckSource) -> str:
    context = source.context_of(evaluation.EvaluationSection)
    count = len(context.windows) if context else 0
    if not count:
        return "No forecast was tested on later days"
    windows = "one past window" if count == 1 else f"{count} past windows"
    return f"Tested on {windows}: what is likely, not why"


def _limits(source: s.DeckSource) -> tuple[str, ...]:
    limits = [
        "Probabilities assume that the shop continues as before: no new prices, "
        "campaigns or competitors.",
        "Drivers of a forecast are associations, not causes.",
    ]
    limits += _backtest_limits(source)
    selection = source.context_of(SegmentSelectionSection)
    value = source.context_of(customer_value.CustomerValueSection)
    if selection is not None and selection.meaning:
        limits.append(f"Segments are {selection.grade}: {selection.meaning}.")
    if value is not None and value.backtested_sums is not None:
        low, high = (format_share(end, 0) for end in value.backtested_sums)
        limits.append(
            f"In backtests, {low} to {high} of the predicted revenue at risk was actually lost."
        )
    return tuple(limits)


def _backtest_limits(source: s.DeckSource) -> list[str]:
    """Return the errors of probabilities and prediction sets in the backtests."""
    limits, tested = [], source.context_of(evaluation.EvaluationSection)
    if tested is not None:
        place = [metric.name for metric in tested.metrics].index(CALIBRATION_METRIC)
        own = [row.values[place] for row in tested.leaderboard if row.is_model]
        if own and own[0] is not None:
            limits.append(f"The mean calibration error of probabilities is {format_share(own[0])}.")
    sets = source.context_of(ProbabilitiesSection)
    pooled = [e for e in sets.set_coverage if e.window == ALL] if sets else []
    limits += [
        f"Prediction sets with target coverage {format_share(sets.target if sets else None, 0)} "
        f"covered {format_share(each.value)} of {format_number(each.n)} outcomes."
        for each in pooled
        if each.group == ALL_CUSTOMERS
    ]
    return limits


def _leakage_chart(demo: evaluation.LeakageSection) -> s.SlideChart:
    return s.single_chart(
        "Accuracy of the same model in tests with leakage",
        "Accuracy",
        (test.meaning.split(":")[0] for test in demo.tests),
        (test.accuracy for test in demo.tests),
        (STRONG_COLOUR if test.is_honest else FILL_COLOUR for test in demo.tests),
        "0%",
    )
