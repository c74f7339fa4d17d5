"""Write the sources of the example for dbt, with tests, from the declarations of the BI tables."""

import json
from collections.abc import Iterator
from pathlib import Path

from segpredict.report.bi import BI_TABLES, BiColumn, BiTable
from segpredict.report.database import run_tables, scores_table, shop_tables

TARGET = Path(__file__).parents[1] / "examples" / "dbt" / "models" / "sources.yml"
HEAD = """\
# Written by docs/write_dbt.py: the star schema, with its keys. The target duckdb reads the files of
# `segpredict report --format bi`, the target postgresql the tables of `segpredict publish --shop`.
sources:
  - name: segpredict
    schema: "{{ var('schema') }}"
    config:
      meta:
        external_location: "{{ var('tables') }}/{name}.parquet"
    tables:
"""
PUBLISHED = run_tables("") | shop_tables("") | {"scores": scores_table("scores")}


def document() -> str:
    """Return the file."""
    lines = (line for table in BI_TABLES if table.name in PUBLISHED for line in _table(table))
    return HEAD + "\n".join(lines) + "\n"


def _table(table: BiTable) -> Iterator[str]:
    about = f"One row is {table.grain}. {table.meaning}"
    yield f"      - name: {table.name}"
    published = PUBLISHED[table.name]
    yield f"        identifier: \"{{{{ var('prefix') }}}}{published.view or published.name}\""
    yield f"        description: {json.dumps(about, ensure_ascii=False)}"
    yield "        columns:"
    for column in table.columns:
        yield f"          - name: {column.name}"
        yield f"            description: {json.dumps(column.meaning, ensure_ascii=False)}"
        yield from _tests(column)


def _tests(column: BiColumn) -> Iterator[str]:
    if column.key == "primary":
        yield "            data_tests: [unique, not_null]"
    elif column.key:
        table, field = column.key.split(".")
        yield "            data_tests:"
        yield "              - relationships:"
        yield "                  arguments:"
        yield f"                    to: source('segpredict', '{table}')"
        yield f"                    field: {field}"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
