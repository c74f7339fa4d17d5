"""What the data look like: how often, how much, when and where customers buy."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.exploration import MONEY_CHARTS
from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.formatting import Row, format_month, format_share
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.html.chart_layout import ChartBar, layout_bars
from segpredict.report.html.filters import filter_data
from segpredict.report.input import ReportInput

# Chart → title, what is counted, unit of the bins.
CHART_TITLES = {
    "frequency": ("Orders per customer", "Customers", ""),
    "spend": ("Spend per customer", "Customers", "money"),
    "order_value": ("Value of an order", "Orders", "money"),
    "gaps": ("Days between two purchases", "Times", ""),
    "countries": ("Sales by country", "Sales", ""),
}
MONTHLY_TITLES = {"sales": "Sales by month", "returns": "Returns by month"}
MAX_MONTHS_SHOWN = 36  # months


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """One bin: its number, its label, its value, and that in percent of the largest."""

    # number and name
    number: int
    label: str
    # its value, and that in percent of the largest bin
    value: float
    width: float


@dataclass(frozen=True, slots=True)
class HistogramChart:
    """One chart of bars that is its own table."""

    name: str  # name of the chart in the filter data
    # what it shows, what its bins are in, what is counted
    title: str
    unit: str
    counted: str
    is_money: bool  # whether money is summed
    finding: str  # the main finding, as a sentence
    bins: tuple[HistogramBin, ...]  # its bars


@dataclass(frozen=True, slots=True)
class MonthlyChart:
    """One chart of months: bars, their numbers and names."""

    # the series: name in the filter data, and title
    name: str
    title: str
    bars: tuple[ChartBar, ...]  # positions of the bars
    bins: tuple[HistogramBin, ...]  # their numbers


@dataclass(frozen=True, slots=True)
class WeekdayRow:
    """A weekday: its name, and its bins hour by hour."""

    name: str  # the weekday
    hours: tuple[HistogramBin, ...]  # its orders, hour by hour


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A customer on the map, in percent from the upper left."""

    # the place
    x: float
    y: float
    badge: SegmentBadge  # the segment


@dataclass(frozen=True, slots=True)
class MapAxis:
    """An axis of the map: its share of the variance, and what grows along it."""

    share: float  # share of the variance
    label: str  # what grows along it, in words


@dataclass(frozen=True, slots=True)
class ExplorationSection:
    """The section."""

    # bars
    charts: tuple[HistogramChart, ...]
    months: tuple[MonthlyChart, ...]
    # hours shown, and the orders of each weekday; empty where no hour is known
    hours: tuple[int, ...]
    week: tuple[WeekdayRow, ...]
    busiest: str  # the busiest day, as a sentence
    # the map, its axes, and of how many customers it is a sample
    map_points: tuple[MapPoint, ...]
    map_axes: tuple[MapAxis, ...]
    map_customers: int
    badges: tuple[SegmentBadge, ...]  # the segments on the map
    # data of the filters: names of countries and periods (months), and by chart the number of its
    # ``bins``, how many numbers make one (``per``) and ``cells`` of ``[segment, country, period,
    # bin, number]``, where −1 belongs to none
    filter_data: Row


def exploration_section(bundle: ReportInput) -> ExplorationSection | None:
    """Return the context; ``None`` for a run that was not explored."""
    explored = bundle.exploration
    if not explored or explored["cells"].is_empty():
        return None
    cells, facts = explored["cells"], explored["facts"]
    bins = {name: _bins(cells, name, names) for name, names in facts["bins"].items()}
    known = tuple(segment_badges(bundle.segments).values())
    hours, week = _week(bins["week"]) if facts["has_time"] else ((), ())
    return ExplorationSection(
        charts=_charts(bins, has_time=facts["has_time"]),
        months=tuple(_months(n, t, bins[n][-MAX_MONTHS_SHOWN:]) for n, t in MONTHLY_TITLES.items()),
        hours=hours,
        week=week,
        busiest=_busiest(bins["week"]),
        map_points=tuple(
            MapPoint(row["x"], round(100 - row["y"], 1), known[row["segment"]])
            for row in explored["map"].drop_nulls().iter_rows(named=True)
            if row["segment"] < len(known)
        ),
        map_axes=tuple(MapAxis(a["share"], ", ".join(a["loadings"])) for a in facts["axes"]),
        map_customers=int(facts["customers"]),
        badges=known,
        filter_data=filter_data(bundle),
    )


def _bins(cells: pl.DataFrame, name: str, labels: list[str]) -> tuple[HistogramBin, ...]:
    unit = MONEY_SCALE if name in MONEY_CHARTS else 1
    own = cells.filter(chart=name).group_by("bin").agg(pl.col("value").sum())
    sums = dict(own.iter_rows())
    values = [sums.get(i, 0) / unit for i in range(len(labels))]
    most = max((0.0, *values)) or 1.0
    return tuple(
        HistogramBin(i, label, value, round(100 * max(0.0, value) / most, 2))
        for i, (label, value) in enumerate(zip(labels, values, strict=True))
    )


def _charts(
    bins: Mapping[str, tuple[HistogramBin, ...]], *, has_time: bool
) -> tuple[HistogramChart, ...]:
    titles = dict(CHART_TITLES)
    if not has_time:
        titles["week"] = ("Orders by weekday", "Orders", "")
    return tuple(
        HistogramChart(
            name, title, unit, counted, name in MONEY_CHARTS, _finding(name, bins[name]), bins[name]
        )
        for name, (title, counted, unit) in titles.items()
        if len(bins[name]) > 1
    )


def _finding(name: str, bins: tuple[HistogramBin, ...]) -> str:
    total = sum(each.value for each in bins)
    if not total:
        return ""
    most = max(bins, key=lambda each: each.value)
    if name == "frequency":
        return f"{format_share(bins[0].value / total, 0)} ordered once."
    where = "in" if name == "countries" else "on" if name == "week" else "at"
    return f"{format_share(most.value / total, 0)} {where} {most.label}."


def _busiest(bins: tuple[HistogramBin, ...]) -> str:
    if not bins or not any(each.value for each in bins):
        return ""
    most = max(bins, key=lambda each: each.value)
    return f"Most orders are placed on {most.label}."


def _months(name: str, title: str, bins: tuple[HistogramBin, ...]) -> MonthlyChart:
    named = tuple(HistogramBin(b.number, format_month(b.label), b.value, b.width) for b in bins)
    bars = layout_bars([b.value for b in bins], [True] * len(bins))
    return MonthlyChart(name, title, bars, named)


def _week(bins: tuple[HistogramBin, ...]) -> tuple[tuple[int, ...], tuple[WeekdayRow, ...]]:
    """Return the hours in which there are orders, and the days of the week."""
    busy = sorted({each.number % 24 for each in bins if each.value})
    hours = tuple(range(busy[0], busy[-1] + 1)) if busy else ()
    days = tuple(
        WeekdayRow(bins[24 * day].label.partition(" ")[0], tuple(bins[24 * day + h] for h in hours))
        for day in range(7)
    )
    return hours, days
