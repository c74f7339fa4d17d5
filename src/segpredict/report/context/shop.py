"""How the shop is doing: KPIs, months, concentration of revenue, returns."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.kpis import KPIS, kpi_named
from segpredict.core.window import DAYS_PER_YEAR, day_number
from segpredict.report.context._figures import Estimate, estimate_of
from segpredict.report.formatting import Row, format_cell, format_day_range
from segpredict.report.html.chart_layout import PlotAxes
from segpredict.report.input import ReportInput

UNIT_KINDS = {"share": "share", "currency": "money", "index": "score"}
WINDOW_KPIS = (
    *("revenue", "orders", "customers", "order_value", "order_value_median"),
    *("purchase_frequency", "window_retention", "net_revenue_retention"),
    "gross_revenue_retention",
)
LONG_RUN_KPIS = ("repeat_rate", "segment_retention", "gini", "top_decile_share")
STEP_LABELS = {
    "list_value": "Value at list prices",
    "discounts": "Discounts",
    "gross_sales": "Gross sales",
    "refunded_orders": "Fully refunded orders",
    "returned": "Other returns",
    "net_revenue": "Net revenue",
}
BRIDGE_TOTALS = ("list_value", "gross_sales", "net_revenue")
MAX_MONTHS_SHOWN = 36  # months on the page
MONTH_SERIES = {  # column → title, kind, charts of the filter data
    "revenue": ("Revenue", "units", "sales-returns"),
    "orders": ("Orders", "whole", "orders"),
    "customers": ("Customers who ordered", "whole", "buyers"),
    "order_value": ("Average order value", "units", "sales/orders"),
}
ORDER_VALUE_EXPRESSION = pl.when(pl.col("orders") > 0).then(pl.col("gross") / pl.col("orders"))
TOP_SHARES = (0.01, 0.05, 0.2, 0.5)  # of the customers, largest first


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One KPI in a table."""

    # its name, and its meaning as a sentence
    title: str
    meaning: str
    kind: str  # how to format it (`formatting.format_cell`)
    # in the newest window, the one before and the one a year before
    now: Estimate
    before: Estimate | None = None
    last_year: Estimate | None = None


@dataclass(frozen=True, slots=True)
class MonthSeries:
    """One series of months."""

    # its name, and how its values are written
    title: str
    kind: str
    filter_charts: str  # the charts of the filter data that it is made from
    axes: PlotAxes  # years across, zero and the largest value up
    values: tuple[float, ...]  # one a month


@dataclass(frozen=True, slots=True)
class DateMark:
    """Days that the shop planned, above the bars of the months."""

    kind: str  # ``holiday``, ``promotion`` or ``closed``
    # position (percent)
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class LorenzChart:
    """The Lorenz curve."""

    points: str  # of the line, in a square of 100
    # share of customers, largest spenders first, and their share of the revenue
    top: tuple[tuple[float, float], ...]
    gini: Estimate  # Gini's index
    span: str  # the days of it


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """One step of the bridge: amount, share of gross sales, position of its bar."""

    title: str  # its name
    is_total: bool  # whether it is a total and not a step
    amount: int  # in units of 10⁻⁴; negative where it reduces the total
    share: Estimate  # of gross sales
    # position of its bar (percent)
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class KpiText:
    """The definition of a KPI; the texts of `kpis.KpiDefinition`."""

    # as in docs/reference/kpis.md
    title: str
    formula: str
    interval: str
    caution: str


@dataclass(frozen=True, slots=True)
class ShopSection:
    """The section."""

    spans: tuple[str, ...]  # the newest window, the one before and the one a year before, as text
    # KPIs by window, and those of longer periods
    kpi_rows: tuple[KpiRow, ...]
    long_run_rows: tuple[KpiRow, ...]
    # charts by month, and their table: name, is_whole, last day and numbers
    series: tuple[MonthSeries, ...]
    months: tuple[Row, ...]
    # the index of each month in the filter data; ``None`` where it is not in them
    month_numbers: tuple[int | None, ...]
    marks: tuple[DateMark, ...]  # the dates of the shop, where they lie in these months
    incomplete_months: str  # the months that the data cover only in part, as a sentence
    # lorenz curve, and gross-net bridge of the look-back
    lorenz: LorenzChart | None
    bridge: tuple[BridgeStep, ...]
    definitions: tuple[KpiText, ...]  # all definitions that are used here


def shop_section(bundle: ReportInput) -> ShopSection | None:
    """Return the context of the section; ``None`` for a run without KPIs."""
    if "figures" not in bundle.kpis or bundle.kpis["figures"].is_empty():
        return None
    figures, months = bundle.kpis["figures"], bundle.kpis["months"]
    latest = months.tail(MAX_MONTHS_SHOWN).with_columns(order_value=ORDER_VALUE_EXPRESSION)
    ends = _ends(bundle, figures)
    used = {*WINDOW_KPIS, *LONG_RUN_KPIS, "gross_net_bridge"}
    return ShopSection(
        spans=tuple(format_day_range(end - bundle.window.horizon, end) for end in ends),
        kpi_rows=tuple(_kpi_row(figures, name, ends) for name in WINDOW_KPIS),
        long_run_rows=_long_run_rows(figures),
        series=tuple(_months(latest, column, bundle.currency) for column in MONTH_SERIES),
        months=tuple(latest.rows(named=True)),
        month_numbers=_month_numbers(bundle, latest["scope"].to_list()),
        marks=_date_marks(bundle.dates, latest["scope"].to_list()),
        incomplete_months=_incomplete_months(latest),
        lorenz=_lorenz(bundle, figures),
        bridge=_bridge(figures),
        definitions=tuple(
            KpiText(m.title, m.formula, m.interval, m.caution) for m in KPIS if m.name in used
        ),
    )


def _ends(bundle: ReportInput, figures: pl.DataFrame) -> tuple[int, ...]:
    """Return the last days of the windows to show: now, before, a year before."""
    now = bundle.end_day
    known = set(figures.filter(kpi="revenue")["end"])
    wanted = (now, now - bundle.window.horizon, now - DAYS_PER_YEAR)
    return tuple(dict.fromkeys(end for end in wanted if end in known))


def _kpi_row(figures: pl.DataFrame, name: str, ends: Sequence[int]) -> KpiRow:
    metric = kpi_named(name)
    rows = figures.filter(kpi=name)
    values = [_kpi_value(rows.filter(end=end)) for end in ends] or [Estimate(None)]
    return KpiRow(metric.title, metric.meaning, UNIT_KINDS.get(metric.unit, "number"), *values)


def _kpi_value(rows: pl.DataFrame) -> Estimate:
    return Estimate(None) if rows.is_empty() else estimate_of(rows.row(0, named=True))


def _long_run_rows(figures: pl.DataFrame) -> tuple[KpiRow, ...]:
    """Return the KPIs that are not measured by window."""
    lines = []
    for name in LONG_RUN_KPIS:
        metric = kpi_named(name)
        rows = figures.filter(kpi=name)
        if name == "segment_retention":
            rows = rows.filter(scope="all")
        for i in range(rows.height):
            scope = rows["scope"][i]
            title = metric.title if scope == "all" else f"{metric.title}, {scope}"
            known = _kpi_value(rows.slice(i, 1))
            meaning = metric.meaning.replace("D days", scope)
            lines.append(KpiRow(title, meaning, UNIT_KINDS[metric.unit], known))
    return tuple(line for line in lines if line.now.value is not None)


def _months(latest: pl.DataFrame, column: str, currency: str) -> MonthSeries:
    title, kind, live = MONTH_SERIES[column]
    values = latest[column].fill_null(0).to_list()
    # The script writes the first of them anew when a filter changes the bars.
    up = ((0.0, format_cell(max(values, default=0), kind, currency)), (100.0, "0"))
    axes = PlotAxes(_ticks(latest["scope"].to_list()), up)
    return MonthSeries(title, kind, live, axes, tuple(values))


def _month_numbers(bundle: ReportInput, months: Sequence[str]) -> tuple[int | None, ...]:
    known = bundle.exploration.get("facts", {}).get("periods", ())
    places = {name: i for i, name in enumerate(known)}
    return tuple(places.get(name) for name in months)


def _ticks(months: Sequence[str]) -> tuple[tuple[float, str], ...]:
    """Return the positions of the years, and of the first month where there is room."""
    if not months:
        return ()
    places = [(i, m[:4]) for i, m in enumerate(months) if m.endswith("-01")]
    if not places or places[0][0] > len(months) / 6:
        places.insert(0, (0, months[0][:4]))
    return tuple((round(100 * i / len(months), 2), year) for i, year in places)


def _date_marks(dates: pl.DataFrame | None, months: Sequence[str]) -> tuple[DateMark, ...]:
    """Return the dates by kind, and where they lie above the months."""
    if dates is None or not months:
        return ()
    starts = [day_number(f"{month}-01") for month in months]
    edges = [*starts, starts[-1] + monthrange(*map(int, months[-1].split("-")))[1]]
    places = np.linspace(0.0, 100.0, len(edges))
    found = []
    for first, last, kind in dates.select("first", "last", "kind").iter_rows():
        left, right = np.interp([first, last + 1], edges, places)
        if right > left:
            found.append(DateMark(kind, round(float(left), 2), round(float(right - left), 2)))
    return tuple(found)


def _incomplete_months(latest: pl.DataFrame) -> str:
    rows = latest.filter(~pl.col("is_whole")).rows(named=True)
    spans = " and ".join(format_day_range(row["start"], row["end"]) for row in rows)
    return f"Pale: the data hold only {spans} of the month." if spans else ""


def _lorenz(bundle: ReportInput, figures: pl.DataFrame) -> LorenzChart | None:
    curve = bundle.kpis["lorenz"].drop_nulls()
    index = figures.filter(kpi="gini")
    if curve.is_empty() or index.is_empty():
        return None
    across, up = (curve[name].to_numpy() for name in ("customers", "revenue"))
    points = " ".join(f"{100 * x:.2f},{100 - 100 * y:.2f}" for x, y in zip(across, up, strict=True))
    best = {share: 1 - float(np.interp(1 - share, across, up)) for share in TOP_SHARES}
    tenth = figures.filter(kpi="top_decile_share")["value"].to_list()
    best |= {0.1: tenth[0]} if tenth else {}
    span = format_day_range(index["start"][0], index["end"][0])
    return LorenzChart(points, tuple(sorted(best.items())), _kpi_value(index), span)


def _bridge(figures: pl.DataFrame) -> tuple[BridgeStep, ...]:
    rows = figures.filter(kpi="gross_net_bridge").drop_nulls("part")
    rows = rows.filter(pl.col("start") == pl.col("start").max())
    widest = max((abs(part) for part in rows["part"]), default=0) or 1
    steps, level = [], 0
    for row in rows.rows(named=True):
        name, amount = row["scope"], row["part"]
        is_total = name in BRIDGE_TOTALS
        begin = 0 if is_total else level
        level = amount if is_total else level + amount
        left, right = sorted((100 * begin / widest, 100 * level / widest))
        known = _kpi_value(rows.filter(scope=name))
        place = (round(max(0.0, left), 2), round(min(100.0, right) - max(0.0, left), 2))
        steps.append(BridgeStep(STEP_LABELS[name], is_total, amount, known, *place))
    return tuple(steps)
