from pathlib import Path

import pytest
from equal_stores import dressed, dresses, is_equal

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "input.md"


@pytest.mark.real
@pytest.mark.slow
def test_four_dresses_of_a_shop_give_equal_stores(real_data) -> None:
    with dresses(real_data) as paths:
        made = [dressed(name, path) for name, path in paths.items()]
    assert [one.name for one in made if not is_equal(made[0], one)] == []
    assert len(made) == 4


def test_the_docs_show_four_equal_formats() -> None:
    text = DOCS.read_text(encoding="utf-8")
    table = text.split("<!-- equal stores: begin -->")[1].split("<!-- equal")[0]
    assert table.count("| yes |") == 4
    assert "NO" not in table
