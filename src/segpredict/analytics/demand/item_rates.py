"""Units per customer of all items, shrunk to their parent level."""

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
    # units per customer of each segment in a window; columns by code, the inactive buy nothing
    rates: FloatArray


def shrunk_item_rates(
    history: SalesHistory, n_segments: int, first_sold: Mapping[str, int]
) -> dict[str, ItemRates]:
    """Return the items of all levels known at a cutoff.

    Rates of the total and of categories are shrunk to their mean over segments, those of products
    (from their first sale on) to the mean product of their category in the segment, and share what
    it sells.
    """
    found: dict[str, ItemRates] = {}
    for level in sales.DEMAND_LEVELS:
        sold = pl.concat([window.purchases[level] for window in history.all_windows])
        items = tuple(sold.drop_nulls().unique().sort().to_list())
        is_product = level == sales.PRODUCT_LEVEL
        starts = np.array([first_sold.get(i, 0) if is_product else 0 for i in items], dtype=int)
        units, scatter = sales.segment_sales(history.windows, level, items, n_segments)
        exposure = np.zeros(units.shape)
        for window in history.windows:
            start, end = window.span
            on_sale = np.clip((end - starts) / (end - start), 0.0, 1.0)
            exposure += np.outer(on_sale, window.members[1:])
        if is_product:
            above = found[sales.CATEGORY_LEVEL]
            parents = _categories(history, items, above.items)
            rates = _product_rates(units, scatter, exposure, parents, above.rates[:, 1:])
        else:
            one = np.zeros(n_segments - 1, dtype=int)
            rates = gamma_poisson_rates(units.T, scatter.T, exposure.T, one).T
        found[level] = ItemRates(items, np.column_stack([np.zeros(len(items)), rates]))
    return found


def first_sale_days(lines: pl.LazyFrame, since: int) -> dict[str, int]:
    """Return the day on which each product was first sold, of `sales.sold_lines`.

    Those first seen before a day are left out: the data may begin later than they did.
    """
    days = lines.group_by(sales.PRODUCT_LEVEL).agg(pl.col("day").min()).collect()
    return dict(days.drop_nulls().filter(pl.col("day") >= since).iter_rows())


def _product_rates(
    units: FloatArray,
    scatter: FloatArray,
    exposure: FloatArray,
    parents: IntArray,
    whole: FloatArray,
) -> FloatArray:
    """Return rates that add up to those of each category (`whole`)."""
    count = np.bincount(parents, minlength=len(whole))[:, None]
    found = gamma_poisson_rates(units, scatter, exposure, parents, whole / np.maximum(count, 1))
    sums = np.zeros_like(whole)
    np.add.at(sums, parents, found)
    factor = np.divide(whole, sums, out=np.ones_like(whole), where=sums > 0)
    return found * factor[parents]


def _categories(
    history: SalesHistory, items: tuple[str, ...], categories: tuple[str, ...]
) -> IntArray:
    """Return the row of each product's category."""
    pairs = pl.concat(
        window.purchases.select(sales.PRODUCT_LEVEL, sales.CATEGORY_LEVEL)
        for window in history.all_windows
    )
    category_of = dict(pairs.drop_nulls().unique().iter_rows())
    row = {name: i for i, name in enumerate(categories)}
    return np.array([row[category_of[item]] for item in items], dtype=int)
