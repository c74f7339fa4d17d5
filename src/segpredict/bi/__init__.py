"""The run as a star schema, for Tableau, Power BI and whoever speaks SQL.

A `Star` goes in, the nine of `TABLES` come out: facts (orders, lines, scores,
chances, moves, metrics) that join dimensions (customers, segments, dates) by one column
each. `docs/bi.md` is written from the declarations by ``docs/write_bi.py``.
"""

from segpredict.bi._document import TABLES, document
from segpredict.bi._star import Share, Star
from segpredict.bi._table import Column, Table
from segpredict.bi._write import write

__all__ = ["TABLES", "Column", "Share", "Star", "Table", "document", "write"]
