"""Units per customer and seasonal indices of all items, shrunk to their parent level."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.demand import sales
from segpredict.analytics.demand.history import SalesHistory
from segpredict.analytics.demand.shrinkage import gamma_poisson_rates
from segpredict.core.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class ItemRates:
    """The items of one level."""

    items: tuple[str, ...]  # names, sorted
    parents: IntArray  # the row of each item's parent one level above
    # units per customer of each segment in a window; columns by code, the inactive buy nothing
    rates: FloatArray
    seasonal_factors: FloatArray  # index of each item; 1 where none is known


def shrunk_item_rates(
    history: SalesHistory, n_segments: int, first_sold: Mapping[str, int]
) -> dict[str, ItemRates]:
    """Return the items of all levels known at a cutoff.

    Rates of the total and of categories are shrunk to their mean over segments, those of products
    (from their first sale on) to the mean product of their category in the segment, and share what
    it sells.

    The season's index is units sold in the window a year ago over those to be expected from the
    customers of then, by their segments. That of the total is shrunk to 1 as far as the windows of
    the year differ by no more than chance, the others to the level above.
    """
    found: dict[str, ItemRates] = {}
    above: ItemRates | None = None
    for level in sales.DEMAND_LEVELS:
        sold = pl.concat([window.purchases[level] for window in history.all_windows])
        items = tuple(sold.drop_nulls().unique().sort().to_list())
        parents = _parents(history, level, items, above)
        starts = [first_sold.get(i, 0) if level == sales.PRODUCT_LEVEL else 0 for i in items]
        level_items = _LevelItems(history, level, items, parents, np.array(starts, dtype=int))
        rates = level_items.rates(n_segments, above)
        above = ItemRates(items, parents, rates, level_items.season(n_segments, rates, above))
        found[level] = above
    return found


def first_sale_days(lines: pl.LazyFrame, since: int) -> dict[str, int]:
    """Return the day on which each product was first sold, of `sales.sold_lines`.

    Those first seen before a day are left out: the data may begin later than they did.
    """
    days = lines.group_by(sales.PRODUCT_LEVEL).agg(pl.col("day").min()).collect()
    return dict(days.drop_nulls().filter(pl.col("day") >= since).iter_rows())


@dataclass(frozen=True)
class _LevelItems:
    """The items of a level with the history that their rates are fitted on."""

    history: SalesHistory
    level: str
    items: tuple[str, ...]
    parents: IntArray
    starts: IntArray

    def rates(self, size: int, above: ItemRates | None) -> FloatArray:
        sold = sales.segment_sales(self.history.windows, self.level, self.items, size)
        exposure = np.zeros(sold.units.shape)
        for window in self.history.windows:
            exposure += np.outer(self.on_sale(window), window.members[1:])
        if self.level == sales.PRODUCT_LEVEL and above is not None:
            found = self._leaning(sold, exposure, above)
        else:
            one = np.zeros(size - 1, dtype=int)
            found = gamma_poisson_rates(sold.units.T, sold.squared_units.T, exposure.T, one).T
        return np.column_stack([np.zeros(len(found)), found])

    def _leaning(
        self, sold: sales.SegmentSales, exposure: FloatArray, above: ItemRates
    ) -> FloatArray:
        many = np.bincount(self.parents, minlength=len(above.items))[:, None]
        mean = above.rates[:, 1:] / np.maximum(many, 1)
        found = gamma_poisson_rates(sold.units, sold.squared_units, exposure, self.parents, mean)
        return found * self._share(found, above.rates[:, 1:])

    def _share(self, parts: FloatArray, whole: FloatArray) -> FloatArray:
        """Return the factor by which each part is multiplied to fill its whole."""
        sums = np.zeros_like(whole)
        np.add.at(sums, self.parents, parts)
        factor = np.divide(whole, sums, out=np.ones_like(whole), where=sums > 0)
        return factor[self.parents]

    def season(self, size: int, rates: FloatArray, above: ItemRates | None) -> FloatArray:
        window = self.history.season_window
        if window is None or not self.items:
            return np.ones(len(self.items))
        if above is None:
            return self._season_of_all(window, size, rates)
        units, scatter = self._sold(window, size)
        expected = (rates[:, 1:] @ window.members[1:])[:, None]
        known = expected * self.on_sale(window)[:, None]
        mean = above.seasonal_factors[:, None]
        found = gamma_poisson_rates(units, scatter, known, self.parents, mean)
        if self.level != sales.PRODUCT_LEVEL:
            return found[:, 0]
        sums = np.zeros_like(mean)
        np.add.at(sums, self.parents, expected)
        return (found * self._share(found * expected, mean * sums))[:, 0]

    def _season_of_all(self, season: sales.WindowSales, size: int, rates: FloatArray) -> FloatArray:
        """Return the total's index: one of a year's windows, all of them about 1."""
        windows = {each.span: each for each in (*self.history.windows, season)}
        sold = [self._sold(window, size) for window in windows.values()]
        expected = [rates[:, 1:] @ window.members[1:] for window in windows.values()]
        one = np.zeros(len(windows), dtype=int)
        units, scatter = (np.vstack(each) for each in zip(*sold, strict=True))
        found = gamma_poisson_rates(units, scatter, np.vstack(expected), one, np.ones((1, 1)))
        index: FloatArray = found[list(windows).index(season.span)]
        return index

    def _sold(self, window: sales.WindowSales, size: int) -> tuple[FloatArray, FloatArray]:
        sold = sales.segment_sales([window], self.level, self.items, size)
        return sold.units.sum(axis=1)[:, None], sold.squared_units.sum(axis=1)[:, None]

    def on_sale(self, window: sales.WindowSales) -> FloatArray:
        """Return the share of a window in which each item was on sale."""
        start, end = window.span
        return np.clip((end - self.starts) / (end - start), 0.0, 1.0)


def _parents(
    history: SalesHistory, level: str, items: tuple[str, ...], above: ItemRates | None
) -> IntArray:
    if level != sales.PRODUCT_LEVEL or above is None:
        return np.zeros(len(items), dtype=int)
    known = history.all_windows
    pairs = pl.concat(
        [w.purchases.select(sales.PRODUCT_LEVEL, sales.CATEGORY_LEVEL) for w in known]
    )
    category = dict(pairs.drop_nulls().unique().iter_rows())
    row = {name: i for i, name in enumerate(above.items)}
    return np.array([row[category[item]] for item in items], dtype=int)
