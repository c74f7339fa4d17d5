"""Customer features: one row per customer, one family of columns per file.

Transactions and windows go in, a `FeatureTable` per window comes out. A family is a
pure function of one customer's rows and a `Window`: nothing looks across customers, so
rows may be split by customer among threads, files or machines.
"""

from segpredict.features.build import (
    build_features,
    choose_families,
    clustering_inputs,
    compute_features,
    feature_glossary,
    fitted_families,
    measure_window,
    needed_columns,
)
from segpredict.features.engine.orders import with_orders
from segpredict.features.family import FEATURE_FAMILIES, FeatureFamily

__all__ = [
    "FEATURE_FAMILIES",
    "FeatureFamily",
    "build_features",
    "choose_families",
    "clustering_inputs",
    "compute_features",
    "feature_glossary",
    "fitted_families",
    "measure_window",
    "needed_columns",
    "with_orders",
]
