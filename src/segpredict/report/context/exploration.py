"""What the data look like: how often, how much, when and where customers buy."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.exploration import MONEY_CHARTS
from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.formatting import format_share
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

# Chart → title, what is counted, unit of the bins.
CHART_TITLES = {
    "frequency": ("Orders per customer", "Customers", ""),
    "spend": ("Spend per customer", "Customers", "money"),
    "order_value": ("Value of an order", "Orders", "money"),
    "gaps": ("Days between two purchases", "Times", ""),
    "countries": ("Sales by country", "Sales", ""),
}


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """One bin: its number, its label, and its value."""

    number: int  # its place in the chart
    label: str  # its name
    value: float  # what it counts


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

    charts: tuple[HistogramChart, ...]  # bars
    # hours shown, and the orders of each weekday; empty where no hour is known
    hours: tuple[int, ...]
    week: tuple[WeekdayRow, ...]
    busiest: str  # the busiest day, as a sentence
    # the map, its axes, and of how many customers it is a sample
    map_points: tuple[MapPoint, ...]
    map_axes: tuple[MapAxis, ...]
    map_customers: int
    badges: tuple[SegmentBadge, ...]  # the segments on the map


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
    )


def _bins(cells: pl.DataFrame, name: str, labels: list[str]) -> tuple[HistogramBin, ...]:
    unit = MONEY_SCALE if name in MONEY_CHARTS else 1
    own = cells.filter(chart=name).group_by("bin").agg(pl.col("value").sum())
    sums = dict(own.iter_rows())
    return tuple(HistogramBin(i, label, sums.get(i, 0) / unit) for i, label in enumerate(labels))


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


def _week(bins: tuple[HistogramBin, ...]) -> tuple[tuple[int, ...], tuple[WeekdayRow, ...]]:
    """Return the hours in which there are orders, and the days of the week."""
    busy = sorted({each.number % 24 for each in bins if each.value})
    hours = tuple(range(busy[0], busy[-1] + 1)) if busy else ()
    days = tuple(
        WeekdayRow(bins[24 * day].label.partition(" ")[0], tuple(bins[24 * day + h] for h in hours))
        for day in range(7)
    )
    return hours, days
