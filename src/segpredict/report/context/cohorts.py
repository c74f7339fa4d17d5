"""Cohorts: the customers who first ordered in one month, followed month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.kpis import kpi_named
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES, MIN_CUSTOMERS_FOR_SHARES
from segpredict.core.window import as_date
from segpredict.report.context._figures import Estimate, estimate_of
from segpredict.report.formatting import Row, finite_or_none, format_money, format_number
from segpredict.report.html.chart_layout import SHARE_AXES, PlotAxes, axis_ticks, upright
from segpredict.report.input import ReportInput

HEAT_MAPS = {  # KPI → (kind, the first age with information)
    "cohort_retention": ("share", 1),
    "cohort_revenue": ("money", 0),
    "cohort_revenue_cumulative": ("money", 0),
}
RETENTION_KPIS = ("cohort_retention", "rolling_retention")
CUMULATIVE_KPI = "cohort_revenue_cumulative"
ALL_COHORTS = "all"
MAX_COHORTS_SHOWN = 25  # cohorts on the page
MAX_AGE_MONTHS = 24  # months of age on the page
MIN_POINTS_OF_LINE = 2
CHART_WIDTH, CHART_HEIGHT = 100, 100  # percent


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One cohort: its month, its size, and a cell an age; ``None`` is unknown."""

    month: str  # month of the first order, as text
    n: int  # customers of the cohort
    is_small: bool  # whether these are too few for reliable values
    cells: tuple[Estimate | None, ...]  # one an age; ``None`` is unknown


@dataclass(frozen=True, slots=True)
class CohortHeatMap:
    """A heat map."""

    # of the metric
    title: str
    meaning: str
    caution: str
    kind: str  # of its cells: ``share`` or ``money``
    most: float  # the largest of them, which is the darkest
    ages: tuple[int, ...]  # of the columns
    rows: tuple[CohortRow, ...]  # one a cohort, the oldest first


@dataclass(frozen=True, slots=True)
class CohortCurve:
    """A KPI over all cohorts by age: its name, its line and its interval band."""

    title: str
    line: str
    band: str


@dataclass(frozen=True, slots=True)
class CohortChart:
    """Curves over months since the first order."""

    title: str
    axes: PlotAxes  # months across, values up
    curves: tuple[CohortCurve, ...]


@dataclass(frozen=True, slots=True)
class CohortAge:
    """One age over all cohorts that reached it: how many customers, and a cell each."""

    age: int
    n: int
    cells: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True)
class CohortsSection:
    """The section."""

    # retention and revenue to date, over all cohorts but the first; empty where there is no line
    charts: tuple[CohortChart, ...]
    # the numbers of the charts: names of the columns, and a row an age
    titles: tuple[str, ...]
    ages: tuple[CohortAge, ...]
    heat_maps: tuple[CohortHeatMap, ...]  # heat maps
    n_cohorts: int  # how many cohorts there are; the page shows the newest
    first: str  # the first month of the data, in which every customer looks new
    # cohorts with fewer customers are grey; with fewer still, blank
    min_customers: int
    min_shown: int


def cohorts_section(bundle: ReportInput) -> CohortsSection | None:
    """Return the context of the section; ``None`` for a run without KPIs."""
    figures = bundle.kpis.get("figures")
    known = None if figures is None else figures.filter(pl.col("age").is_not_null())
    if known is None or known["value"].null_count() == known.height:
        return None
    months = known.filter(pl.col("scope") != ALL_COHORTS)["scope"].unique().sort()
    shown = known.filter(pl.col("age") <= MAX_AGE_MONTHS)
    every = {
        name: shown.filter(kpi=name, scope=ALL_COHORTS).drop_nulls("value").sort("age")
        for name in (*RETENTION_KPIS, CUMULATIVE_KPI)
    }
    return CohortsSection(
        charts=_charts(every, bundle.currency),
        titles=tuple(kpi_named(name).title for name in every),
        ages=_ages(every),
        heat_maps=tuple(
            _heat_map(shown.filter(kpi=name), name, months.to_list()[-MAX_COHORTS_SHOWN:])
            for name in HEAT_MAPS
        ),
        n_cohorts=months.len(),
        first=as_date(bundle.first_day).isoformat()[:7],
        min_customers=MIN_CUSTOMERS_FOR_SHARES,
        min_shown=MIN_CUSTOMERS_FOR_FIGURES,
    )


def _charts(every: Mapping[str, pl.DataFrame], currency: str) -> tuple[CohortChart, ...]:
    """Return the charts; none before a second cohort has two whole months: no line to draw."""
    if max(every[name].height for name in RETENTION_KPIS) < MIN_POINTS_OF_LINE:
        return ()
    revenue = every[CUMULATIVE_KPI]
    tallest = revenue.select(pl.max_horizontal("value", "high").max()).item() or 0.0
    retention = tuple(_curve(name, every[name], 1.0) for name in RETENTION_KPIS)
    money = upright(axis_ticks(0, tallest, lambda value: format_money(value, currency, 0)))
    paid = (_curve(CUMULATIVE_KPI, revenue, tallest),)
    return (
        CohortChart(
            "Customers who order",
            PlotAxes(_ages_across(every[RETENTION_KPIS[0]]), SHARE_AXES.up),
            retention,
        ),
        CohortChart("Revenue a customer to date", PlotAxes(_ages_across(revenue), money), paid),
    )


def _ages_across(rows: pl.DataFrame) -> tuple[tuple[float, str], ...]:
    return axis_ticks(0, max(rows.height - 1, 1), format_number)


def _curve(name: str, rows: pl.DataFrame, top: float) -> CohortCurve:
    last = max(rows.height - 1, 1)

    def points(column: str) -> list[str]:
        values = rows[column].fill_null(rows["value"])
        return [
            f"{CHART_WIDTH * i / last:.2f},"
            f"{CHART_HEIGHT - CHART_HEIGHT * max(value, 0) / (top or 1):.2f}"
            for i, value in enumerate(values)
        ]

    band = [*points("low"), *reversed(points("high"))]
    return CohortCurve(kpi_named(name).title, " ".join(points("value")), " ".join(band))


def _ages(every: Mapping[str, pl.DataFrame]) -> tuple[CohortAge, ...]:
    by_age = {
        name: {row["age"]: row for row in rows.rows(named=True)} for name, rows in every.items()
    }
    return tuple(
        CohortAge(age, row["n"], tuple(_cell(found.get(age)) for found in by_age.values()))
        for age, row in by_age[RETENTION_KPIS[0]].items()
    )


def _heat_map(rows: pl.DataFrame, name: str, months: Sequence[str]) -> CohortHeatMap:
    metric = kpi_named(name)
    kind, first = HEAT_MAPS[name]
    shown = rows.filter(pl.col("scope").is_in(list(months)) & (pl.col("age") >= first))
    large = shown.filter(pl.col("n") >= MIN_CUSTOMERS_FOR_FIGURES)
    most = finite_or_none(large["value"].max()) or 1.0
    last = shown.drop_nulls("value")["age"].to_numpy().max(initial=first)
    ages = range(first, int(last) + 1)
    cells = {(row["scope"], row["age"]): row for row in large.rows(named=True)}
    sizes = dict(rows.select("scope", "n").unique().iter_rows())
    return CohortHeatMap(
        title=metric.title,
        meaning=metric.meaning,
        caution=metric.caution,
        kind=kind,
        most=most,
        ages=tuple(ages),
        rows=tuple(
            CohortRow(
                month,
                sizes[month],
                sizes[month] < MIN_CUSTOMERS_FOR_SHARES,
                tuple(_cell(cells.get((month, age))) for age in ages),
            )
            for month in months
            if month in sizes
        ),
    )


def _cell(row: Row | None) -> Estimate | None:
    return None if row is None or row["value"] is None else estimate_of(row)
