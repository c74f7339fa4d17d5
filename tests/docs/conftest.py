"""A shop and a run for the commands of the documentation, made once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shop_folder

from pictures import without_pictures
from segpredict import pipeline
from segpredict.config import load

QUICK = (
    *("classifier.bootstrap_draws=100", "classifier.families=['rfm']", "time.test_windows=1"),
    *("classifier.baselines=['markov', 'prior']", "segmentation.n_init=3"),
    "explain.sample_rows=200",
)


@pytest.fixture(scope="session")
def page_run(sample_file: Path, made_once: Any) -> Path:
    """Return a quick run without a preset, as pages make it. Tests must not change it."""

    def make(folder: Path) -> None:
        target = pipeline.RunTarget(folder / "run", "2024-01-01 06:00")
        with without_pictures():
            pipeline.run_pipeline([sample_file], load.load_config("default", QUICK), target)

    return made_once("page_runs", make) / "run"


@pytest.fixture
def in_the_shop(
    made_once: Any,
    sample_file: Path,
    page_run: Path,
    tmp_path: Path,
    monkeypatch: Any,
    request: pytest.FixtureRequest,
) -> Path:
    """Work in a folder with the files that a page names."""
    ready = made_once("pages", lambda folder: shop_folder.make(folder, sample_file))
    folder = tmp_path / "shop"
    shutil.copytree(ready, folder)
    text = request.node.callspec.params["page"].read_text(encoding="utf-8")
    for name in shop_folder.RUNS:
        if name in text:
            shop_folder.put_run(page_run, folder / name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEGPREDICT_SECRET", "0123456789abcdef0123456789abcdef")
    return folder


@pytest.fixture
def shop_database(in_the_shop: Path) -> Iterator[str]:
    """Return the address of a database with the orders of the shop."""
    from servers import running

    lines = pl.read_csv(in_the_shop / "sales.csv", infer_schema=False)
    with running("postgresql", f"segpredict_pages_{os.getpid()}") as server:
        kinds = {"InvoiceDate": "timestamp"}
        columns = ", ".join(f'"{name}" {kinds.get(name, "text")}' for name in lines.columns)
        server.load("orders", columns, lines.rows())
        yield server.url
