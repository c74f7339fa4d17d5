"""What a run exports: its page, its facts and its tables, with which ids."""

import json
import shutil
from html import unescape
from pathlib import Path

import polars as pl
import pytest

import segpredict
from run_hashes import verify_hashes
from segpredict import pipeline
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.run_folder import open_run
from segpredict.errors import TargetBusyError
from segpredict.pipeline import ExportRequest

NAMES = Pseudonymizer(b"sixteen bytes or more")


@pytest.fixture(scope="module")
def report(run_folder: Path) -> segpredict.Report:
    return segpredict.Report(run_folder)


@pytest.fixture
def run(run_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run_folder, tmp_path / "run")


def test_tables_go_into_the_run_and_are_part_of_it(run: Path) -> None:
    place, rows = pipeline.export_bi_tables(run, ExportRequest())
    assert place == run / "bi"
    made = open_run(run)
    verify_hashes(made)
    assert made.has("bi/orders.parquet")
    assert pl.read_parquet(place / "orders.parquet").height == rows["orders"]
    # Again: what was there is replaced.
    assert pipeline.export_bi_tables(run, ExportRequest())[1] == rows


def test_tables_elsewhere_leave_the_run_as_it_was(run_folder: Path, tmp_path: Path) -> None:
    before = open_run(run_folder).manifest["digest"]
    out = tmp_path / "tables"
    pipeline.export_bi_tables(run_folder, ExportRequest(out=out))
    assert open_run(run_folder).manifest["digest"] == before
    assert (out / "dictionary.md").is_file()
    with pytest.raises(TargetBusyError):
        pipeline.export_bi_tables(run_folder, ExportRequest(out=out))
    pipeline.export_bi_tables(run_folder, ExportRequest(out=out, replace=True))


def test_tables_never_replace_a_folder_that_is_something_else(
    run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(TargetBusyError):
        pipeline.export_bi_tables(run_folder, ExportRequest(out=tmp_path, replace=True))
    assert (tmp_path / "precious.txt").exists()


def test_tables_never_replace_a_run(run_folder: Path, run: Path) -> None:
    with pytest.raises(TargetBusyError):
        pipeline.export_bi_tables(run_folder, ExportRequest(out=run, replace=True))
    verify_hashes(open_run(run))


def test_the_facts_are_those_of_the_page(
    run_folder: Path, report: segpredict.Report, tmp_path: Path
) -> None:
    out = tmp_path / "facts.json"
    assert pipeline.export_report(run_folder, "json", ExportRequest(created="then", out=out)) == out
    told, own = json.loads(out.read_text(encoding="utf-8")), report.to_json()
    assert told["sections"].keys() == own["sections"].keys()
    # Lists are linked only where the page stands beside them.
    for name in own["sections"].keys() - {"headline", "shortlist", "campaigns"}:
        assert told["sections"][name] == own["sections"][name]


def test_by_default_the_page_goes_into_the_run(run: Path) -> None:
    path = pipeline.export_report(run, "html", ExportRequest(created="later"))
    assert path == run / "report.html"
    assert "later" in path.read_text(encoding="utf-8")
    verify_hashes(open_run(run))


def test_hashed_ids_leave_no_customer_on_the_page(
    run_folder: Path, report: segpredict.Report
) -> None:
    examples = report.to_json()["sections"]["example_customers"]["customers"]
    own = [example["id"] for example in examples]
    hidden = segpredict.Report(run_folder, pseudonyms=NAMES)
    told = hidden.to_json()["sections"]["example_customers"]["customers"]
    assert [example["id"] for example in told] == [NAMES.hash_id(i) for i in own]
    assert not any(f">{i}<" in hidden.to_html() for i in own)


def test_in_a_notebook_the_page_stands_in_a_closed_frame(
    report: segpredict.Report,
) -> None:
    frame = report._repr_html_()
    assert frame.startswith('<iframe sandbox="" srcdoc="')
    inside = frame.split('srcdoc="')[1].split('"')[0]
    assert unescape(inside) == report.to_html()
    assert report.to_markdown().startswith("# ")
    assert repr(report) == f"Report({str(report.run.folder)!r})"
