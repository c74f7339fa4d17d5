from pathlib import Path

import pytest
from nights import NIGHTS, nights

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "input.md"


@pytest.mark.real
@pytest.mark.slow
def test_daily_drops_night_by_night_make_the_store_of_one_go(real_data) -> None:
    made, differing = nights(real_data)
    assert differing == []
    assert sum(night.added for night in made[:-1]) == made[-1].added == 305


def test_the_docs_show_equal_nights() -> None:
    text = DOCS.read_text(encoding="utf-8")
    shown = text.split("<!-- nights: begin -->")[1].split("<!-- nights: end -->")[0]
    assert shown.count("| night ") == len(NIGHTS) - 1
    assert "Equal: lines, ledger" in shown
    assert "Different" not in shown
