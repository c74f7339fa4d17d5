"""The run as a star schema, for Tableau, Power BI and SQL.

A `StarSchema` goes in, the `BI_TABLES` come out: facts (orders, lines, scores, probabilities,
transitions, kpis, forecast checks) that join dimensions (customers, segments, dates, products) by
one column each. They are declared in ``tables.toml``, from which ``docs/write_bi.py`` writes
`docs/reference/bi.md`.
"""

from segpredict.report.bi._data_dictionary import BI_TABLES, render_data_dictionary
from segpredict.report.bi._star_schema import CustomerBatch, StarSchema
from segpredict.report.bi._table import BiColumn, BiTable, to_money_units
from segpredict.report.bi._write import write_star_schema

__all__ = [
    "BI_TABLES",
    "BiColumn",
    "BiTable",
    "CustomerBatch",
    "StarSchema",
    "render_data_dictionary",
    "to_money_units",
    "write_star_schema",
]
