"""A shop with everything switched on, and a copy for each test that changes it."""

import shutil
from pathlib import Path

import pytest
from whole_shop import Shop

from segpredict import pipeline
from segpredict.pipeline import CampaignRequest, ExportRequest
from segpredict.scoring.new_data import NewData


@pytest.fixture(scope="session")
def whole_shop(run_folder: Path, sample_file: Path, small_config, made_once) -> Shop:
    """Return a store, a run with all exports, a history and an experiment. Not to be changed."""

    def make(folder: Path) -> None:
        folder.mkdir()
        run = Path(shutil.copytree(run_folder, folder / "run"))
        pipeline.ingest(sample_file, folder / "store", small_config)
        for form in ("json", "md", "pptx"):
            pipeline.export_report(run, form, ExportRequest(created="then"))
        pipeline.export_bi_tables(run, ExportRequest(created="then"))
        for day in ("2023-07-01", None):
            data = NewData([str(folder / "store")])
            pipeline.score_into_history(folder / "history", run, data, as_of=day)
        for name in pipeline.list_campaigns(run)["campaign"].head(2):
            pipeline.draw_campaign(run, CampaignRequest(name, folder / "list.csv"), "that day")

    return Shop(made_once("privacy", make), sample_file)


@pytest.fixture
def shop(whole_shop: Shop, tmp_path: Path) -> Shop:
    """Return a copy that a test may change."""
    return whole_shop.copy(tmp_path)
