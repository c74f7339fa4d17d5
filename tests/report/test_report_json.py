"""``report.json`` is described field by field, and says what the page says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundles import bundle

from segpredict.report import SECTIONS, Section, contexts, document
from segpredict.report._document import undescribed

PAGE = Path(__file__).parents[2] / "docs" / "report-json.md"


def test_the_description_is_current() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == document(), "python -m segpredict.report > docs/report-json.md"


def test_every_field_of_every_section_is_described() -> None:
    # Say it under Parameters in the docstring of the context's class.
    assert undescribed() == []


@dataclass(frozen=True)
class Weather:
    """The sky.

    Parameters
    ----------
    degrees, wind
        What was measured | told.
    """

    degrees: float
    wind: tuple[int, ...] | None
    clouds: dict[str, float]


def weather(_: Any) -> Weather | None:
    """Return it."""
    return Weather(1.0, None, {})


class Grown:
    """The sections and one more."""

    def names(self) -> tuple[str, ...]:
        return (*SECTIONS.names(), "weather")

    def get(self, name: str) -> Section:
        return Section(5, "Sky", weather) if name == "weather" else SECTIONS.get(name)


def test_a_section_that_is_added_is_described() -> None:
    told = document(Grown())  # type: ignore[arg-type]
    assert "## weather\n\nOn the page: *Sky*." in told
    assert "| `degrees` | number | What was measured \\| told. |" in told
    assert "| `wind` | list of integer or null | What was measured \\| told. |" in told
    assert "| `clouds` | object of number |  |" in told


def test_a_field_that_nobody_describes_is_found() -> None:
    assert undescribed(Grown()) == ["test_report_json.Weather.clouds"]  # type: ignore[arg-type]


def test_every_field_that_is_told_stands_in_the_description() -> None:
    page = document()
    for name, section in contexts(bundle())["sections"].items():
        part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in part for field in section)


def test_the_facts_say_whose_data_they_are() -> None:
    told = json.loads(json.dumps(contexts(bundle())))
    assert (told["first_day"], told["last_day"]) == ("2009-12-01", "2011-12-09")
    assert told["currency"] == "£"
