"""Definition of a KPI: readable texts, and the one way to compute it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segpredict.analytics.kpis._order_book import OrderBook

KpiUnit = Literal["share", "currency", "orders", "customers", "index"]
WILSON_NOTE = "Wilson's interval for a share, 95 %."
BOOTSTRAP_NOTE = (
    "Percentiles of 1,000 bootstrap draws of whole customers, 95 %; none where fewer "
    "than 5 customers stand behind the figure."
)
COUNT_NOTE = "There is no interval: it is counted, not estimated."


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """One definition.

    Examples
    --------
    >>> from segpredict.analytics.kpis import kpi_named
    >>> kpi_named("orders").unit
    'orders'
    """

    name: str  # the key in tables
    title: str  # title on pages
    formula: str  # how it is worked out, in symbols and words
    unit: KpiUnit  # what its values are in
    interval: str  # how its interval is made
    meaning: str  # one sentence that a marketer understands
    # computes it: one row a figure, with the columns of `schemas.KPI_SCHEMA` but the KPI's name.
    # Its docstring holds the worked example.
    measure: Callable[[OrderBook], pl.DataFrame]
    caution: str = ""  # what it does not say
