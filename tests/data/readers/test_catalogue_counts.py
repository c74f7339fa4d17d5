import re
from pathlib import Path

from catalogue_of_files import OTHERWISE, answered, rows, table

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "input.md"


def test_every_row_of_the_catalogue_has_a_test() -> None:
    assert set(answered()) == set(rows())


def test_the_counts_in_the_docs_are_those_that_the_command_prints() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_every_row_that_is_answered_otherwise_has_its_reason_in_the_docs() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| ([FSPX]\d\d) \|", text, re.MULTILINE)) == set(OTHERWISE)
