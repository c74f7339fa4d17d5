"""The data dictionary, generated from the declarations of the tables."""

import textwrap
from pathlib import Path

import polars as pl

from segpredict.report.bi._customers import CUSTOMERS, PROBABILITIES, SCORES
from segpredict.report.bi._dates import DATES, KPIS
from segpredict.report.bi._orders import LINES, ORDERS
from segpredict.report.bi._products import PRODUCTS
from segpredict.report.bi._segments import SEGMENTS, TRANSITIONS
from segpredict.report.bi._table import COLUMN_TYPES, BiTable

BI_TABLES: tuple[BiTable, ...] = (
    *(CUSTOMERS, SEGMENTS, ORDERS, LINES, SCORES, PROBABILITIES),
    *(TRANSITIONS, KPIS, DATES, PRODUCTS),
)
PAGE_HEADER = Path(__file__).with_name("page_header.md")


def render_data_dictionary() -> str:
    """Return the dictionary as Markdown.

    Examples
    --------
    >>> "| [orders](#orders) | fact | one order or credit note |" in render_data_dictionary()
    True
    """
    header = PAGE_HEADER.read_text(encoding="utf-8")
    listed = [f"| [{t.name}](#{t.name}) | {t.role} | {t.grain} |" for t in BI_TABLES]
    head = "\n".join(["| table | role | one row is |", "| --- | --- | --- |", *listed])
    entries = [_entry(table) for table in BI_TABLES]
    return "\n\n".join([header.rstrip(), "## Tables", head, *entries]) + "\n"


def data_dictionary_rows() -> pl.DataFrame:
    """Return the dictionary as rows, one per column."""
    rows = [
        (table.name, c.name, _type(c.kind), c.kind, c.key, c.meaning)
        for table in BI_TABLES
        for c in table.columns
    ]
    names = ("table", "column", "type", "kind", "key", "meaning")
    return pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")


def _entry(table: BiTable) -> str:
    rows = [
        f"| `{column.name}` | {_type(column.kind)} | {_key(column.key)} | {column.meaning} |"
        for column in table.columns
    ]
    about = textwrap.fill(f"One row is {table.grain}. {table.meaning}", 88)
    head = ["| column | type | key | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"### {table.name}", "", about, "", *head, *rows])


def _type(kind: str) -> str:
    words = {"text": "text", "whole": "integer", "date": "date", "flag": "boolean"}
    return words.get(kind, "double" if COLUMN_TYPES[kind] == pl.Float64 else "decimal(19,4)")


def _key(key: str) -> str:
    return {"": "", "primary": "primary"}.get(key, f"→ `{key}`")
