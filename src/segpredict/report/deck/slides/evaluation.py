"""Slides: evaluation of the forecast, its drivers, and expected demand."""

from segpredict.report.context import demand, drivers, evaluation, headline, importance
from segpredict.report.context._trust_box import TrustBox
from segpredict.report.deck import slide as s
from segpredict.report.deck.style import FILL_COLOUR, INACTIVE_COLOUR, STRONG_COLOUR, WARNING_COLOUR
from segpredict.report.formatting import format_number, format_share

MAX_BASELINES_SHOWN = 14
SLIDE_METRIC = "log_loss"


def evaluation_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the evaluation; ``None`` where nothing was tested."""
    context = source.context_of(evaluation.EvaluationSection)
    head = source.context_of(headline.HeadlineSection)
    if context is None or context.pooled is None or head is None or head.trust is None:
        return None
    comparisons = [each for each in context.pooled.comparisons if each.metric.name == SLIDE_METRIC]
    trust = head.trust
    fallback = (
        ("Before the tests a baseline was better, so it is in use.",) if trust.is_fallback else ()
    )
    reason = s.BulletList(
        heading="What is in use, and why",
        sentences=(*fallback, s.truncate_words(trust.reason, 300)),
    )
    elements = [
        s.PlacedElement(_scores(trust), left=6, width=6, height=6),
        s.PlacedElement(reason, left=6, width=6, top=6, height=6),
    ]
    if comparisons:
        elements.insert(0, s.PlacedElement(_chart(comparisons[0]), width=6))
    tests = ", ".join(window.cutoff for window in context.windows)
    return s.SlidePage(
        title=comparisons[0].title.rstrip(".") if comparisons else f"{trust.selected} is in use",
        subtitle=f"{format_number(trust.n_forecasts)} forecasts of "
        f"{format_number(context.pooled.customers)} customers, in {trust.windows} windows after "
        "the training data.",
        elements=tuple(elements),
        notes=(
            f"Tests began on {tests or 'no day'}. Each has its own model, trained on data from "
            "before that day (classifier/evaluation.json).",
            *(f"{metric.label}: {metric.meaning}" for metric in context.metrics[:3]),
            "Bars are the model's log-loss minus the baseline's: left of zero the model "
            "is better. Whiskers are 95 % confidence intervals. Dark: significantly "
            "better, and in every window; pale: better, but not in every window or "
            "not significantly; orange: worse.",
            "Skill is one minus the ratio of the log-loss to that of the Markov chain.",
        ),
    )


def _chart(comparison: evaluation.MetricComparison) -> s.SlideChart:
    rows = comparison.rows[:MAX_BASELINES_SHOWN]
    return s.SlideChart(
        heading="Log-loss: model minus baseline (left of zero: the model is better)",
        categories=tuple(row.label for row in rows),
        series=(
            s.ChartSeries(
                "Model minus baseline",
                tuple(row.value for row in rows),
                tuple(_forecast_colour(row) for row in rows),
                tuple(row.low for row in rows),
                tuple(row.high for row in rows),
            ),
        ),
        number_format="0.000",
    )


def _forecast_colour(row: evaluation.MetricDifference) -> str:
    if row.outcome == "worse":
        return WARNING_COLOUR
    if row.outcome == "better":
        return STRONG_COLOUR if row.beats else FILL_COLOUR
    return INACTIVE_COLOUR


def _scores(trust: TrustBox) -> s.SlideTable:
    return s.SlideTable(
        heading="Scores in all test windows",
        columns=("Forecast", "Accuracy", "Log-loss", "Skill"),
        rows=tuple(
            (
                s.truncate_words(score.label, 32),
                format_share(score.accuracy),
                format_number(score.log_loss, 3),
                format_share(score.skill) if score.skill is not None else "reference",
            )
            for score in trust.scores
        ),
        widths=(2.7, 1.05, 1.05, 1.15),
        strong=tuple(i for i, score in enumerate(trust.scores) if score.is_selected),
    )


MAX_DRIVERS_SHOWN = 8


def drivers_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the drivers; ``None`` where nothing was explained."""
    context = source.context_of(drivers.DriversSection)
    features = source.context_of(importance.ImportanceSection)
    if context is None or not context.headlines:
        return None
    used = features.in_use if features else ""
    heads = context.headlines[:MAX_DRIVERS_SHOWN]
    first = f"{heads[0].name} moves the forecast most: {format_share(heads[0].share, 0)}"
    rest = [f"{head.name} {format_share(head.share, 0)}" for head in heads[1:3]]
    chart = s.single_chart(
        "Share of all contributions, by driver",
        "Share",
        (head.name for head in heads),
        (head.share for head in heads),
        (FILL_COLOUR if i else STRONG_COLOUR for i in range(len(heads))),
        "0%",
    )
    return s.SlidePage(
        title=f"{first} of all contributions" + "".join(f", {name}" for name in rest),
        subtitle=context.caution,
        elements=s.side_by_side(chart, _table(context), 5),
        notes=(
            f"Mean size of exact SHAP values of {format_number(context.n_explained)} customers, "
            "over all future segments, in log-odds (explain/). Correlated "
            "features are grouped.",
            _checked(context),
            f"The ensemble is explained; in use is {used}." if used else "",
            *context.notes,
            context.note,
        ),
    )


def _table(context: drivers.DriversSection) -> s.SlideTable:
    rows = context.rows[:MAX_DRIVERS_SHOWN]
    is_checked = context.refits > 0
    last = ("Permutation loss",) if is_checked else ()
    return s.SlideTable(
        heading="The strongest groups of features",
        columns=("Feature", "Share", *last),
        rows=tuple(
            (
                s.truncate_words((row.meaning or row.name).rstrip("."), 76),
                format_share(row.share),
                *((_loss(row),) if is_checked else ()),
            )
            for row in rows
        ),
        widths=(5.0, 0.8, 1.4) if is_checked else (5.0, 0.8),
    )


def _loss(row: drivers.FeatureGroupRow) -> str:
    note = " (not significant)" if row.is_important is False else ""
    return f"{format_number(row.permutation_loss, 3)}{note}"


def _checked(context: drivers.DriversSection) -> str:
    if not context.refits:
        return (
            "This was not cross-checked: segpredict explain refits the model, shuffles "
            "features and reports how certain the ranks are."
        )
    agreed = context.agreement or {}
    measured = "; ".join(f"{name}: {value:.2f}" for name, value in agreed.items())
    return f"Cross-checked with {context.refits} refitted models. {measured}."


MAX_ITEMS_SHOWN = 8


def demand_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the demand; ``None`` where none was forecast."""
    context = source.context_of(demand.DemandSection)
    if context is None or not context.levels:
        return None
    tables = [table for table in context.item_tables if len(table.items) > 1]
    chart = _items(tables[-1], context.days) if tables else _errors(context.levels[0])
    right = _orders(tables[-1]) if tables else _levels(context)
    return s.SlidePage(
        title=_title(context),
        subtitle=_lead(context),
        elements=s.side_by_side(chart, right),
        notes=(
            "Expected units: expected customers of each segment, new ones included, times "
            "units per customer, with the season of last year (demand/).",
            "WAPE is the sum of absolute errors divided by the actual units, in backtests.",
            *(_level_text(level) for level in context.levels),
            f"Order up to: sufficient in {format_share(context.service_level, 0)} of windows "
            "where cost is not known.",
        ),
    )


def _title(context: demand.DemandSection) -> str:
    good = [level.name.lower() for level in context.levels if level.is_published]
    if not good:
        return "No demand forecast beat the same window of last year, so none is shown"
    rest = [level.name.lower() for level in context.levels if not level.is_published]
    text = f"Demand is forecast for {s.join_names(good)}"
    return f"{text}, but not for {s.join_names(rest)}" if rest else text


def _lead(context: demand.DemandSection) -> str:
    """Describe what is shown, and where a simpler method was better."""
    beaten = [
        f"for {level.name.lower()} the best method was {level.best_method.lower()}"
        for level in context.levels
        if level.is_published and not level.is_own_best and level.best_method
    ]
    rule = "Shown where the forecast beat last year's window in at least two backtests"
    return "; ".join([rule, *beaten]) + "."


def _level_text(level: demand.DemandLevel) -> str:
    errors = ", ".join(f"{method.label} {format_share(method.pooled)}" for method in level.methods)
    return f"{level.name}: {level.reason} WAPE over all tests: {errors}."


def _items(table: demand.DemandItemTable, days: int) -> s.SlideChart:
    items = table.items[:MAX_ITEMS_SHOWN]
    return s.SlideChart(
        heading=f"{table.name}: units in the next {days} days",
        categories=tuple(item.name for item in items),
        series=(
            s.ChartSeries("Expected", tuple(item.expected for item in items), (STRONG_COLOUR,)),
            s.ChartSeries(
                "Same window last year", tuple(item.year_ago for item in items), (INACTIVE_COLOUR,)
            ),
        ),
    )


def _orders(table: demand.DemandItemTable) -> s.SlideTable:
    return s.SlideTable(
        heading=f"The largest of {format_number(table.count)}: order quantities",
        columns=("", "Expected", "Interval", "Order up to"),
        rows=tuple(
            (
                s.truncate_words(item.name, 34),
                format_number(item.expected),
                f"{format_number(item.low)} to {format_number(item.high)}",
                format_number(item.order),
            )
            for item in table.items[:MAX_ITEMS_SHOWN]
        ),
        widths=(2.6, 1.0, 1.5, 1.1),
    )


def _errors(level: demand.DemandLevel) -> s.SlideChart:
    return s.single_chart(
        f"{level.name}: error of the forecasts in all tests (WAPE)",
        "WAPE",
        (method.label for method in level.methods),
        (method.pooled for method in level.methods),
        map(_stock_colour, level.methods),
        "0%",
    )


def _stock_colour(method: demand.DemandMethod) -> str:
    if method.is_own:
        return STRONG_COLOUR
    return INACTIVE_COLOUR if method.is_reference else FILL_COLOUR


def _levels(context: demand.DemandSection) -> s.SlideTable:
    return s.SlideTable(
        heading="What was tested",
        columns=("Level", "Segments", "Last year", "Shown?"),
        rows=tuple(
            (
                level.name,
                *(format_share(_error(level, is_own=own)) for own in (True, False)),
                "yes" if level.is_published else "no",
            )
            for level in context.levels
        ),
        widths=(1.5, 1.0, 1.0, 0.7),
        words=(0, 3),
    )


def _error(level: demand.DemandLevel, *, is_own: bool) -> float | None:
    """Return the pooled error of the own method, or of last year's window."""
    wanted = (m for m in level.methods if (m.is_own if is_own else m.is_reference))
    found = next(wanted, None)
    return None if found is None else found.pooled
