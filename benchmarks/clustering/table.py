"""A run's comparison as a table in Markdown, put into a page.

    segpredict cluster --data FILE --config online_retail_ii --select --out RUN
    python benchmarks/clustering/table.py RUN --name online_retail_ii --write PAGE

The table holds every candidate that passes, and for each algorithm and set of inputs
the one that fails the fewest gates; all of them are in ``segmentation/candidates.csv``.
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
    "smallest_share": "least share",
    "value_step": "step",
    "tree_accuracy": "tree",
    "temporal_stability": "time",
    "seed_stability": "seed",
    "bootstrap_stability": "boot.",
    "min_jaccard": "Jacc.",
    "prediction_strength": "PS",
    "value_separation": "η²",
    "information_gain": "PI",
    "stability": "z",
    "mean_rank": "mean rank",
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
    text = table(
        run.read_parquet("segmentation/candidates.parquet"),
        run.read_json("segmentation/selection.json"),
    )
    print(text)
    if args.write:
        put(args.write, args.name, text)


def table(comparison: pl.DataFrame, selection: dict[str, Any]) -> str:
    measured = comparison.filter(pl.col("note") == "").with_columns(
        gates=pl.when(pl.col("failed_gates") == "")
        .then(0)
        .otherwise(pl.col("failed_gates").str.count_matches(",") + 1)
    )
    nearest = measured.sort("gates", -pl.col("bootstrap_stability")).unique(
        ["inputs", "algorithm"], keep="first", maintain_order=True
    )
    shown = (
        pl.concat([measured.filter("passes_gates"), nearest])
        .unique(["inputs", "algorithm", "k_requested"], maintain_order=True)
        .sort("complexity_rank", "algorithm", "inputs", "k")
    )
    lines = [
        "| candidate | k | " + " | ".join(FIGURES.values()) + " | gates not passed |",
        "|---|--:|" + "--:|" * len(FIGURES) + "---|",
        *(line(row) for row in shown.to_dicts()),
        "",
        f"{selection['n_tried']} candidates were measured, {selection['n_passed']} pass. "
        f"Grade: **{selection['grade']}**. {selection['reason']}",
    ]
    if selection["runner_up"]:
        second = selection["runner_up"]
        lines[-1] += (
            f" Runner-up: {second['name']}, adjusted Rand index with the selected one "
            f"{second['rand_index_with_selected']:.2f}."
        )
    unmeasured = comparison.filter(pl.col("note") != "")
    for name, note, count in (
        unmeasured.group_by("algorithm", "note").len().sort("algorithm").rows()
    ):
        lines.append(f"Not measured, {count} candidates of {name}: {note}.")
    return "\n".join(lines)


def line(row: dict[str, Any]) -> str:
    cells = ["" if row[n] is None else f"{row[n]:.3f}" for n in FIGURES]
    name = f"{row['algorithm']}, {row['inputs']}"
    if row["is_selected"]:
        name = f"**{name}**"
    return f"| {name} | {row['k']} | {' | '.join(cells)} | {row['failed_gates']} |"


if __name__ == "__main__":
    main()
