"""Key figures of a shop, each defined once in `KPIS`.

In: an order book. Out: a table of KPIs, each with its interval, numerator and denominator.
`docs/reference/kpis.md` is written from the definitions by ``docs/write_kpis.py``.
"""

from segpredict.analytics.kpis._measure import (
    KPIS,
    KpiDefinition,
    compute_kpis,
    kpi_named,
    kpi_tables,
)
from segpredict.analytics.kpis._months import monthly_figures
from segpredict.analytics.kpis._order_book import OrderBook

__all__ = [
    "KPIS",
    "KpiDefinition",
    "OrderBook",
    "compute_kpis",
    "kpi_named",
    "kpi_tables",
    "monthly_figures",
]
