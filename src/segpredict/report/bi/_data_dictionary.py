"""The tables of the star schema, declared in ``tables.toml``, and their data dictionary."""

import textwrap
import tomllib
from pathlib import Path

import polars as pl

from segpredict.report.bi import _customers, _dates, _orders, _segments
from segpredict.report.bi._table import COLUMN_TYPES, BiColumn, BiTable

HERE = Path(__file__).parent
BATCH_BUILDERS = {  # of a `CustomerBatch`
    "customers": _customers.customer_rows,
    "orders": _orders.order_rows,
    "lines": _orders.line_rows,
    "scores": _customers.score_rows,
    "probabilities": _customers.probability_rows,
}
BUILDERS = {  # of a `StarSchema`
    "segments": _segments.segment_rows,
    "transitions": _segments.transition_rows,
    "kpis": _dates.kpi_rows,
    "forecast_checks": _dates.check_rows,
    "dates": _dates.date_rows,
    "products": _orders.product_rows,
}


def _declared_tables() -> tuple[BiTable, ...]:
    declared = tomllib.loads((HERE / "tables.toml").read_text(encoding="utf-8"))
    return tuple(
        BiTable(
            **{**words, "columns": tuple(BiColumn(c, **of) for c, of in words["columns"].items())},
            name=name,
            build=(BATCH_BUILDERS | BUILDERS)[name],
            is_batched=name in BATCH_BUILDERS,
        )
        for name, words in declared.items()
    )


BI_TABLES = _declared_tables()


def render_data_dictionary() -> str:
    """Return the dictionary as Markdown.

    Examples
    --------
    >>> "| [orders](#orders) | fact | one order or credit note |" in render_data_dictionary()
    True
    """
    header = (HERE / "page_header.md").read_text(encoding="utf-8")
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
