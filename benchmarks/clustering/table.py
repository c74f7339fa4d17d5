"""A run's comparison as a table in Markdown, put into a page.

    segpredict cluster --data FILE --config online_retail_ii --select --out RUN
    python benchmarks/clustering/table.py RUN --name online_retail_ii --write PAGE

For each algorithm and instrument the way that fails the fewest gates stands in the
table, and every way that passes; all of them are in ``segmentation/candidates.csv``.
"""

import argparse
from pathlib import Path
from typing import Any

import polars as pl
from run import put

from segpredict.core.run_folder import open_run

FIGURES = {
    "silhouette": "silh.",
    "null_silhouette": "null",
    "smallest": "least share",
    "step": "step",
    "tree": "tree",
    "temporal": "time",
    "seed": "seed",
    "bootstrap": "boot.",
    "jaccard": "Jacc.",
    "strength": "PS",
    "value": "η²",
    "information": "PI",
    "stability": "z",
    "score": "score",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    run = open_run(args.run)
    result = table(
        run.read_parquet("segmentation/candidates.parquet"),
        run.read_json("segmentation/selection.json"),
    )
    print(result)
    if args.write:
        put(args.write, args.name, result)


def table(comparison: pl.DataFrame, summary: dict[str, Any]) -> str:
    measured = comparison.filter(pl.col("note") == "").with_columns(
        gates=pl.when(pl.col("failed") == "")
        .then(0)
        .otherwise(pl.col("failed").str.count_matches(",") + 1)
    )
    nearest = measured.sort("gates", -pl.col("bootstrap")).unique(
        ["instrument", "algorithm"], keep="first", maintain_order=True
    )
    shown = (
        pl.concat([measured.filter("passes"), nearest])
        .unique(["instrument", "algorithm", "asked"], maintain_order=True)
        .sort("rank", "algorithm", "instrument", "k")
    )
    lines = [
        "| way | k | " + " | ".join(FIGURES.values()) + " | gates not passed |",
        "|---|--:|" + "--:|" * len(FIGURES) + "---|",
        *(line(row) for row in shown.to_dicts()),
        "",
        f"{summary['tried']} ways were measured, {summary['passed']} pass. "
        f"Grade: **{summary['grade']}**. {summary['reason']}",
    ]
    if summary["runner_up"]:
        second = summary["runner_up"]
        lines[-1] += (
            f" Runner-up: {second['name']}, adjusted Rand index with the winner "
            f"{second['ari_winner']:.2f}."
        )
    left = comparison.filter(pl.col("note") != "")
    for name, note, count in left.group_by("algorithm", "note").len().sort("algorithm").rows():
        lines.append(f"Not measured, {count} ways of {name}: {note}.")
    return "\n".join(lines)


def line(row: dict[str, Any]) -> str:
    cells = ["" if row[n] is None else f"{row[n]:.3f}" for n in FIGURES]
    name = f"{row['algorithm']}, {row['instrument']}"
    if row["is_chosen"]:
        name = f"**{name}**"
    return f"| {name} | {row['k']} | {' | '.join(cells)} | {row['failed']} |"


if __name__ == "__main__":
    main()
