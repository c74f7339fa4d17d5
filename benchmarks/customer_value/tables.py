"""Expected spend, revenue at risk and upside against what customers then spent.

    python benchmarks/customer_value/tables.py --data cdnow=CDNOW_master.txt --sample 0

Each data set is read, segmented and backtested as `segpredict run` does. Prints one table of sums
(predicted and actual, with the ratio and its 95 % interval over customers) and one of errors
per customer, against BG/NBD with Gamma-Gamma, last year's spend carried on and last
window's spend repeated.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest.contest import contest, data_set
from segpredict.analytics.customer_value import CustomerValueResult, measure_customer_value
from segpredict.config import load as config
from segpredict.data.sample import sample

SUMS = {
    "expected_value": "expected spend",
    "value_at_risk": "revenue at risk",
    "upside": "upside",
}
METHODS = ("forecast", "bgnbd", "last_year", "last_window")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", metavar="NAME=PATH", action="append", default=[])
    parser.add_argument("--sample", metavar="SEED", type=int, action="append", default=[])
    parser.add_argument("--customers", type=int, default=3_000, help="of each sample shop")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[])
    args = parser.parse_args(arguments)
    found = {}
    for text in args.data:
        given = data_set(text, args.set)
        found[given.name] = _measured(given.path, given.config)
    for seed in args.sample:
        with TemporaryDirectory() as folder:
            shop = sample.generate_sample(args.customers, seed=seed)
            path = str(sample.write_sample(shop, Path(folder))[0])
            found[f"sample shop, seed {seed}"] = _measured(path, config.load_config(None, args.set))
    print("\n".join(sum_table(found)), "\n")
    print("\n".join(error_table(found)))


def _measured(path: str, plan: config.Config) -> CustomerValueResult:
    made = contest(path, plan)
    draws = plan.classifier.bootstrap_draws
    return measure_customer_value(made.shop, made.segmentation, made.training, draws=draws)


def sum_table(found: dict[str, CustomerValueResult]) -> Iterator[str]:
    """Yield predicted and actual sums, one row a data set and test, and one for all tests."""
    yield f"| data | test | customers | {' | '.join(SUMS.values())} |"
    yield f"| --- | --- | --: |{' --: |' * len(SUMS)}"
    for name, made in found.items():
        whole = made.backtest_sums.filter(pl.col("measure").is_in([*SUMS]), part="all")
        for (window,), part in whole.group_by("window", maintain_order=True):
            rows = {row["measure"]: row for row in part.to_dicts()}
            cells = " | ".join(_cell(rows[measure]) for measure in SUMS)
            yield f"| {name} | {window} | {rows['upside']['n']:,} | {cells} |"


def _cell(row: dict) -> str:
    shown = f"{row['predicted']:,.0f} → {row['actual']:,.0f}"
    if row["ratio"] is None:
        return shown
    low, high = row["ratio_low"], row["ratio_high"]
    return f"{shown} ({row['ratio']:.0%}, {low:.0%} to {high:.0%})"


def error_table(found: dict[str, CustomerValueResult]) -> Iterator[str]:
    """Yield mean error and rank correlation in the next window, by method, and the coverage."""
    yield f"| data | test | {' | '.join(METHODS)} | interval holds |"
    yield f"| --- | --- |{' --: |' * (len(METHODS) + 1)}"
    for name, made in found.items():
        next_window = made.backtest_errors.filter(windows=1)
        for (window,), part in next_window.group_by("window", maintain_order=True):
            values = {(row["method"], row["metric"]): row["value"] for row in part.to_dicts()}
            cells = [
                f"{values[method, 'mae']:,.1f} ({values[method, 'rank']:.2f})"
                if (method, "mae") in values
                else ""
                for method in METHODS
            ]
            held = values.get(("forecast", "coverage"))
            cells.append("" if held is None else f"{held:.0%}")
            yield f"| {name} | {window} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
