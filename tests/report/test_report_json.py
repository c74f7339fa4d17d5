"""``report.json`` is described field by field, and says what the page says."""

import json
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from typing import Any

from bundles import bundle

from segpredict.report import SECTIONS, ReportSection, section_contexts

DOCS = Path(__file__).parents[2] / "docs"
document = run_path(str(DOCS / "write_report_json.py"))["document"]


def test_every_field_of_every_section_is_described() -> None:
    # Say it in a comment beside the field of the context's class.
    assert "|  |" not in document()


@dataclass(frozen=True)
class Weather:
    """The sky."""

    # what was measured | told
    degrees: float
    wind: tuple[int, ...] | None

    clouds: dict[str, float]


def weather(_: Any) -> Weather | None:
    """Return it."""
    return Weather(1.0, None, {})


def test_a_section_that_is_added_is_described() -> None:
    told = document((*SECTIONS, ReportSection("weather", "Sky", weather)))
    assert "## weather\n\nOn the page: *Sky*." in told
    assert "| `degrees` | number | What was measured \\| told. |" in told
    assert "| `wind` | list of integer or null | What was measured \\| told. |" in told
    assert "| `clouds` | object of number |  |" in told


def test_every_field_that_is_told_stands_in_the_description() -> None:
    page = document()
    for name, section in section_contexts(bundle())["sections"].items():
        part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in part for field in section)


def test_the_facts_say_whose_data_they_are() -> None:
    told = json.loads(json.dumps(section_contexts(bundle())))
    assert (told["first_day"], told["last_day"]) == ("2009-12-01", "2011-12-09")
    assert told["currency"] == "£"
