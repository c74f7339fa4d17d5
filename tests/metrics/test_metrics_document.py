"""The page of definitions is that of the definitions."""

from pathlib import Path

from segpredict.metrics import METRICS, document

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_of_definitions_is_current() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == document(), "python -m segpredict.metrics > docs/metrics.md"


def test_every_metric_stands_on_the_page_with_its_example() -> None:
    page = document()
    for metric in METRICS.all():
        entry = page.partition(f"## {metric.title}\n")[2].partition("\n## ")[0]
        assert "* **Formula**" in entry
        assert "* **Interval**" in entry
        assert f'["{metric.name}"]' in entry or f'"{metric.name}", ' in entry
        assert ">>> " in entry
