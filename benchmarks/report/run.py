"""What a run's page costs to make and to open, and so its other forms.

    python benchmarks/report/run.py RUN [RUN ...] --times 3 --write PAGE

Each form is made in a process of its own, so that its peak memory is its own; the time
of loading libraries is left out, and nothing is written into the run. The page is then
opened from the disk by headless Chromium, anew each time, until its script is done, all
is laid out and an input would be answered.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).parent
BROWSER = HERE.parents[1] / "tests/report"  # the driver of the browser's tests
FORMS = {
    "html": "making the page",
    "json": "making `report.json`",
    "pptx": "making the deck",
    "bi": "making the tables for BI",
}
OPENED = "opening the page in Chromium"
BEGIN, END = "<!-- report: begin -->", "<!-- report: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="+", help="finished runs")
    parser.add_argument("--times", type=int, default=3, help="the best of them counts")
    parser.add_argument("--write", type=Path, help="put the tables into this page")
    args = parser.parse_args()
    text = "\n\n".join(table(run, args.times) for run in args.run)
    print(text)
    if args.write:
        insert(args.write, text)


def table(run: Path, times: int) -> str:
    with tempfile.TemporaryDirectory() as place:
        rows = [
            f"| {meaning} | {best['wall']:.2f} | {best['cpu']:.2f} | "
            f"{best['peak']:,.0f} | {best['bytes'] / 1e6:.2f} |"
            for form, meaning in FORMS.items()
            if (best := measured(run, form, Path(place), times))
        ]
        page = Path(place) / "report.html"
        opened = f"| {OPENED} | {until_used(page, times):.2f} | | | |"
    lines = [
        f"**{run.name}: {size(run)}**",
        "",
        "| task | seconds | CPU s | peak, MB | size, MB |",
        "| --- | --: | --: | --: | --: |",
        *rows[:1],
        opened,
        *rows[1:],
    ]
    return "\n".join(lines)


def size(run: Path) -> str:
    lines = pl.scan_parquet(run / "transactions.parquet")
    counted = lines.select(pl.len(), pl.col("customer_id").n_unique()).collect()
    return "{:,} lines of {:,} customers".format(*counted.row(0))


def measured(run: Path, form: str, place: Path, times: int) -> dict[str, Any]:
    """Return the quickest of some makings of a form."""
    requested = [sys.executable, HERE / "task.py", run, form, place]
    found = []
    for _ in range(times):
        done = subprocess.run(
            list(map(str, requested)), stdout=subprocess.PIPE, text=True, check=True
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return min(found, key=lambda each: each["wall"])


def until_used(page: Path, times: int) -> float:
    """Return the seconds from asking for a page until it answers its reader."""
    sys.path.insert(0, str(BROWSER))
    from chromium import Chromium

    with Chromium() as browser:
        found = [browser.open(page) for _ in range(times)]
        assert not browser.complaints(), browser.complaints()
        assert not browser.requests(), browser.requests()
    return min(found)


def insert(page: Path, text: str) -> None:
    """Put the tables between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
