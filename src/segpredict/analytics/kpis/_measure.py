"""Define all KPIs, and compute them, or the requested ones."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import polars as pl

from segpredict.analytics.kpis import _cohorts, _concentration, _sales
from segpredict.analytics.kpis._months import monthly_figures
from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.core import schemas
from segpredict.errors import UnknownNameError

MEASURES: dict[str, Callable[[OrderBook], pl.DataFrame]] = {
    "revenue": _sales.revenue,
    "orders": _sales.order_count,
    "customers": _sales.customer_count,
    "order_value": _sales.mean_order_value,
    "order_value_median": _sales.median_order_value,
    "purchase_frequency": _sales.purchase_frequency,
    "gross_net_bridge": _sales.gross_net_bridge,
    "window_retention": _cohorts.window_retention,
    "cohort_retention": _cohorts.cohort_retention,
    "rolling_retention": _cohorts.rolling_retention,
    "segment_retention": _cohorts.segment_retention,
    "net_revenue_retention": _cohorts.net_revenue_retention,
    "gross_revenue_retention": _cohorts.gross_revenue_retention,
    "repeat_rate": _cohorts.repeat_rate,
    "segment_revenue_share": _concentration.segment_revenue_share,
    "gini": _concentration.spend_gini,
    "top_decile_share": _concentration.top_decile_share,
    "cohort_revenue": _cohorts.cohort_revenue,
    "cohort_revenue_cumulative": _cohorts.cohort_revenue_cumulative,
}


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """One definition.

    >>> kpi_named("orders").unit
    'orders'
    """

    name: str  # the key in tables
    # computes it: one row a figure, with the columns of `schemas.KPI_SCHEMA` but the KPI's name.
    # Its docstring holds the worked example.
    measure: Callable[[OrderBook], pl.DataFrame]
    title: str  # title on pages
    formula: str  # how it is worked out, in symbols and words
    unit: Literal["share", "currency", "orders", "customers", "index"]  # what its values are in
    interval: str  # how its interval is made
    meaning: str  # one sentence that a marketer understands
    caution: str = ""  # what it does not say


def _read_definitions() -> tuple[KpiDefinition, ...]:
    file = resources.files("segpredict.analytics.kpis").joinpath("kpis.toml")
    words = tomllib.loads(file.read_text(encoding="utf-8"))
    intervals = words["interval"]
    return tuple(
        KpiDefinition(name, MEASURES[name], **{**kpi, "interval": intervals[kpi["interval"]]})
        for name, kpi in words["kpis"].items()
    )


KPIS = _read_definitions()  # in the order of pages


def compute_kpis(order_book: OrderBook, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the KPIs of these names, all by default, with intervals and both sides of fractions.

    Returned is `schemas.KPI_SCHEMA`: ``kpi``, ``scope`` (``all``, a segment id, a month, a number
    of days or a step of the bridge), ``age`` (months since the first order, of cohorts), ``start``
    and ``end`` (days), ``n`` (customers behind it), ``part`` and ``whole`` (exact whole numbers,
    money in units of 10⁻⁴), ``value`` (part / whole; money in currency), ``low`` and ``high``. What
    cannot be known yet is null.

    Raises `UnknownNameError` when there is no KPI of that name.

    >>> shop = OrderBook.from_orders([("ann", 0, 20), ("bob", 1, 10)], end_day=91)
    >>> compute_kpis(shop, ["revenue", "customers"]).select("kpi", "value").rows()
    [('revenue', 30.0), ('customers', 2.0)]
    """
    found = [
        kpi_named(name).measure(order_book).select(pl.lit(name).alias("kpi"), pl.all())
        for name in (sorted(MEASURES) if names is None else names)
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

    >>> list(kpi_tables(OrderBook.from_orders([("ann", 0, 20)], end_day=91)))
    ['figures', 'months', 'lorenz']
    """
    return {
        "figures": compute_kpis(order_book),
        "months": monthly_figures(order_book),
        "lorenz": _concentration.lorenz_curve(order_book),
    }
