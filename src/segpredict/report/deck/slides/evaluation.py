"""Slides: evaluation of the forecast, its drivers, and expected demand."""

from segpredict.core.text import count_of
from segpredict.report.context import demand, drivers, evaluation, headline, importance
from segpredict.report.context._trust_box import TrustBox
from segpredict.report.deck import slide as s
from segpredict.report.deck.style import FILL_COLOUR, INACTIVE_COLOUR, STRONG_COLOUR, WARNING_COLOUR
from segpredict.report.formatting import format_number, format_share

MAX_BASELINES_SHOWN = 14


def evaluation_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the evaluation; ``None`` where nothing was tested."""
    context = source.context_of(evaluation.EvaluationSection)
    head = source.context_of(headline.HeadlineSection)
    if context is None or not context.leaderboard or head is None or head.trust is None:
        return None
    compared = [row for row in context.leaderboard if row.difference is not None]
    trust = head.trust
    fallback = "Before the tests a baseline was better, so it is in use."
    reasons = (*([fallback] if trust.is_fallback else []), s.truncate_words(trust.reason, 300))
    reason = s.BulletList(heading="What is in use, and why", sentences=reasons)
    elements = [
        s.PlacedElement(_scores(trust), left=6, width=6, height=7),
        s.PlacedElement(reason, left=6, width=6, top=7, height=5),
    ]
    if compared:
        elements.insert(0, s.PlacedElement(_chart(compared), width=6))
    tests = ", ".join(window.cutoff for window in context.windows)
    return s.SlidePage(
        title=trust.verdict.rstrip(".") or f"{trust.selected} is in use",
        subtitle=f"{count_of(trust.n_forecasts, 'forecast')} of "
        f"{count_of(context.customers, 'customer')}, in {count_of(trust.windows, 'window')} after "
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


def _chart(compared: list[evaluation.LeaderboardRow]) -> s.SlideChart:
    shown = [row for row in compared if row.difference][:MAX_BASELINES_SHOWN]
    differences = [row.difference for row in shown if row.difference]
    series = s.ChartSeries(
        "Model minus baseline",
        tuple(each.value for each in differences),
        tuple(map(_forecast_colour, differences)),
        tuple(each.low for each in differences),
        tuple(each.high for each in differences),
    )
    return s.SlideChart(
        heading="Log-loss, model minus baseline (left: better)",
        categories=tuple(row.label for row in shown),
        series=(series,),
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
        columns={"Forecast": 2.7, "Accuracy": 1.05, "Log-loss": 1.05, "Skill": 1.15},
        rows=[
            (
                s.truncate_words(score.label, 32),
                format_share(score.accuracy),
                format_number(score.log_loss, 3),
                format_share(score.skill) if score.skill is not None else "reference",
            )
            for score in trust.scores
        ],
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
            f"Mean size of exact SHAP values of {count_of(context.n_explained, 'customer')}, "
            "over all future segments, in log-odds (explain/). Correlated "
            "features are grouped.",
            _checked(context),
            f"The ensemble is explained; in use is {used}." if used else "",
            *context.notes,
            context.note,
        ),
    )


def _table(context: drivers.DriversSection) -> s.SlideTable:
    checked = {"Permutation loss": 1.4} if context.refits else {}
    return s.SlideTable(
        heading="The strongest groups of features",
        columns={"Feature": 5.0, "Share": 0.8, **checked},
        rows=[
            (
                s.truncate_words((row.meaning or row.name).rstrip("."), 76),
                format_share(row.share),
                *([_loss(row)] if checked else []),
            )
            for row in context.rows[:MAX_DRIVERS_SHOWN]
        ],
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
    """Return the slide of the demand; ``None`` where no demand of single items is published."""
    context = source.context_of(demand.DemandSection)
    tables = [table for table in context.item_tables if len(table.items) > 1] if context else []
    if context is None or not tables:
        return None
    top = tables[-1].items[0]
    units = f"{format_number(context.item_tables[0].sum)} units"
    name = s.truncate_words(top.description or top.name, 40)
    return s.SlidePage(
        title=f"{units} are expected in the next {context.days} days; first is {name}",
        subtitle="Of each level the method with the lowest error in backtests is shown.",
        elements=s.side_by_side(_items(tables[-1], context.days), _orders(tables[-1])),
        notes=(
            "Expected units are those of the method shown (demand/forecast.csv).",
            "WAPE is the sum of absolute errors divided by the actual units, in backtests.",
            *(_level_text(level) for level in context.levels),
            f"Order up to: sufficient in {format_share(context.service_level, 0)} of windows "
            "where cost is not known. Intervals wider than twice the expected units, and "
            "quantities from them, are not shown.",
        ),
    )


def _level_text(level: demand.DemandLevel) -> str:
    errors = ", ".join(f"{method.label} {format_share(method.pooled)}" for method in level.methods)
    return f"{level.name}: {level.reason} WAPE over all tests: {errors}."


def _items(table: demand.DemandItemTable, days: int) -> s.SlideChart:
    items = table.items[:MAX_ITEMS_SHOWN]
    return s.SlideChart(
        heading=f"{table.name}: units in the next {days} days",
        categories=tuple(s.truncate_words(item.description or item.name, 34) for item in items),
        series=(
            s.ChartSeries("Expected", tuple(item.expected for item in items), (STRONG_COLOUR,)),
            s.ChartSeries(
                "Same window last year", tuple(item.year_ago for item in items), (INACTIVE_COLOUR,)
            ),
        ),
    )


def _orders(table: demand.DemandItemTable) -> s.SlideTable:
    return s.SlideTable(
        heading=f"The largest of {format_number(table.count)}",
        columns={"": 3.0, "Expected": 1.0, "Last window": 1.1, "Last year": 1.0},
        rows=[
            (
                s.truncate_words(f"{item.description} ({item.name})", 44)
                if item.description
                else item.name,
                format_number(item.expected),
                format_number(item.last_window),
                format_number(item.year_ago),
            )
            for item in table.items[:MAX_ITEMS_SHOWN]
        ],
    )
