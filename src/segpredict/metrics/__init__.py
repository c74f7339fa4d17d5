"""The one place where figures about a shop are defined; one metric a file.

Books go in, a table of figures comes out, each with its interval and what it was made
from. `docs/metrics.md` is written from the definitions by ``python -m
segpredict.metrics``.
"""

from segpredict.metrics._books import Books
from segpredict.metrics._concentration import lorenz
from segpredict.metrics._document import document
from segpredict.metrics._measure import kept, measure, tables
from segpredict.metrics._metric import METRICS, Metric
from segpredict.metrics._months import month_name, months

__all__ = [
    "METRICS",
    "Books",
    "Metric",
    "document",
    "kept",
    "lorenz",
    "measure",
    "month_name",
    "months",
    "tables",
]
