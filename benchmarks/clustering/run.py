"""How fast segments are found and compared.

    python benchmarks/clustering/run.py sweep --rows 10000 --rows 100000
    python benchmarks/clustering/run.py parts                 the sample shop
    python benchmarks/clustering/run.py parts --data FILE --config online_retail_ii

``sweep``: K-means for 2 to 12 segments, as `segpredict` fits it and in a plain loop with
scikit-learn, on points like clustering inputs. ``parts``: where the
time of a whole comparison goes, by algorithm and by criterion, and K-means next to a
plain scikit-learn loop over the same rows, resamples and null samples. Each task runs in
a process of its own, so that its peak memory is its own. On a busy machine wall time
says little, so processor seconds are shown too. ``--write FILE`` puts the tables into a
page, between ``<!-- sweep: begin -->`` and ``<!-- sweep: end -->`` (or ``parts``).
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TASKS = HERE / "tasks.py"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("sweep", "parts"))
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--starts", type=int, default=10, help="of the sweep")
    parser.add_argument("--data", action="append")
    parser.add_argument("--config", default="online_retail")
    parser.add_argument("--inputs", action="append")
    parser.add_argument("--algorithm", action="append")
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    result = (
        sweep(args.rows or [10000, 100000], args.starts) if args.what == "sweep" else parts(args)
    )
    print(result)
    if args.write:
        put(args.write, args.what, result)


def sweep(sizes: list[int], starts: int) -> str:
    lines = [
        f"K-means for 2 to 12 segments, {starts} starts each; three axes.",
        "",
        "| rows | plan | wall s | CPU s | × (wall) | × (CPU) | peak MB | excess inertia |",
        "|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for rows in sizes:
        plain = ask("plain", rows=rows, starts=starts)
        one_thread = ask("plain", rows=rows, starts=starts, threads=1)
        ours = ask("ours", rows=rows, starts=starts)
        best = [min(each) for each in zip(plain["inertia"], ours["inertia"], strict=True)]
        excess = [
            max(
                found / best_inertia - 1
                for found, best_inertia in zip(result["inertia"], best, strict=True)
            )
            for result in (plain, one_thread, ours)
        ]
        names = (
            "scikit-learn, default",
            "scikit-learn, one thread",
            "segpredict",
        )
        for name, result, excess_inertia in zip(
            names, (plain, one_thread, ours), excess, strict=True
        ):
            lines.append(
                f"| {rows:,} | {name} | {result['wall']:.2f} | {result['cpu']:.2f} "
                f"| {plain['wall'] / result['wall']:.1f} "
                f"| {plain['cpu'] / result['cpu']:.1f} | {result['peak']:,.0f} "
                f"| {excess_inertia:.4%} |"
            )
    lines += [
        "",
        "× is how many times as fast as scikit-learn by default. Excess inertia: the "
        "worst over the numbers of segments, against the better of the two.",
    ]
    return "\n".join(lines)


def parts(args: argparse.Namespace) -> str:
    result = ask(
        "parts",
        data=args.data,
        config=args.config,
        inputs=args.inputs,
        algorithms=args.algorithm,
    )
    whole = sum(result["algorithms"].values())
    lines = [
        f"{result['rows']:,} rows of {result['customers']:,} customers; "
        f"{len(result['algorithms'])} algorithms, {result['candidates']} candidates: "
        f"{result['cpu']:.0f} s of processor, {result['wall']:.0f} s on the clock, "
        f"peak memory {result['peak']:,.0f} MB.",
        "",
        "| algorithm | CPU s | share |",
        "|---|--:|--:|",
    ]
    by_cost = sorted(result["algorithms"].items(), key=lambda item: -item[1])
    lines += [f"| {n} | {s:.1f} | {s / whole:.0%} |" for n, s in by_cost]
    lines += ["", "| part | CPU s | share |", "|---|--:|--:|"]
    lines += [
        f"| {name} | {spent:.1f} | {spent / whole:.0%} |" for name, spent in result["steps"].items()
    ]
    if result["plain"]:
        lines += [
            "",
            f"K-means alone on the simplest inputs: {result['kmeans']:.1f} s of "
            f"processor. The plain scikit-learn loop over the same sample of rows, "
            f"resamples and null samples (full silhouettes, every draw taken): "
            f"{result['plain']:.1f} s, {result['plain'] / result['kmeans']:.1f} ×.",
        ]
    return "\n".join(lines)


def ask(task: str, **arguments: Any) -> dict[str, Any]:
    """Run one task in a process of its own and return what it measured."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    if arguments.pop("threads", None) == 1:
        environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        [sys.executable, str(TASKS), task, json.dumps(arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def put(page: Path, name: str, table: str) -> None:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        sys.exit(f"{page} has no markers for {name}: {begin} … {end}")
    whole = f"{begin}\n\n{table}\n\n{end}"
    page.write_text(pattern.sub(lambda _found: whole, text), encoding="utf-8")


if __name__ == "__main__":
    main()
