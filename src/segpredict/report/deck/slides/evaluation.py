"""What is predicted, how well, what drives it, and what customers will want."""

from segpredict.report.context._trust_box import TrustBox
from segpredict.report.context.demand import (
    DemandItemTable,
    DemandLevel,
    DemandMethod,
    DemandSection,
)
from segpredict.report.context.drivers import DriversSection, FeatureGroupRow
from segpredict.report.context.evaluation import (
    EvaluationSection,
    MetricComparison,
    MetricDifference,
)
from segpredict.report.context.headline import HeadlineSection
from segpredict.report.context.importance import ImportanceSection
from segpredict.report.deck.slide import (
    BulletList,
    ChartSeries,
    DeckSource,
    PlacedElement,
    SlideChart,
    SlidePage,
    SlideTable,
    join_names,
    truncate_words,
)
from segpredict.report.deck.style import FILL_COLOUR, INACTIVE_COLOUR, STRONG_COLOUR, WARNING_COLOUR
from segpredict.report.formatting import format_number, format_share

MOST_FORECAST = 14
SLIDE_METRIC = "log_loss"


def evaluation_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the contest; none where nothing was tested."""
    told, head = story.context_of(EvaluationSection), story.context_of(HeadlineSection)
    if told is None or told.pooled is None or head is None or head.trust is None:
        return None
    duels = [duel for duel in told.pooled.comparisons if duel.metric.name == SLIDE_METRIC]
    trust = head.trust
    things = [
        PlacedElement(_scores(trust), left=6, width=6, height=6),
        PlacedElement(_words(trust), left=6, width=6, top=6, height=6),
    ]
    if duels:
        things.insert(0, PlacedElement(_chart(duels[0]), width=6))
    tests = ", ".join(trial.cutoff for trial in told.windows)
    return SlidePage(
        title=duels[0].title.rstrip(".") if duels else f"{trust.selected} is in use",
        subtitle=f"{format_number(trust.n_forecasts)} forecasts of {format_number(told.pooled.customers)} "
        f"customers, in {trust.windows} windows that the model had not seen.",
        elements=tuple(things),
        notes=(
            f"Tests began on {tests or 'no day'}. Each has a model of its own, that "
            "knew only what was known by its day (classifier/evaluation.json).",
            *(f"{metric.label}: {metric.meaning}" for metric in told.metrics[:3]),
            "Bars are the model's log-loss less the baseline's: left of zero the model "
            "is better. Whiskers are 95 % intervals over customers. Dark: it may be "
            "claimed, since the interval excludes zero and every window agrees; pale: "
            "better, but not in every window or not surely; orange: worse.",
            "Skill is one less the log-loss over that of the reference, Markov.",
        ),
    )


def _chart(duel: MetricComparison) -> SlideChart:
    rows = duel.rows[:MOST_FORECAST]
    return SlideChart(
        heading="Log-loss: model less baseline (left of zero: the model is better)",
        categories=tuple(row.label for row in rows),
        series=(
            ChartSeries(
                "Model less baseline",
                tuple(row.value for row in rows),
                tuple(_forecast_colour(row) for row in rows),
                tuple(row.low for row in rows),
                tuple(row.high for row in rows),
            ),
        ),
        number_format="0.000",
    )


def _forecast_colour(row: MetricDifference) -> str:
    if row.outcome == "worse":
        return WARNING_COLOUR
    if row.outcome == "better":
        return STRONG_COLOUR if row.beats else FILL_COLOUR
    return INACTIVE_COLOUR


def _scores(trust: TrustBox) -> SlideTable:
    return SlideTable(
        heading="Never one accuracy alone",
        columns=("Forecast", "Accuracy", "Log-loss", "Skill"),
        rows=tuple(
            (
                truncate_words(score.label, 32),
                format_share(score.accuracy),
                format_number(score.log_loss, 3),
                format_share(score.skill) if score.skill is not None else "reference",
            )
            for score in trust.scores
        ),
        widths=(2.7, 1.05, 1.05, 1.15),
        strong=tuple(i for i, s in enumerate(trust.scores) if s.is_selected),
    )


def _words(trust: TrustBox) -> BulletList:
    fall = ("The model was no better, so a baseline is in use.",) if trust.is_fallback else ()
    return BulletList(
        heading="What is in use, and why",
        sentences=(*fall, truncate_words(trust.reason, 300)),
    )


MOST_DRIVERS = 8


def drivers_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the reasons; none where none were worked out."""
    told, columns = story.context_of(DriversSection), story.context_of(ImportanceSection)
    if told is None or not told.headlines:
        return None
    used = columns.in_use if columns else ""
    heads = told.headlines[:MOST_DRIVERS]
    first = f"{heads[0].name} moves the forecast most: {format_share(heads[0].share, 0)}"
    rest = [f"{head.name} {format_share(head.share, 0)}" for head in heads[1:3]]
    return SlidePage(
        title=f"{first} of all contributions" + "".join(f", {name}" for name in rest),
        subtitle=told.caution,
        elements=(
            PlacedElement(
                SlideChart(
                    heading="Share of all contributions, by kind",
                    categories=tuple(head.name for head in heads),
                    series=(
                        ChartSeries(
                            "Share",
                            tuple(head.share for head in heads),
                            tuple(FILL_COLOUR if i else STRONG_COLOUR for i in range(len(heads))),
                        ),
                    ),
                    number_format="0%",
                ),
                width=5,
            ),
            PlacedElement(_table(told), left=5, width=7),
        ),
        notes=(
            f"Mean size of exact SHAP values of {format_number(told.n_explained)} customers, "
            "over all future segments, in log-odds (explanation/). Columns that say "
            "the same are taken together.",
            _checked(told),
            f"The reasons are those of the trees; in use is {used}." if used else "",
            *told.notes,
            told.note,
        ),
    )


def _table(told: DriversSection) -> SlideTable:
    rows = told.rows[:MOST_DRIVERS]
    is_checked = told.refits > 0
    last = ("Loss if shuffled",) if is_checked else ()
    return SlideTable(
        heading="The strongest groups of columns",
        columns=("What it is", "Share", *last),
        rows=tuple(
            (
                truncate_words((row.meaning or row.name).rstrip("."), 76),
                format_share(row.share),
                *(_loss(row) if is_checked else ()),
            )
            for row in rows
        ),
        widths=(5.0, 0.8, 1.4) if is_checked else (5.0, 0.8),
    )


def _loss(row: FeatureGroupRow) -> tuple[str, ...]:
    sure = " (not sure)" if row.is_important is False else ""
    return (f"{format_number(row.permutation_loss, 3)}{sure}",)


def _checked(told: DriversSection) -> str:
    if not told.refits:
        return (
            "This was not cross-checked: segpredict explain fits the model again and "
            "again, shuffles columns and says how sure the ranks are."
        )
    agreed = told.agreement or {}
    measured = "; ".join(f"{name}: {value:.2f}" for name, value in agreed.items())
    return f"Cross-checked with {told.refits} models fitted anew. {measured}."


MOST_STOCK = 8


def demand_slide(story: DeckSource) -> SlidePage | None:
    """Return the slide of the demand; none where none was measured."""
    told = story.context_of(DemandSection)
    if told is None or not told.levels:
        return None
    shelves = [shelf for shelf in told.item_tables if len(shelf.items) > 1]
    chart = _items(shelves[-1], told.days) if shelves else _errors(told.levels[0])
    right = _orders(shelves[-1]) if shelves else _levels(told)
    return SlidePage(
        title=_title(told),
        subtitle=_lead(told),
        elements=(PlacedElement(chart, width=6), PlacedElement(right, left=6, width=6)),
        notes=(
            "Expected units: customers to be expected in each segment, newcomers too, "
            "times what one of them takes, with the season of last year (demand/).",
            "WAPE is the sum of absolute errors over the sum of what was sold, in "
            "tests on later days.",
            *(_spoken(level) for level in told.levels),
            f"Order up to: enough in {format_share(told.service_level, 0)} of windows where cost is "
            "not known.",
        ),
    )


def _title(told: DemandSection) -> str:
    good = [level.name.lower() for level in told.levels if level.is_published]
    if not good:
        return "No demand forecast was nearer than last year's window, so none is told"
    rest = [level.name.lower() for level in told.levels if not level.is_published]
    text = f"Demand is told for {join_names(good)}"
    return f"{text}, but not for {join_names(rest)}" if rest else text


def _lead(told: DemandSection) -> str:
    """Return what is told, and where a plain forecast was nearer all the same."""
    beaten = [
        f"for {level.name.lower()} {level.best_method.lower()} was nearest of all"
        for level in told.levels
        if level.is_published and not level.is_own_best and level.best_method
    ]
    rule = "Told is what was nearer than last year's window in at least two tests"
    return "; ".join([rule, *beaten]) + "."


def _spoken(level: DemandLevel) -> str:
    errors = ", ".join(f"{method.label} {format_share(method.pooled)}" for method in level.methods)
    return f"{level.name}: {level.reason} WAPE over all tests: {errors}."


def _items(shelf: DemandItemTable, days: int) -> SlideChart:
    items = shelf.items[:MOST_STOCK]
    return SlideChart(
        heading=f"{shelf.name}: units in the next {days} days",
        categories=tuple(item.name for item in items),
        series=(
            ChartSeries("Expected", tuple(item.expected for item in items), (STRONG_COLOUR,)),
            ChartSeries(
                "Same window last year", tuple(item.year_ago for item in items), (INACTIVE_COLOUR,)
            ),
        ),
    )


def _orders(shelf: DemandItemTable) -> SlideTable:
    return SlideTable(
        heading=f"The largest of {format_number(shelf.count)}: what to have in stock",
        columns=("", "Expected", "Interval", "Order up to"),
        rows=tuple(
            (
                truncate_words(item.name, 34),
                format_number(item.expected),
                f"{format_number(item.low)} to {format_number(item.high)}",
                format_number(item.order),
            )
            for item in shelf.items[:MOST_STOCK]
        ),
        widths=(2.6, 1.0, 1.5, 1.1),
    )


def _errors(level: DemandLevel) -> SlideChart:
    return SlideChart(
        heading=f"{level.name}: error of the forecasts in all tests (WAPE)",
        categories=tuple(method.label for method in level.methods),
        series=(
            ChartSeries(
                "WAPE",
                tuple(method.pooled for method in level.methods),
                tuple(_stock_colour(method) for method in level.methods),
            ),
        ),
        number_format="0%",
    )


def _stock_colour(method: DemandMethod) -> str:
    if method.is_own:
        return STRONG_COLOUR
    return INACTIVE_COLOUR if method.is_reference else FILL_COLOUR


def _levels(told: DemandSection) -> SlideTable:
    return SlideTable(
        heading="What was tested",
        columns=("Level", "Segments", "Last year", "Told?"),
        rows=tuple(
            (
                level.name,
                *(format_share(_error(level, is_ours=ours)) for ours in (True, False)),
                "yes" if level.is_published else "no",
            )
            for level in told.levels
        ),
        widths=(1.5, 1.0, 1.0, 0.7),
        words=(0, 3),
    )


def _error(level: DemandLevel, *, is_ours: bool) -> float | None:
    """Return the pooled error of ours, or of last year's window."""
    wanted = (m for m in level.methods if (m.is_own if is_ours else m.is_reference))
    found = next(wanted, None)
    return None if found is None else found.pooled
