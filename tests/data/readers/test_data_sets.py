import re
from pathlib import Path

import pytest
from data_sets import SETS, look

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "input.md"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("one", SETS, ids=lambda one: one.name)
def test_a_data_set_has_the_totals_of_its_readme_and_a_ledger_that_adds_up(one, real_data) -> None:
    found = look(one, real_data)
    assert found.missed == ()
    assert found.adds_up


def test_the_docs_show_every_data_set_with_all_its_totals() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for one in SETS:
        row = re.search(rf"^\| {re.escape(one.name)} \|.*$", text, re.MULTILINE)
        assert row, one.name
        assert f"| yes | {len(one.totals)} / {len(one.totals)} |" in row[0]
