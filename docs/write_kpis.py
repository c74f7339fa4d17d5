"""Write ``kpis.md``, the page of definitions, from the definitions."""

import inspect
import textwrap
from doctest import DocTestParser
from pathlib import Path

from segpredict.analytics.kpis import KPIS, KpiDefinition

HEAD = """\
# What each figure means

Every figure about a shop is defined once, in `src/segpredict/metrics/`, in the
tuple `KPIS`; pages and exports use these definitions and no others. This page is
written from them by

```
python docs/write_kpis.py
```

and the examples are run with the tests. A run keeps all figures in
`metrics/figures.parquet`, each with its interval, the customers behind it (`n`) and, as
exact whole numbers, the two sides of its fraction (`part` and `whole`; money in units
of 10⁻⁴); the months are in `metrics/months.parquet`, the Lorenz curve in
`metrics/lorenz.parquet`.

* **Window**: as many days as the horizon of the run (91 by default), laid back from the
  end of the data; it holds its first day and not the day after its last.
  **Look-back**: that of the run, the 364 days before the end of the data by default.
* **Revenue** is what was bought less what came back, of customers who are known. A
  return counts on the day it comes back. An order that was sent back whole by the end
  of the data does not count at all.
* **Cohort**: the customers whose first order in the data was in one calendar month. A
  month of which the data do not hold the last day is *censored*: its figures are
  blank, not zero. The first cohort holds everybody who bought before the data began,
  so figures over all cohorts leave it out.
* What was seen in the data is exact. The intervals say how far the figures would move
  if other customers of the same kind had come; seasons and trends are not in them.

| figure | name in tables | unit |
| --- | --- | --- |
"""


def document() -> str:
    """Return the page of all definitions, as Markdown."""
    rows = [f"| {m.title} | `{m.name}` | {m.unit} |" for m in KPIS]
    return "\n\n".join([HEAD + "\n".join(rows), *map(_entry, KPIS)]) + "\n"


def _entry(metric: KpiDefinition) -> str:
    facts = [
        ("Formula", metric.formula),
        ("Unit", metric.unit),
        ("Interval", metric.interval),
        ("Careful", metric.caution),
    ]
    listed = "\n".join(
        textwrap.fill(f"* **{name}**: {text}", 88, subsequent_indent="  ")
        for name, text in facts
        if text
    )
    meaning = textwrap.fill(metric.meaning, 88)
    words, code = _example(metric)
    example = "\n\n".join(text for text in (words, code) if text)
    return f"## {metric.title}\n\n{meaning}\n\n{listed}\n\n{example}"


def _example(metric: KpiDefinition) -> tuple[str, str]:
    """Return the worked example of a metric: what it says, and the code."""
    told = (inspect.getdoc(metric.measure) or "").partition("--------\n")[2]
    words = told.partition(">>>")[0].strip()
    steps = DocTestParser().get_examples(told)
    code = "".join(_prompted(step.source) + step.want for step in steps)
    return words, f"```python\n{code}```"


def _prompted(source: str) -> str:
    first, *more = source.splitlines()
    return "".join([f">>> {first}\n", *(f"... {line}\n" for line in more)])


if __name__ == "__main__":
    Path(__file__).with_name("kpis.md").write_text(document(), encoding="utf-8")
