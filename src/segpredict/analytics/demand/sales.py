"""Sales by window, customer, product and segment.

And the history of sales at a cutoff: only windows that were over by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from segpredict import features
from segpredict.classifier import SegmentAssigner
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import DAYS_PER_WEEK, DAYS_PER_YEAR

TOTAL_LEVEL, CATEGORY_LEVEL, PRODUCT_LEVEL = "total", "category", "product"
DEMAND_LEVELS = (TOTAL_LEVEL, CATEGORY_LEVEL, PRODUCT_LEVEL)
NO_CATEGORY = ""  # the category of a product that has none
DayRange = tuple[int, int]


@dataclass(frozen=True)
class WindowSales:
    """One window."""

    span: DayRange  # its days, ``[start, end)``
    # ``customer_id``, ``segment`` (code at the end of the window; null where unknown), ``total``,
    # ``category``, ``product`` (null where lines have none), ``units`` (10⁻⁴) and ``lines``;
    # one row a customer and product
    purchases: pl.DataFrame
    members: IntArray  # customers of each segment, by code
    newcomers: IntArray  # those of them without an order in the look-back, who had no forecast

    def units_sold(self, level: str, items: Sequence[str]) -> FloatArray:
        """Return the units of each item that anybody bought."""
        sold = self.customer_units[level].group_by(level).agg(pl.col("units").sum())
        return _aligned(sold, level, items, "units")

    @cached_property
    def customer_units(self) -> dict[str, pl.DataFrame]:
        """The units of each customer, segment and item, by level."""
        by = ["customer_id", "segment"]
        found = {
            level: self.purchases.group_by(*by, level).agg(pl.col("units").sum())
            for level in (TOTAL_LEVEL, CATEGORY_LEVEL)
        }
        return found | {PRODUCT_LEVEL: self.purchases.select(*by, PRODUCT_LEVEL, "units")}

    @cached_property
    def without_segments(self) -> "WindowSales":
        """The same window with all buyers in one segment, of code 1."""
        one = pl.when(pl.col("segment") > 0).then(1).otherwise(pl.col("segment"))
        return replace(
            self,
            purchases=self.purchases.with_columns(segment=one.cast(pl.Int8)),
            members=np.array([self.members[0], self.members[1:].sum()]),
            newcomers=np.array([self.newcomers[0], self.newcomers[1:].sum()]),
        )


def product_categories(transactions: Transactions) -> pl.LazyFrame:
    """Return ``product_id`` and ``category`` of all products, if there is a table."""
    table = transactions.side_tables.products
    if table is None or "category" not in table.columns:
        return pl.LazyFrame(schema={"product_id": pl.String, "category": pl.String})
    return table.lazy().select("product_id", "category")


IS_SOLD = ~pl.col("is_return") & (pl.col("quantity") > 0)
SOLD_COLUMNS = ("product_id", "day", "void_day", "is_return")


def sold_lines(transactions: Transactions, until: int) -> pl.LazyFrame:
    """Return the lines of goods sold as known at a cutoff, with units as ordered."""
    return (
        transactions.known_at(until)
        .filter(IS_SOLD)
        .join(product_categories(transactions), on="product_id", how="left")
        .with_columns(
            pl.lit("all").alias(TOTAL_LEVEL),
            pl.col("category").fill_null(NO_CATEGORY).alias(CATEGORY_LEVEL),
            pl.col("product_id").alias(PRODUCT_LEVEL),
        )
    )


def sales_by_day(transactions: Transactions) -> Transactions:
    """Return the shop with the units of each product and day in the place of its lines."""
    units = pl.col("quantity").sum()
    sums = transactions.by_parts(
        lambda part: part.lines.filter(IS_SOLD).group_by(SOLD_COLUMNS).agg(units).collect()
    )
    return replace(transactions, lines=sums.group_by(SOLD_COLUMNS).agg(units).lazy())


def window_sales(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    time: TimeOptions,
    spans: Sequence[DayRange],
) -> Mapping[DayRange, WindowSales]:
    """Return the sales of each window, as known at the window's end."""
    measured = [(end - time.horizon, end) for _, end in spans]
    inputs = features.clustering_inputs(transactions, measured, segmentation.extra_inputs)
    codes = segmentation.assign(inputs)
    spans_by_cutoff = {start - time.gap: (start, end) for start, end in spans}
    backs = [(cutoff - time.lookback, cutoff) for cutoff in sorted(spans_by_cutoff)]
    known = features.clustering_inputs(transactions, backs)
    size = len(segmentation.segments)
    bought = _bought(transactions, sorted(spans_by_cutoff.values()))
    found = {}
    for start, end in sorted(spans_by_cutoff.values()):
        current = codes.filter(pl.col("end") == end).select("customer_id", "segment")
        before = known.filter(pl.col("end") == start - time.gap)
        buyers = current.join(inputs.filter(end=end), on="customer_id", how="semi")
        new = buyers.join(before, on="customer_id", how="anti")
        purchases = bought.pop((start, end)).join(
            current, on="customer_id", how="left", maintain_order="left"
        )
        members, newcomers = (
            np.bincount(each["segment"].to_numpy(), minlength=size) for each in (current, new)
        )
        found[start, end] = WindowSales((start, end), purchases, members, newcomers)
    return found


def _bought(transactions: Transactions, spans: Sequence[DayRange]) -> dict[DayRange, pl.DataFrame]:
    """Return what each customer bought in each window, from one reading of the lines."""
    found: dict[DayRange, list[pl.DataFrame]] = {span: [] for span in spans}
    keys = ("customer_id", *DEMAND_LEVELS)
    for part in transactions.parts():
        lines = part.lines.filter(IS_SOLD).select("customer_id", "quantity", *SOLD_COLUMNS)
        held = replace(part, lines=lines.collect().lazy())
        for start, end in spans:
            bought = (
                sold_lines(held, end)
                .filter(pl.col("day") >= start)
                .group_by(keys)
                .agg(units=pl.col("quantity").sum(), lines=pl.len().cast(pl.Int64))
                .sort(keys)
                # Names of products take much of a large shop's memory.
                .with_columns(pl.col(DEMAND_LEVELS).cast(pl.Categorical))
            )
            found[start, end].append(bought.collect())
    return {span: pl.concat(tables) for span, tables in found.items()}


def segment_sales(
    windows: Sequence[WindowSales], level: str, items: Sequence[str], size: int
) -> tuple[FloatArray, FloatArray]:
    """Return the units of each item by segment in these windows, and their scatter.

    The scatter is Σ(y − ȳ)² of what single customers bought in a window. One row an item, one
    column a segment, INACTIVE left out.
    """
    each = pl.concat(window.customer_units[level] for window in windows)
    piece = pl.col("units") / MONEY_SCALE
    cells = each.group_by("segment", level).agg(
        pl.col("units").sum(), squares=(piece * piece).sort().sum()
    )
    parts = [cells.filter(pl.col("segment") == code) for code in range(1, size)]
    units = np.column_stack([_aligned(each, level, items, "units") for each in parts])
    squares = np.column_stack([_aligned(each, level, items, "squares", 1.0) for each in parts])
    members = np.sum([window.members for window in windows], axis=0)[1:]
    return units, np.maximum(squares - units**2 / np.maximum(members, 1), 0.0)


def _aligned(
    cells: pl.DataFrame, level: str, items: Sequence[str], value: str, unit: float = MONEY_SCALE
) -> FloatArray:
    """Return the value of each item, in the order of the items; 0 where none is."""
    wanted = pl.DataFrame({level: list(items)}, schema={level: pl.String})
    cells = cells.with_columns(pl.col(level).cast(pl.String))
    found = wanted.join(cells, on=level, how="left", maintain_order="left")
    return found[value].fill_null(0).cast(pl.Float64).to_numpy() / unit


def weekly_units(
    transactions: Transactions, cutoff: int, level: str, items: Sequence[str]
) -> FloatArray:
    """Return the units of each item in each whole week before a cutoff, oldest first."""
    count = (cutoff - transactions.first_day) // DAYS_PER_WEEK
    table = np.zeros((len(items), count))
    place = pl.DataFrame({level: list(items)}, schema={level: pl.String})
    found = (
        sold_lines(transactions, cutoff)
        .filter(pl.col("day") >= cutoff - count * DAYS_PER_WEEK)
        .with_columns(week=count - 1 - (cutoff - 1 - pl.col("day")) // DAYS_PER_WEEK)
        .group_by(level, "week")
        .agg(pl.col("quantity").sum())
        .collect()
        .join(place.with_row_index("row"), on=level, how="inner")
    )
    table[found["row"].to_numpy(), found["week"].to_numpy()] = (
        found["quantity"].cast(pl.Float64).to_numpy() / MONEY_SCALE
    )
    return table


@dataclass(frozen=True)
class SalesHistory:
    """Sales of the windows that were over by a cutoff."""

    cutoff: int  # the day of the forecast
    windows: tuple[WindowSales, ...]  # windows of the last year, newest first, consecutive
    # the window a year before the one to be forecast; ``None`` if unknown
    season_window: WindowSales | None
    # how many of the newest windows have their whole look-back in the data: only in these can new
    # and returning customers be distinguished
    whole_history: int

    @property
    def all_windows(self) -> tuple[WindowSales, ...]:
        """The windows of the last year, and the one a year ago."""
        return (*self.windows, *filter(None, [self.season_window]))

    def without_segments(self) -> "SalesHistory":
        """Return the same history with all buyers in one segment, of code 1."""
        windows = tuple(window.without_segments for window in self.windows)
        return replace(self, windows=windows)

    def newcomers_per_window(self) -> FloatArray:
        """Return how many newcomers a window brings to each segment, by code, on average."""
        usable = self.windows[: max(self.whole_history, 1)]
        found: FloatArray = np.mean([window.newcomers for window in usable], axis=0)
        return found


def history_windows(cutoff: int, time: TimeOptions, first_day: int) -> tuple[DayRange, ...]:
    """Return the windows of the last year before a cutoff, newest first.

    >>> history_windows(300, TimeOptions(), 100)
    ((209, 300), (118, 209))
    >>> history_windows(900, TimeOptions(horizon=400), 100)
    ((500, 900),)
    """
    count = max(min(DAYS_PER_YEAR, cutoff - first_day) // time.horizon, 1)
    ends = [cutoff - i * time.horizon for i in range(count)]
    return tuple((end - time.horizon, end) for end in ends)


def last_year_window(cutoff: int, time: TimeOptions, first_day: int) -> DayRange | None:
    """Return the window a year before the one to be forecast, if it is known.

    >>> last_year_window(500, TimeOptions(), 100), last_year_window(400, TimeOptions(), 100)
    ((136, 227), None)
    """
    start = cutoff + time.gap - DAYS_PER_YEAR
    is_known = start >= first_day and start + time.horizon <= cutoff
    return (start, start + time.horizon) if is_known else None


def sales_history(
    cutoff: int, time: TimeOptions, first_day: int, measured_windows: Mapping[DayRange, WindowSales]
) -> SalesHistory:
    """Return the sales known at a cutoff, from measured windows."""
    back = history_windows(cutoff, time, first_day)
    year_ago = last_year_window(cutoff, time, first_day)
    whole = [start - time.gap - time.lookback >= first_day for start, _ in back]
    return SalesHistory(
        cutoff,
        tuple(measured_windows[span] for span in back),
        None if year_ago is None else measured_windows[year_ago],
        sum(whole),
    )
