"""How fast segments are found and compared.

    python benchmarks/clustering/run.py sweep --rows 10000 --rows 100000
    python benchmarks/clustering/run.py parts                 the invented shop
    python benchmarks/clustering/run.py parts --data FILE --config online_retail_ii

``sweep``: K-means for 2 to 12 segments, as `segpredict` fits it and in the plain loop
that everyone writes with scikit-learn, on instrument-like points. ``parts``: where the
time of a whole comparison goes, by algorithm and by criterion, and K-means beside a
plain scikit-learn loop over the same rows, resamples and null worlds. Each task runs in
a process of its own, so that its peak memory is its own. On a busy machine wall time
says little: processor seconds stand beside it. ``--write FILE`` puts the tables into a
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
    parser.add_argument("--instrument", action="append")
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
        alone = ask("plain", rows=rows, starts=starts, threads=1)
        ours = ask("ours", rows=rows, starts=starts)
        best = [min(each) for each in zip(plain["inertia"], ours["inertia"], strict=True)]
        excess = [
            max(found / least - 1 for found, least in zip(result["inertia"], best, strict=True))
            for result in (plain, alone, ours)
        ]
        names = (
            "scikit-learn, as it comes",
            "scikit-learn, one thread",
            "segpredict",
        )
        for name, result, over in zip(names, (plain, alone, ours), excess, strict=True):
            lines.append(
                f"| {rows:,} | {name} | {result['wall']:.2f} | {result['cpu']:.2f} "
                f"| {plain['wall'] / result['wall']:.1f} "
                f"| {plain['cpu'] / result['cpu']:.1f} | {result['peak']:,.0f} "
                f"| {over:.4%} |"
            )
    lines += [
        "",
        "× is how many times as fast as scikit-learn as it comes. Excess inertia: the "
        "worst over the numbers of segments, against the better of the two.",
    ]
    return "\n".join(lines)


def parts(args: argparse.Namespace) -> str:
    result = ask(
        "parts",
        data=args.data,
        config=args.config,
        instruments=args.instrument,
        algorithms=args.algorithm,
    )
    whole = sum(result["algorithms"].values())
    lines = [
        f"{result['rows']:,} rows of {result['customers']:,} customers; "
        f"{len(result['algorithms'])} algorithms, {result['ways']} ways to segment: "
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
            f"K-means alone on the plainest instrument: {result['kmeans']:.1f} s of "
            f"processor. The plain scikit-learn loop over the same sample of rows, "
            f"resamples and null worlds (full silhouettes, every draw taken): "
            f"{result['plain']:.1f} s, {result['plain'] / result['kmeans']:.1f} ×.",
        ]
    return "\n".join(lines)


def ask(task: str, **asked: Any) -> dict[str, Any]:
    """Run one task in a process of its own and return what it measured."""
    quiet = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    if asked.pop("threads", None) == 1:
        quiet["OMP_NUM_THREADS"] = "1"
    ran = subprocess.run(
        [sys.executable, str(TASKS), task, json.dumps(asked)],
        capture_output=True,
        text=True,
        env=quiet,
        check=False,
    )
    if ran.returncode:
        sys.exit(ran.stderr)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def put(page: Path, name: str, table: str) -> None:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.quote_escape(begin)}.*?{re.quote_escape(end)}", re.DOTALL)
    if not pattern.search(text):
        sys.exit(f"{page} has no place for {name}: {begin} … {end}")
    whole = f"{begin}\n\n{table}\n\n{end}"
    page.write_text(pattern.sub(lambda _found: whole, text), encoding="utf-8")


if __name__ == "__main__":
    main()
