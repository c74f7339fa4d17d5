"""The notebooks of the documentation run, cell by cell, and their pages show their code."""

import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))

from write_notebooks import FOLDER, Cell, cells, run_cell  # noqa: E402

NOTEBOOKS = sorted(FOLDER.glob("*.py"))


def code_cells(notebook: str) -> dict[str, Cell]:
    """Return the cells of code by the first words of their titles."""
    found = cells(FOLDER / f"{notebook}.py")
    return {re.split("[:;,]", cell.title)[0]: cell for cell in found if not cell.kind}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_pictures: None) -> Any:
    """Return what runs a notebook in a folder of its own: its names, and what its cells show."""
    monkeypatch.chdir(tmp_path)

    def all_cells(notebook: str) -> tuple[dict[str, Any], dict[str, Any]]:
        names: dict[str, Any] = {}
        shown = {title: run_cell(c.code, names) for title, c in code_cells(notebook).items()}
        assert all(value is not None for value in shown.values())
        return names, shown

    return all_cells


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_page_of_a_notebook_shows_its_cells(notebook: Path) -> None:
    page = notebook.with_suffix(".md").read_text(encoding="utf-8")
    for cell in cells(notebook):
        block = f"```python\n{cell.code}\n```\n\n```text\n"
        shown = cell.code.strip('"') if cell.kind else block
        assert shown.strip() in page, "python docs/write_notebooks.py"


def test_an_analyst_fits_looks_scores_explains_and_runs_a_cell_again(run: Any) -> None:
    names, told = run("first-export")
    assert len(repr(told["Fit"]).splitlines()) <= 2
    assert "<iframe" in told["Look"]._repr_html_()
    assert isinstance(names["scores"], pd.DataFrame)
    assert set(names["scores"]["as_of"].dt.strftime("%Y-%m-%d")) == {"2023-12-01"}
    assert told["Score"]["size"].sum() == len(names["scores"])
    assert len(told["Whom to call"]) == 5
    assert len(told["Explain one of them"]) > 0
    assert (told["The last orders of that customer"]["CustomerID"] == names["customer"]).all()
    before, scores = names["predictor"], names["scores"]
    cell = code_cells("first-export")
    again = run_cell(cell["Fit"].code, names)
    assert again == before
    assert hash(again) == hash(before)
    run_cell(cell["Score"].code, names)
    pd.testing.assert_frame_equal(names["scores"], scores)


@pytest.mark.slow
def test_a_campaign_is_drawn_with_a_control_group_and_read_out(run: Any, tmp_path: Path) -> None:
    names, _ = run("campaign-control-group")
    sizes = names["record"]["arms"]
    assert names["arms"].filter("is_treated")["n"].item() == sizes["treatment"]
    held_out = sizes["universal holdout"] + sizes["campaign holdout"]
    assert abs(sizes["treatment"] - held_out) < 20
    assert abs(names["uplift"]) < 4 * names["variance"] ** 0.5
    assert len(list((tmp_path / "artifacts" / "experiments").glob("0001-*.json"))) == 1


@pytest.mark.slow
def test_customers_whom_a_run_never_saw_are_scored_and_explained(run: Any) -> None:
    names, shown = run("score-new-customers")
    assert names["unseen"].height > 50
    assert names["unseen"].filter(pl.col("expected_value").is_null()).is_empty()
    assert shown["One customer alone gets the same numbers"] is True
    assert shown["Why"]
