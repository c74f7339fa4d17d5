"""The one place where figures about a shop are defined: `METRICS`.

Books go in, a table of figures comes out, each with its interval and what it was made
from. `docs/metrics.md` is written from the definitions by ``docs/write_metrics.py``.
"""

from segpredict.metrics._books import Books
from segpredict.metrics._concentration import lorenz
from segpredict.metrics._measure import METRICS, kept, measure, metric_named, tables
from segpredict.metrics._metric import Metric
from segpredict.metrics._months import month_name, months

__all__ = [
    "METRICS",
    "Books",
    "Metric",
    "kept",
    "lorenz",
    "measure",
    "metric_named",
    "month_name",
    "months",
    "tables",
]
