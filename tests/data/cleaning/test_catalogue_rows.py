import re
from pathlib import Path

from catalogue_of_rows import OTHERWISE, UNTESTED, answered, rows, table

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "cleaning.md"


def test_every_row_but_those_named_has_a_test() -> None:
    assert rows() - answered() == set(UNTESTED)
    assert answered() <= rows()


def test_the_counts_in_the_docs_are_those_that_are_printed() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_every_row_answered_otherwise_has_its_reason_in_the_docs() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:[ITNBM]\d\d(?:, )?)+) \|", text, re.MULTILINE)
    assert {row for cell in rows for row in cell.split(", ")} == set(OTHERWISE)
