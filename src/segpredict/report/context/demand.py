"""Expected demand in units, errors of such forecasts in backtests, and affinity."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.report.context._figures import MethodError, method_error
from segpredict.report.formatting import Row, finite_or_none, format_iso_day
from segpredict.report.html.badges import (
    Badges,
    SegmentBadge,
    segment_badges,
)
from segpredict.report.input import ReportInput

LEVEL_LABELS = {"total": "All products", "category": "Categories", "product": "Products"}
METHOD_LABELS = {
    "segments": "Segments",
    "everybody_alike": "Expected buyers, one segment",
    "seasonal_naive": "Same window last year",
    "last_window": "Last window",
    "ses": "Exponential smoothing",
    "ses_season": "Newest shares, last year's season",
}
REFERENCE_METHOD = "seasonal_naive"
MAX_INTERVAL = 2.0  # times the expected units; a wider interval says no more than "any number"
MAX_ITEMS_SHOWN = 15  # items of a level that are shown
MAX_MAP_COLUMNS = 16  # categories of the heat map


@dataclass(frozen=True, slots=True)
class DemandMethod:
    """The errors of one forecasting method on a level."""

    label: str  # what it is
    # whether its forecast is shown, and whether it is the same window of last year
    is_shown: bool
    is_reference: bool
    # its error over all tests, and one error a test, oldest first
    pooled: float | None
    tests: tuple[MethodError | None, ...]


@dataclass(frozen=True, slots=True)
class DemandLevel:
    """One level: which method is shown and why, all methods, and how often stock was enough."""

    # the level, the method, and why it is shown or not
    name: str
    method: str
    reason: str
    is_published: bool  # whether forecasts are shown
    error: float | None  # of the method over all tests
    # share of items whose order-up-to quantity was enough in later tests
    service_met: float | None
    service_tests: int
    # the tests, and all methods, lowest error first
    windows: tuple[str, ...]
    methods: tuple[DemandMethod, ...]


@dataclass(frozen=True, slots=True)
class DemandItem:
    """The forecast of one item, in units."""

    # the item and its commonest description; empty where none is known
    name: str
    description: str
    expected: float  # units
    # prediction interval; ``None`` where it is too wide to be of use
    low: float | None
    high: float | None
    # units of the last window, and of the same season a year before
    last_window: float | None
    year_ago: float | None
    # units up to which to order, and the critical ratio behind them; ``None`` with the interval
    order: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class DemandItemTable:
    """The largest items of a published level."""

    name: str  # the level
    # items of the level, and the units expected of them together
    count: int
    sum: float
    items: tuple[DemandItem, ...]  # the largest of them


@dataclass(frozen=True, slots=True)
class ExpectedCustomers:
    """Expected customers of a segment, and units per customer."""

    badge: SegmentBadge  # the segment
    # expected customers among those of today, and among new customers
    existing: float
    newcomers: float
    units: float  # units per customer in the window

    @property
    def buyers(self) -> float:
        """Both together, of an active segment."""
        parts = () if self.badge.tint is None else (self.existing, self.newcomers)
        return sum(part or 0.0 for part in parts)


@dataclass(frozen=True, slots=True)
class AffinityItem:
    """A segment's share of an item relative to that of all customers."""

    # the item and its commonest description; empty where none is known
    name: str
    description: str
    # 1 is average; the interval holds for all cells of the table together
    index: float
    low: float
    high: float
    shade: float  # 0 to 100: how far above 1
    is_significant: bool  # whether the interval excludes 1


@dataclass(frozen=True, slots=True)
class SegmentAffinity:
    """The distinctive items of one segment, or its row of the heat map."""

    # the segment, and the items
    badge: SegmentBadge
    cells: tuple[AffinityItem | None, ...]


@dataclass(frozen=True, slots=True)
class DemandSection:
    """The section."""

    days: int  # days of the next window
    levels: tuple[DemandLevel, ...]  # what was tested
    item_tables: tuple[DemandItemTable, ...]  # forecasts of the levels that are published
    expected_customers: tuple[ExpectedCustomers, ...]  # by segment
    service_level: float  # critical ratio where cost is not known
    # columns of the heat map, and its index by segment; empty where none are known
    categories: tuple[str, ...]
    affinity_map: tuple[SegmentAffinity, ...]
    suggestions: tuple[SegmentAffinity, ...]  # distinctive products, by segment


def demand_section(bundle: ReportInput) -> DemandSection | None:
    """Return the context of the section; ``None`` where no demand was forecast."""
    found = bundle.demand
    if not found:
        return None
    known = segment_badges(bundle.segments)
    forecast, levels = found["forecast"], found["levels"].to_dicts()
    customers = _expected_customers(found["expected_customers"], known)
    index = found["assortment"]
    # Those that most customers buy from.
    buyers = index.filter(level="category").group_by("item").agg(pl.col("n").sum())
    categories = tuple(buyers.sort(-pl.col("n"), "item")["item"].head(MAX_MAP_COLUMNS))
    config = bundle.manifest.get("config", {}).get("demand", {})
    return DemandSection(
        days=bundle.window.horizon,
        levels=tuple(_level(row, found["backtest"]) for row in levels),
        item_tables=tuple(
            _item_table(
                LEVEL_LABELS[row["level"]],
                forecast.filter(level=row["level"]),
                bundle.product_names,
            )
            for row in levels
            if row["is_published"]
        ),
        expected_customers=customers,
        service_level=float(config.get("service_level", 0.9)),
        categories=categories,
        affinity_map=_affinity_map(index, known, categories),
        suggestions=tuple(
            SegmentAffinity(
                known[str(i)],
                tuple(_affinity_item(row, bundle.product_names) for row in part.to_dicts()),
            )
            for (i,), part in found["suggestions"]
            .drop_nulls("index")
            .group_by("segment_id", maintain_order=True)
        ),
    )


def _level(row: Row, backtest: pl.DataFrame) -> DemandLevel:
    errors = backtest.filter(level=row["level"])
    windows = errors.filter(pl.col("window") != POOLED_WINDOWS)["window"].unique().sort().to_list()
    cells = {(each["method"], each["window"]): each for each in errors.to_dicts()}
    pooled = {
        method: finite_or_none(each["wape"])
        for (method, window), each in cells.items()
        if window == POOLED_WINDOWS
    }
    tested = {method for method, _ in cells}
    shown = str(row["best_method"] or "")
    methods = tuple(
        DemandMethod(
            METHOD_LABELS.get(name, name),
            name == shown,
            name == REFERENCE_METHOD,
            pooled.get(name),
            tuple(
                method_error(cells[name, window], "wape") if (name, window) in cells else None
                for window in windows
            ),
        )
        for name in sorted(tested, key=lambda name: (pooled.get(name) or math.inf, name))
    )
    return DemandLevel(
        name=LEVEL_LABELS[row["level"]],
        method=METHOD_LABELS.get(shown, shown),
        reason=row["reason"],
        is_published=row["is_published"],
        error=pooled.get(shown),
        service_met=finite_or_none(row["service_met"]),
        service_tests=int(row["service_tests"]),
        windows=tuple(format_iso_day(window) for window in windows),
        methods=methods,
    )


def _item_table(name: str, rows: pl.DataFrame, names: Mapping[str, str]) -> DemandItemTable:
    shown = rows.drop_nulls("expected").head(MAX_ITEMS_SHOWN).to_dicts()
    items = tuple(_item(row, names) for row in shown)
    return DemandItemTable(name, rows.height, float(rows["expected"].sum()), items)


def _item(row: Row, names: Mapping[str, str]) -> DemandItem:
    low, high = finite_or_none(row["low"]), finite_or_none(row["high"])
    is_of_use = (
        low is not None and high is not None and high - low <= MAX_INTERVAL * row["expected"]
    )
    return DemandItem(
        name="All products" if row["level"] == "total" else row["item"],
        description=names.get(row["item"], ""),
        expected=row["expected"],
        low=low if is_of_use else None,
        high=high if is_of_use else None,
        last_window=finite_or_none(row["last_window"]),
        year_ago=finite_or_none(row["seasonal_naive"]),
        order=finite_or_none(row["order_up_to"]) if is_of_use else None,
        ratio=finite_or_none(row["critical_ratio"]),
    )


def _expected_customers(mix: pl.DataFrame, known: Badges) -> tuple[ExpectedCustomers, ...]:
    columns = ("existing", "newcomers", "units_per_customer")
    rows = mix.select("segment_id", *columns).iter_rows()
    return tuple(ExpectedCustomers(known[name], *figures) for name, *figures in rows)


def _affinity_map(
    index: pl.DataFrame, known: Badges, categories: Sequence[str]
) -> tuple[SegmentAffinity, ...]:
    rows = index.filter(level="category").drop_nulls("index").to_dicts()
    cells = {(row["segment_id"], row["item"]): _affinity_item(row, {}) for row in rows}
    return tuple(
        SegmentAffinity(chip, tuple(cells.get((i, name)) for name in categories))
        for i, chip in known.items()
        if any((i, name) in cells for name in categories)
    )


def _affinity_item(row: Row, names: Mapping[str, str]) -> AffinityItem:
    shade = min(max((row["index"] - 1) * 100, 0.0), 100.0)
    ends = (row["low"], row["high"])
    return AffinityItem(
        row["item"],
        names.get(row["item"], ""),
        row["index"],
        *ends,
        round(shade, 1),
        row["is_significant"],
    )
