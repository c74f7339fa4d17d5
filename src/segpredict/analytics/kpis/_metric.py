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

    Parameters
    ----------
    name
        The key in tables.
    title
        Title on pages.
    formula
        How it is worked out, in symbols and words.
    unit
        What its values are in.
    interval
        How its interval is made.
    meaning
        One sentence that a marketer understands.
    measure
        Computes it: one row a figure, with the columns of `schemas.KPI_SCHEMA` but the
        KPI's name. Its docstring holds the worked example.
    caution
        What it does not say.

    Examples
    --------
    >>> from segpredict.analytics.kpis import kpi_named
    >>> kpi_named("orders").unit
    'orders'
    """

    name: str
    title: str
    formula: str
    unit: KpiUnit
    interval: str
    meaning: str
    measure: Callable[[OrderBook], pl.DataFrame]
    caution: str = ""
