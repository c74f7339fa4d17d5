"""How far forecasts of demand were off, from finished runs.

    python benchmarks/demand/tables.py artifacts/or2 artifacts/adventureworks

Prints Markdown tables of each run: WAPE by level, test and method with 95 %
intervals, and which levels are published.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from segpredict.core.run_folder import RunFolder, open_run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    for folder in parser.parse_args().runs:
        run = open_run(folder)
        print(f"### {folder.name}\n")
        errors = run.read_parquet("demand/backtest.parquet")
        for (level,), part in errors.group_by("level", maintain_order=True):
            print("\n".join(wapes(str(level), part)), "\n")
        print("\n".join(standings(run)), "\n")


def wapes(level: str, errors: pl.DataFrame) -> Iterator[str]:
    windows = errors["window"].unique(maintain_order=True).to_list()
    cells = {(row["method"], row["window"]): row for row in errors.to_dicts()}
    yield f"| {level} | {' | '.join(windows)} |"
    yield f"| --- |{' --: |' * len(windows)}"
    for method in errors["method"].unique(maintain_order=True).to_list():
        row = [cell(cells.get((method, window))) for window in windows]
        yield f"| {method} | {' | '.join(row)} |"


def cell(row: dict | None) -> str:
    if row is None or row["wape"] is None:
        return ""
    if row["low"] is None:
        return f"{row['wape']:.3f}"
    return f"{row['wape']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def standings(run: RunFolder) -> Iterator[str]:
    yield "| level | published | why | best method | enough at the service level |"
    yield "| --- | --- | --- | --- | --: |"
    for row in run.read_parquet("demand/levels.parquet").to_dicts():
        is_published = "yes" if row["is_published"] else "no"
        met = (
            ""
            if row["service_met"] is None
            else f"{row['service_met']:.0%} of {row['service_tests']:,}"
        )
        cells = (row["level"], is_published, row["reason"], row["best_method"], met)
        yield f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
