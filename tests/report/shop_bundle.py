"""The figures of an invented shop, for the page: two years and nine days."""

from dataclasses import replace
from functools import lru_cache

import polars as pl

from segpredict.analytics.kpis import OrderBook, kpi_tables

FIRST, END = 14579, 15318  # 2009-12-01 to 2011-12-09


@lru_cache
def figures() -> dict[str, pl.DataFrame]:
    """Return what a run would keep: customer i comes every 40 + i days."""
    rows = [
        (f"c{i:03d}", day, 10.0 + i)
        for i in range(1, 229)
        for day in range(FIRST + 280 + 2 * i, END, 40 + i)
    ]
    rows += [(f"c{i:03d}", END - 30, -5.0) for i in range(1, 11)]
    named = {f"c{i:03d}": f"S{i % 4}" for i in range(1, 229)}
    moves = pl.DataFrame(
        {"from_id": ["S1", "S1", "S2"], "to_id": ["S1", "S2", "S2"], "n": [30, 10, 20]}
    )
    books = replace(
        OrderBook.from_orders(rows, END, segments=named),
        first_day=FIRST,
        transitions=moves,
        draws=100,
    )
    return kpi_tables(books)
