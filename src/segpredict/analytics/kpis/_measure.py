"""Compute all KPIs of a shop, or the requested ones."""

from collections.abc import Sequence

import polars as pl

from segpredict.analytics.kpis import _cohorts, _retention, _sales
from segpredict.analytics.kpis._concentration import (
    GINI,
    SEGMENT_REVENUE_SHARE,
    TOP_DECILE_SHARE,
    lorenz_curve,
)
from segpredict.analytics.kpis._metric import KpiDefinition
from segpredict.analytics.kpis._months import monthly_figures
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core import schemas
from segpredict.errors import UnknownNameError

KPIS: tuple[KpiDefinition, ...] = (  # in the order of pages
    _sales.REVENUE,
    _sales.ORDERS,
    _sales.CUSTOMERS,
    _sales.ORDER_VALUE,
    _sales.ORDER_VALUE_MEDIAN,
    _sales.PURCHASE_FREQUENCY,
    _sales.GROSS_NET_BRIDGE,
    _retention.WINDOW_RETENTION,
    _cohorts.COHORT_RETENTION,
    _cohorts.ROLLING_RETENTION,
    _retention.SEGMENT_RETENTION,
    _retention.NET_REVENUE_RETENTION,
    _retention.GROSS_REVENUE_RETENTION,
    _retention.REPEAT_RATE,
    SEGMENT_REVENUE_SHARE,
    GINI,
    TOP_DECILE_SHARE,
    _cohorts.COHORT_REVENUE,
    _cohorts.COHORT_REVENUE_CUMULATIVE,
)
KPI_TABLES = ("figures", "months", "lorenz")


def compute_kpis(order_book: OrderBook, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the KPIs of a shop with intervals, numerators and denominators.

    Parameters
    ----------
    order_book
        The shop.
    names
        KPI names; all by default.

    Returns
    -------
    polars.DataFrame
        `schemas.KPI_SCHEMA`: ``kpi``, ``scope`` (``all``, a segment id, a month, a number of days
        or a step of the bridge), ``age`` (months since the first order, of cohorts), ``start`` and
        ``end`` (days), ``n`` (customers behind it), ``part`` and ``whole`` (exact whole numbers,
        money in units of 10⁻⁴), ``value`` (part / whole; money in currency), ``low`` and ``high``.
        What cannot be known yet is null.

    Raises
    ------
    UnknownNameError
        When there is no KPI of that name.

    Examples
    --------
    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("bob", 1, 10)], end_day=91)
    >>> compute_kpis(shop, ["revenue", "customers"]).select("kpi", "value").rows()
    [('revenue', 30.0), ('customers', 2.0)]
    """
    requested = sorted(m.name for m in KPIS) if names is None else names
    found = [
        kpi_named(name).measure(order_book).select(pl.lit(name).alias("kpi"), pl.all())
        for name in requested
    ]
    return schemas.validate_schema(pl.concat(found), schemas.KPI_SCHEMA)


def kpi_named(name: str) -> KpiDefinition:
    """Return one definition.

    Raises
    ------
    UnknownNameError
        When there is none of that name; the message names the nearest.

    Examples
    --------
    >>> kpi_named("gini").title
    'Gini index of sales'
    """
    known = {kpi.name: kpi for kpi in KPIS}
    if name not in known:
        raise UnknownNameError("kpi", name, known)
    return known[name]


def kpi_tables(order_book: OrderBook) -> dict[str, pl.DataFrame]:
    """Return the tables that a run saves, by name.

    ``figures`` (`compute_kpis`), ``months`` (`monthly_figures`) and ``lorenz`` (`lorenz_curve`).

    Examples
    --------
    >>> list(kpi_tables(OrderBook.from_orders([("ann", 0, 20)], end_day=91)))
    ['figures', 'months', 'lorenz']
    """
    tables = (compute_kpis(order_book), monthly_figures(order_book), lorenz_curve(order_book))
    return dict(zip(KPI_TABLES, tables, strict=True))
