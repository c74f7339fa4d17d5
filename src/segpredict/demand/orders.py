"""How much to hold of each item: quantiles of the demand that is to be expected."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.core.arrays import Floats
from segpredict.demand.judge import DISPERSIONS
from segpredict.demand.options import DemandOptions
from segpredict.demand.outlook import LAST, MIX, SEASONAL, Outlook
from segpredict.demand.sales import NOWHERE, PRODUCT
from segpredict.demand.spread import classes, critical_ratio, quantile
from segpredict.tables import Transactions

LOW, HIGH = 0.1, 0.9  # an interval that holds four windows of five
FORECAST = {
    "level": pl.String,
    "item": pl.String,
    "expected": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "season": pl.Float64,
    "last_window": pl.Float64,
    "seasonal_naive": pl.Float64,
    "price": pl.Float64,
    "cost": pl.Float64,
    "ratio": pl.Float64,
    "order_up_to": pl.Float64,
}


def orders(
    transactions: Transactions,
    found: Sequence[Outlook],
    levels: pl.DataFrame,
    options: DemandOptions,
) -> pl.DataFrame:
    """Return what is to be expected of each item and how much to hold (`FORECAST`).

    Parameters
    ----------
    transactions
        The shop, for what products cost.
    found
        The forecasts at the end of the data.
    levels
        `judge.STANDING`; levels that are not published are left out.
    options
        Critical ratio where no cost is known, and what is left over brings.

    Notes
    -----
    Demand is negative binomial with the dispersion of the back-test. The quantity to
    order up to is its quantile at (p − c)/(p − s), where a product's price and cost are
    known, else at ``options.service``.
    """
    spread = {
        row["level"]: np.array([row[name] for name in DISPERSIONS], dtype=float)
        for row in levels.filter("is_published").to_dicts()
    }
    tables = [
        _table(each, spread[each.level], *_goods(transactions, each), options)
        for each in found
        if each.level in spread
    ]
    return pl.concat([pl.DataFrame(schema=FORECAST), *tables])


def _goods(transactions: Transactions, outlook: Outlook) -> tuple[Floats, Floats]:
    """Return price and cost of each item; not a number where one is unknown."""
    table = transactions.companions.products
    asked = pl.DataFrame({"product_id": list(outlook.items)})
    unknown = np.full(len(outlook.items), np.nan)
    if table is None or outlook.level != PRODUCT:
        return unknown, unknown
    beside = asked.join(table, on="product_id", how="left", maintain_order="left")

    def number(name: str) -> Floats:
        if name not in beside.columns:
            return unknown
        cell = beside[name].cast(pl.Float64, strict=False)
        return cell.fill_null(float("nan")).to_numpy()

    return number("price"), number("cost")


def _table(
    outlook: Outlook,
    alphas: Floats,
    price: Floats,
    cost: Floats,
    options: DemandOptions,
) -> pl.DataFrame:
    mean = outlook.expected[MIX]
    alpha = alphas[classes(mean)]
    is_known = ~(np.isnan(price) | np.isnan(cost))
    ratio = np.where(
        is_known, critical_ratio(price, cost, options.salvage), options.service
    )
    naive = outlook.expected.get(SEASONAL, np.full(len(mean), np.nan))
    return (
        pl.DataFrame(
            {
                "level": [outlook.level] * len(mean),
                "item": list(outlook.items),
                "expected": mean,
                "low": quantile(mean, alpha, LOW),
                "high": quantile(mean, alpha, HIGH),
                "season": outlook.season,
                "last_window": outlook.expected[LAST],
                "seasonal_naive": naive,
                "price": price,
                "cost": cost,
                "ratio": ratio,
                "order_up_to": quantile(mean, alpha, ratio),
            },
            schema=FORECAST,
        )
        .filter(pl.col("item") != NOWHERE)
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .sort(-pl.col("expected"), "item")
    )
