"""The data dictionary, generated from the declarations of the tables."""

import textwrap

import polars as pl

from segpredict.report.bi._customers import CUSTOMERS, PROBABILITIES, SCORES
from segpredict.report.bi._dates import DATES, KPIS
from segpredict.report.bi._orders import LINES, ORDERS
from segpredict.report.bi._segments import SEGMENTS, TRANSITIONS
from segpredict.report.bi._table import COLUMN_TYPES, BiTable

BI_TABLES: tuple[BiTable, ...] = (
    CUSTOMERS,
    SEGMENTS,
    ORDERS,
    LINES,
    SCORES,
    PROBABILITIES,
    TRANSITIONS,
    KPIS,
    DATES,
)
PAGE_HEADER = """\
# The tables for Tableau, Power BI and SQL

```
segpredict report --run FOLDER --format bi
segpredict report --run FOLDER --format bi --out tables/ --hash-ids
```

writes a star schema of a run as Parquet and CSV, into the folder `bi` of the run, or
the folder of `--out`. This page is generated from the declarations in
`src/segpredict/report/bi/` by

```
python docs/write_bi.py
```

and saved with the tables as `dictionary.md`; `dictionary.csv` has the same as rows.

* **Joins** are by one column each, from a fact to a dimension (`→` below). All of
  them hold: every customer, order, segment and day of a fact has a row in its dimension.
* **Money and quantities** are decimals with four digits after the point, exact; the
  currency is that of the shop. **Days** are dates. There are no nested types, and no
  column depends on the run: probabilities are rows of `probabilities`, not columns.
* **Revenue** is the sum of `revenue` in `orders` (or `lines`) over any days, **orders**
  the number of rows with `is_order`; fully refunded orders do not count. These are the
  numbers of the page ([definitions](kpis.md)).
* **In Power BI** mark `dates` as the date table, and keep one active path between two
  tables: `scores` and `probabilities` through `customers`, `lines` through `orders`. Joins of
  `next_segment_id` and `to_segment_id` are second joins to segments; leave them
  inactive and use them with `USERELATIONSHIP`.
* **Keys** that are numbers (`order_key`, `line_key`) are valid within one export. Load all
  tables of one export together.
* **In CSV** no text can run as a formula: `= + - @` at its start, or after a `;`, a tab
  or a line end, gets an apostrophe, in ids as well, so that tables still join. Parquet
  has the original texts. Nulls are empty.
* **They agree with the report**: in a clone, `python tests/report/bi/agreement.py FOLDER`
  compares numbers of the page, the slides, the JSON and these tables with SQL on the
  files of the run (create both first: `segpredict report --run FOLDER`, and again with
  `--format pptx`). It prints every number and exits with 1 if any differ.
* **A missing stage leaves tables empty**: before `segpredict train-classifier` the tables
  `scores` and `probabilities` have no rows.

## Hashed ids

`--hash-ids` replaces the ids of customers and orders by keyed hashes
(HMAC-SHA-256 under a secret, 128 bits, as 32 hexadecimal digits), and sorts by them.
The secret is read from the file of `--secret-file`, or else from the environment
variable `SEGPREDICT_SECRET`; it is never saved.

* The same secret gives the same hash on every day and machine, so exports, and what
  `segpredict score --hash-ids` prints, still join each other.
* With the secret and a list of ids, rows can be matched to customers: protect it like
  the ids. A different secret per recipient prevents joins between their exports.
* This is pseudonymisation, not anonymisation: days, products and amounts remain, and
  can identify a person. Ids of products and names of countries are unchanged.
"""


def render_data_dictionary() -> str:
    """Return the dictionary as Markdown.

    Examples
    --------
    >>> "| [orders](#orders) | fact | one order or credit note |" in render_data_dictionary()
    True
    """
    listed = [f"| [{t.name}](#{t.name}) | {t.role} | {t.grain} |" for t in BI_TABLES]
    head = "\n".join(["| table | role | one row is |", "| --- | --- | --- |", *listed])
    entries = [_entry(table) for table in BI_TABLES]
    return "\n\n".join([PAGE_HEADER.rstrip(), "## Tables", head, *entries]) + "\n"


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
