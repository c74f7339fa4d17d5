"""The one place where figures about a shop are defined: `KPIS`.

Books go in, a table of figures comes out, each with its interval and what it was made
from. `docs/kpis.md` is written from the definitions by ``docs/write_kpis.py``.
"""

from segpredict.analytics.kpis._concentration import lorenz_curve
from segpredict.analytics.kpis._measure import (
    KPIS,
    compute_kpis,
    kpi_named,
    kpi_tables,
    load_kpis,
)
from segpredict.analytics.kpis._metric import KpiDefinition
from segpredict.analytics.kpis._months import month_name, monthly_figures
from segpredict.analytics.kpis._order_book import OrderBook

__all__ = [
    "KPIS",
    "KpiDefinition",
    "OrderBook",
    "compute_kpis",
    "kpi_named",
    "kpi_tables",
    "load_kpis",
    "lorenz_curve",
    "month_name",
    "monthly_figures",
]
