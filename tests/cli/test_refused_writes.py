"""A disk that is full, and a folder that may not be written, are told by every command."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from door import Door

Mount = Callable[[str], Path]

# What each command writes into the folder {here}; {run} is a run elsewhere, {line} one sale.
LINE = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n1,2,2,2022-01-03,1.50,17\n"
WRITES = {
    "sample": "sample --customers 50 --days 200 --out {here}/shop",
    "check, page": "check --data {line} --html {here}/check.html",
    "check, config": "check --data {line} --write-config {here}/shop.toml",
    "ingest": "ingest --data {data} --store {here}/store",
    "cluster": "cluster --data {data} --config online_retail --out {here}/run",
    "run": "run --data {data} --config online_retail --out {here}/run",
    "report, page": "report --run {run} --out {here}/page.html",
    "report, slides": "report --run {run} --format pptx --out {here}/deck.pptx",
    "report, facts": "report --run {run} --format json --out {here}/page.json",
    "report, tables": "report --run {run} --format bi --out {here}/bi",
    "score, CSV": "score --run {run} --data {data} --out {here}/scores.csv",
    "score, Parquet": "score --run {run} --data {data} --out {here}/scores.parquet",
    "score, history": "score --run {run} --data {data} --history {here}/history",
    "explain, plots": "explain --run {run} --segment S1 --plots {here}/plots",
}
TAKES_LONG = ("cluster", "run")  # before a full disk is met


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Return what mounts a small disk, for users who may."""
    here = tmp_path / "disk"
    here.mkdir()

    def mounted(options: str) -> Path:
        line = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(here)]
        tool = shutil.which("mount")
        if not tool or subprocess.run(line, check=False, capture_output=True).returncode:
            pytest.skip("this user may not mount a disk")
        return here

    yield mounted
    subprocess.run(["umount", "-l", str(here)], check=False, capture_output=True)


def written(segpredict: Door, name: str, here: Path, run: Path, data: Path) -> tuple[int, str]:
    line = here.parent / "line.csv"
    line.write_text(LINE)
    known = {"here": here, "run": run, "data": data, "line": line}
    code, _, err = segpredict(*(part.format(**known) for part in WRITES[name].split()))
    return code, err


@pytest.mark.parametrize("name", WRITES)
def test_a_folder_that_may_not_be_written_is_told(
    segpredict: Door, mount: Mount, run_folder: Path, sample_file: Path, name: str
) -> None:
    here = mount("ro,size=64k")
    code, err = written(segpredict, name, here, run_folder, sample_file)
    assert (code, "cannot be written" in err) == (2, True), err
    assert str(here) in err


@pytest.mark.parametrize("name", [name for name in WRITES if name not in TAKES_LONG])
def test_a_full_disk_is_told_and_nothing_is_left_on_it(
    segpredict: Door, mount: Mount, run_folder: Path, sample_file: Path, name: str
) -> None:
    here = mount("size=4k")  # room for a lock and its mark
    (here / "filler").write_bytes(b"")
    code, err = written(segpredict, name, here, run_folder, sample_file)
    assert (code, "is full" in err) == (10, True), err
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["filler"]


@pytest.mark.parametrize("more", [[], ["--format", "pptx"], ["--format", "bi"]])
def test_a_run_on_a_full_disk_stays_as_it_was(
    segpredict: Door, mount: Mount, run_folder: Path, more: list[str]
) -> None:
    used = sum(-(-path.stat().st_size // 4096) * 4 for path in run_folder.rglob("*.*"))
    here = mount(f"size={used + 40}k")
    run = shutil.copytree(run_folder, here / "run")
    before = (run / "manifest.json").read_bytes()
    code, _, err = segpredict("report", "--run", run, *more)
    assert (code, "is full" in err) == (10, True), err
    assert (run / "manifest.json").read_bytes() == before
    assert [path.name for path in here.iterdir()] == ["run"]
