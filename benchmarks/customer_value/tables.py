"""What was predicted in money and what was realised, from finished runs.

    python benchmarks/customer_value/tables.py artifacts/or2 artifacts/cdnow

Prints Markdown tables of each run: revenue at risk, upside and spend against the actual sums,
with 95 % intervals over customers; and lifetime values of each span against plain
guesses.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from segpredict.core.run_folder import RunFolder, open_run

SUMS = {
    "value_at_risk": "revenue at risk",
    "upside": "upside",
    "expected_value": "spend in the next window",
}
HEADERS = ("predicted", "actual, by segment", "actual, by spend", "actual change")
MEASURES = ("actual of predicted", "mean error", "root mean square", "rank")
METHODS = ("markov", "bgnbd", "last_year", "last_window", "mean")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    for folder in parser.parse_args().runs:
        run = open_run(folder)
        print(f"### {folder.name}\n")
        print("\n".join(exposures(run)), "\n")
        print("\n".join(tenths(run)), "\n")
        print("\n".join(lifetimes(run)), "\n")


def shipped(run: RunFolder) -> pl.DataFrame:
    name = run.read_json("classifier/evaluation.json")["selected"]
    return run.read_parquet("customer_value/sums.parquet").filter(model=name)


def exposures(run: RunFolder) -> Iterator[str]:
    yield from header("test", "sum of", *HEADERS)
    whole = shipped(run).filter(pl.col("part") == "all")
    for measure, name in SUMS.items():
        rows = whole.filter(measure=measure)
        for (window,), part in rows.group_by("window", maintain_order=True):
            found = {row["actual_basis"]: row for row in part.to_dicts()}
            cells = [ratio(found.get(by)) for by in ("label", "spend", "change")]
            labels_text = found["label"]["predicted"]
            yield f"| {window} | {name} | {labels_text:,.0f} | {' | '.join(cells)} |"


def header(first: str, second: str, *numbers: str) -> Iterator[str]:
    yield f"| {' | '.join((first, second, *numbers))} |"
    yield f"| --- | --- |{' --: |' * len(numbers)}"


def ratio(row: dict | None) -> str:
    if row is None:
        return ""
    if row["ratio"] is None:
        return f"{row['actual']:,.0f}"
    interval = f"{row['ratio_low']:.0%} to {row['ratio_high']:.0%}"
    return f"{row['actual']:,.0f} ({row['ratio']:.0%}, {interval})"


def tenths(run: RunFolder) -> Iterator[str]:
    rows = shipped(run).filter(
        pl.col("part").str.contains(r"^\d+$"),
        measure="value_at_risk",
        actual_basis="label",
    )
    windows = rows["window"].unique(maintain_order=True).to_list()
    yield f"| decile by revenue at risk | {' | '.join(windows)} |"
    yield f"| --: |{' --: |' * len(windows)}"
    for (part,), each in rows.group_by("part", maintain_order=True):
        found = {row["window"]: row for row in each.to_dicts()}
        cells = [
            f"{row['predicted']:,.0f} → {ratio(row)}" if row else ""
            for row in (found.get(window) for window in windows)
        ]
        yield f"| {part} | {' | '.join(cells)} |"


def lifetimes(run: RunFolder) -> Iterator[str]:
    yield from header("from, days", "worth by", *MEASURES)
    errors = run.read_parquet("customer_value/errors.parquet")
    for (window, days), span in errors.group_by("window", "days", maintain_order=True):
        for method in METHODS:
            rows = span.filter(method=method).to_dicts()
            found = {row["metric"]: row for row in rows}
            if found:
                cells = " | ".join(figures(found))
                yield f"| {window}, {days} | {method} | {cells} |"


def figures(found: dict) -> Iterator[str]:
    total = found["total"]
    yield f"{total['value']:.0%} ({total['low']:.0%} to {total['high']:.0%})"
    for name in ("mae", "rmse"):
        row = found[name]
        low, high = row["difference_low"], row["difference_high"]
        apart = f" ({row['difference']:+,.1f}; {low:+,.1f} to {high:+,.1f})"
        yield f"{row['value']:,.1f}{apart if row['difference'] else ''}"
    rank = found["rank"]["value"]
    yield "" if rank is None else f"{rank:.2f}"


if __name__ == "__main__":
    main()
