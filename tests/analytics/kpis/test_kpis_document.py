"""The page of definitions is that of the definitions."""

import runpy
from pathlib import Path

from segpredict.analytics.kpis import KPIS

DOCS = Path(__file__).parents[3] / "docs"
document = runpy.run_path(str(DOCS / "write_kpis.py"))["document"]


def test_the_page_of_definitions_is_current() -> None:
    result = (DOCS / "reference" / "kpis.md").read_text(encoding="utf-8")
    assert result == document(), "python docs/write_kpis.py"


def test_every_metric_stands_on_the_page_with_its_example() -> None:
    page = document()
    for metric in KPIS:
        entry = page.partition(f"## {metric.title}\n")[2].partition("\n## ")[0]
        assert "* **Formula**" in entry
        assert "* **Interval**" in entry
        assert f'["{metric.name}"]' in entry or f'"{metric.name}", ' in entry
        assert ">>> " in entry
