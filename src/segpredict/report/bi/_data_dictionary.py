"""Write the data dictionary from the declarations of the tables."""

import textwrap

import polars as pl

from segpredict.report.bi._customers import CHANCES, CUSTOMERS, SCORES
from segpredict.report.bi._dates import DATES, METRICS
from segpredict.report.bi._orders import LINES, ORDERS
from segpredict.report.bi._segments import MOVES, SEGMENTS
from segpredict.report.bi._table import COLUMN_TYPES, BiTable

BI_TABLES: tuple[BiTable, ...] = (
    CUSTOMERS,
    SEGMENTS,
    ORDERS,
    LINES,
    SCORES,
    CHANCES,
    MOVES,
    METRICS,
    DATES,
)
PAGE_HEADER = """\
# The tables for Tableau, Power BI and SQL

```
segpredict report --run FOLDER --format bi
segpredict report --run FOLDER --format bi --out tables/ --hash-ids
```

writes a star schema of a run as Parquet and CSV, into the folder `bi` of the run or
the one that `--out` names. This page is written from the declarations in
`src/segpredict/bi/` by

```
python docs/write_bi.py
```

and stands beside the tables as `data_dictionary_rows.md`; `data_dictionary_rows.csv` has the same
as rows.

* **Joins** are by one column each, from a fact to a dimension (`→` below). All of
  them hold: no fact names a customer, an order, a segment or a day that has no row.
* **Money and pieces** are decimals with four digits after the point, exact; the
  currency is that of the shop. **Days** are dates. There are no nested types, and no
  column depends on the run: probabilities are rows of `chances`, not columns.
* **Revenue** is the sum of `revenue` in `orders` (or `lines`) over any days, **orders**
  the number of rows with `is_order`: what was sent back whole counts nowhere. These are
  the figures of the page ([definitions](kpis.md)).
* **In Power BI** mark `dates` as the date table, and keep one active path between two
  tables: `scores` and `chances` through `customers`, `lines` through `orders`. Joins of
  `next_segment_id` and `to_segment_id` are the second ones to segments, so leave these
  inactive and use them with `USERELATIONSHIP`.
* **Keys** that are numbers (`order_key`, `line_key`) are of one export: the next may
  number otherwise. Load all tables of one export together.
* **In CSV** no spreadsheet runs a text: one of `= + - @` that begins it, or follows a
  `;`, a tab or a line end within it, has an apostrophe before it, in ids as well, so
  that tables still join. In Parquet every text is as it was. Nulls are empty.
* **They agree with what is shown**: in a clone, `python tests/bi/agreement.py FOLDER`
  reads figures off the page, the slides, the JSON and these tables of a run, and lays
  them beside SQL on its files (make both first: `segpredict report --run FOLDER`, and
  again with `--format pptx`). It prints every figure and ends with 1 if any differ.
* **Without a stage there are no rows**: before `segpredict train-classifier` the tables
  `scores` and `chances` are empty.

## Hashed ids

`--hash-ids` puts keyed hashes in the place of the ids of customers and orders
(HMAC-SHA-256 under a secret, 128 bits, as 32 hexadecimal digits), and sorts by them.
The secret is read from the file that `--secret-file` names, or else from the
environment variable `SEGPREDICT_SECRET`; it is written nowhere.

* The same secret gives the same hash on every day and machine, so exports, and what
  `segpredict score --hash-ids` prints, still join each other.
* Who has the secret and a list of ids can tell whose row is whose: keep it as you
  keep the ids. Another secret for another recipient keeps two exports apart.
* This is pseudonymisation, not anonymisation: days, products and amounts remain, and
  may tell who somebody is. Ids of products, and names of countries, are as they were.
"""


def render_data_dictionary() -> str:
    """Return the dictionary as Markdown."""
    listed = [f"| [{t.name}](#{t.name}) | {t.role} | {t.grain} |" for t in BI_TABLES]
    head = "\n".join(["| table | role | one row is |", "| --- | --- | --- |", *listed])
    entries = [_entry(table) for table in BI_TABLES]
    return "\n\n".join([PAGE_HEADER.rstrip(), "## Tables", head, *entries]) + "\n"


def data_dictionary_rows() -> pl.DataFrame:
    """Return the dictionary as rows, one a column."""
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
