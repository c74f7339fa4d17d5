"""Write ``kpis.md``, the page of definitions, from the definitions."""

import inspect
import textwrap
from doctest import DocTestParser
from pathlib import Path

from segpredict.analytics.kpis import KPIS, KpiDefinition

HEAD = """\
# Key figures (KPIs)

Every key figure of a shop is defined once, in `src/segpredict/analytics/kpis/`: its words in
`kpis.toml`, its computation in a function; pages and exports use these definitions and no
others. This page is written from them by

```bash
python docs/write_kpis.py
```

and the examples are run with the tests. A run keeps all figures in
`kpis/figures.parquet`, each with its interval, the customers behind it (`n`) and, as
exact whole numbers, the two sides of its fraction (`part` and `whole`; money in units
of 10⁻⁴); the months are in `kpis/months.parquet`, the Lorenz curve in
`kpis/lorenz.parquet`.

* **Window**: as many days as the horizon of the run (91 by default), laid back from the
  end of the data; it holds its first day and not the day after its last.
  **Look-back**: that of the run, the 364 days before the end of the data by default.
* **Revenue** is sales minus returns of customers with an id. A return counts on the day
  of the return. An order fully refunded by the end of the data does not count.
* **Cohort**: the customers whose first order in the data was in one calendar month. A
  month of which the data do not hold the last day is *censored*: its figures are
  blank, not zero. The first cohort holds all customers who bought before the data began,
  so figures over all cohorts leave it out.
* Observed values are exact. The intervals show how far the figures would vary with other
  customers of the same kind; they do not cover seasons and trends.

| KPI | name in tables | unit |
| --- | --- | --- |
"""


def document() -> str:
    """Return the page of all definitions, as Markdown."""
    rows = [f"| {m.title} | `{m.name}` | {m.unit} |" for m in KPIS]
    return "\n\n".join([HEAD + "\n".join(rows), *map(_entry, KPIS)]) + "\n"


def _entry(kpi: KpiDefinition) -> str:
    facts = [
        ("Formula", kpi.formula),
        ("Unit", kpi.unit),
        ("Interval", kpi.interval),
        ("Careful", kpi.caution),
    ]
    listed = "\n".join(
        textwrap.fill(f"* **{name}**: {text}", 88, subsequent_indent="  ")
        for name, text in facts
        if text
    )
    meaning = textwrap.fill(kpi.meaning, 88)
    words, code = _example(kpi)
    example = "\n\n".join(text for text in (words, code) if text)
    return f"## {kpi.title}\n\n{meaning}\n\n{listed}\n\n{example}"


def _example(kpi: KpiDefinition) -> tuple[str, str]:
    """Return the worked example of a KPI: its text and its code."""
    docstring = (inspect.getdoc(kpi.measure) or "").partition("\n\n")[2]
    # The last paragraph before the code tells what happens in it.
    words = docstring.partition(">>>")[0].strip().rpartition("\n\n")[2]
    steps = DocTestParser().get_examples(docstring)
    code = "".join(_prompted(step.source) + step.want for step in steps)
    return words, f"```python\n{code}```"


def _prompted(source: str) -> str:
    first, *more = source.splitlines()
    return "".join([f">>> {first}\n", *(f"... {line}\n" for line in more)])


if __name__ == "__main__":
    Path(__file__).with_name("reference").joinpath("kpis.md").write_text(
        document(), encoding="utf-8"
    )
