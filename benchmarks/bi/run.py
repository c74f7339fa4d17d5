"""Time and memory of the tables for BI, as the lines of a shop grow.

    python benchmarks/bi/run.py --run RUN --times 1 4 12

writes the star schema of a run whose customers stand there as many times as asked for,
with hashed ids, each in a process of its own, and prints a table.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import polars as pl

from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.run_folder import open_run
from segpredict.pipeline.exports import load_star_schema
from segpredict.report import bi

SECRET = Pseudonymizer(b"only for measuring times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4, 12])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    requested = parser.parse_args()
    if requested.one:
        print(measure(requested.run, requested.times[0]))
        return
    print("| lines | orders | seconds | peak MB |\n| --: | --: | --: | --: |")
    for times in requested.times:
        command = [sys.executable, __file__, "--run", requested.run, "--one", "--times"]
        done = subprocess.run(
            [*map(str, command), str(times)], capture_output=True, text=True, check=True
        )
        print(done.stdout.strip(), flush=True)


def measure(run: Path, times: int) -> str:
    star = load_star_schema(open_run(run), SECRET)
    with tempfile.TemporaryDirectory() as folder:
        grown = Path(folder) / "lines.parquet"
        copies = [
            star.shop.lines.with_columns(
                pl.format("{}-{}", pl.lit(i), "customer_id").alias("customer_id")
            )
            for i in range(times)
        ]
        pl.concat(copies).sink_parquet(grown)
        shop = replace(star.shop, lines=pl.scan_parquet(grown))
        began = time.perf_counter()
        rows = bi.write_star_schema(replace(star, shop=shop), Path(folder) / "tables")
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {rows['lines']:,} | {rows['orders']:,} | {seconds:.1f} | {peak:,.0f} |"


if __name__ == "__main__":
    main()
