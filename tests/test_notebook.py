"""The notebook of the documentation runs, cell by cell, and any cell again."""

import ast
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.py"
CELL = re.compile(r"^# %%(?: \[(\w+)\])? ?(.*)$", re.MULTILINE)


def cells() -> dict[str, str]:
    """Return the code of each cell by the first words of its title."""
    _, *parts = CELL.split(NOTEBOOK.read_text(encoding="utf-8"))
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {re.split("[:;,]", title)[0]: code for kind, title, code in found if not kind}


def shown(code: str, names: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does, and return the value that it shows."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.usefixtures("_no_pictures")
def test_an_analyst_fits_looks_scores_explains_and_runs_a_cell_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    told = {title: shown(code, names) for title, code in cells().items()}
    assert all(value is not None for value in told.values())
    assert len(repr(told["Fit"]).splitlines()) <= 2
    assert "<iframe" in told["Look"]._repr_html_()
    assert isinstance(names["scores"], pd.DataFrame)
    assert set(names["scores"]["as_of"].dt.strftime("%Y-%m-%d")) == {"2023-12-01"}
    assert told["Score"]["size"].sum() == len(names["scores"])
    assert len(told["Whom to call"]) == 5
    assert len(told["Explain one of them"]) > 0
    assert (told["The last orders of that customer"]["CustomerID"] == names["customer"]).all()
    before, scores = names["predictor"], names["scores"]
    again = shown(cells()["Fit"], names)
    assert again == before
    assert hash(again) == hash(before)
    shown(cells()["Score"], names)
    pd.testing.assert_frame_equal(names["scores"], scores)
