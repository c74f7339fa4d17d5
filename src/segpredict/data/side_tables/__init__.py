"""Tables in addition to the transactions, as they were known at a cutoff.

Customers, products, web events and marketing contacts go in; `SideTables` come out.
A column without a time stamp describes today and would leak the future, so it is left
out unless the user names it as time-invariant.
"""

from segpredict.data.side_tables.freeze import freeze_side_tables
from segpredict.data.side_tables.read import (
    only_of,
    read_side_tables,
    side_table_frames,
    side_tables_from_state,
    side_tables_to_state,
)
from segpredict.data.side_tables.tables import fill_list_prices, lines_layout

__all__ = [
    "fill_list_prices",
    "freeze_side_tables",
    "lines_layout",
    "only_of",
    "read_side_tables",
    "side_table_frames",
    "side_tables_from_state",
    "side_tables_to_state",
]
