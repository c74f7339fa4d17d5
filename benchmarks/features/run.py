"""How fast features are: against the bare scan, DuckDB, pandas and a plain ingest.

    python benchmarks/features/run.py --lines 1m
    python benchmarks/features/run.py --lines 1m --lines 10m --cache FOLDER --write FILE

Makes the sample and its store in the cache (or reuses them), runs each task in a
process of its own, so that its peak memory is its own, checks that the engines give
equal values, and prints a Markdown table. On a busy machine wall time says little:
processor seconds stand beside it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SIZES = ("1m", "10m", "100m")
TASKS = {
    "scan rfm": "scan of the line columns that RFM needs",
    "scan rfm kept": "scan of the order columns that RFM needs",
    "rfm": "RFM in five numbers, Polars on the store's orders",
    "rfm family": "the family `rfm`, ten numbers",
    "duckdb rfm": "DuckDB SQL, RFM on lines",
    "duckdb rfm kept": "DuckDB SQL, RFM on the store's orders",
    "pandas rfm": "pandas, RFM on lines",
    "scan full": "scan of the line columns that the default set needs",
    "scan full kept": "scan of what segpredict reads instead",
    "full": "the default set",
    "file": "the default set, written share by share",
    "duckdb full": "DuckDB SQL on lines, the columns that SQL expresses",
    "duckdb full kept": "the same SQL on the store's orders",
    "pandas full": "pandas on lines, the same columns",
    "origins": "the default set at 13 origins",
    "ingest": "lines to store",
    "plain": "plain Polars: read, sort, write",
}
# More than a small machine holds, or more patience than it is worth.
NOT_AT_100M = {"pandas rfm", "pandas full", "origins", "ingest", "plain"}
_RFM = ("rfm", "rfm family", "duckdb rfm", "duckdb rfm kept", "pandas rfm")
_FULL = ("full", "file", "duckdb full", "duckdb full kept", "pandas full")
BESIDE = {  # what each task is measured against
    **dict.fromkeys(_RFM, "scan rfm"),
    **dict.fromkeys(_FULL, "scan full"),
    "origins": "full",
    "ingest": "plain",
}
OWN = {  # and against the scan of what it reads, where that is not lines
    **dict.fromkeys(("rfm", "rfm family", "duckdb rfm kept"), "scan rfm kept"),
    **dict.fromkeys(("full", "file"), "scan full kept"),
}
SAME = (
    ("rfm", "duckdb rfm"),
    ("rfm", "duckdb rfm kept"),
    ("rfm", "pandas rfm"),
    ("full", "duckdb full"),
    ("full", "duckdb full kept"),
    ("full", "pandas full"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", choices=SIZES, action="append")
    parser.add_argument("--cache", type=Path, help="where sample and stores are kept")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--without", action="append", default=[], choices=list(TASKS))
    parser.add_argument("--resume", action="store_true", help="keep what the cache has measured")
    parser.add_argument("--write", type=Path, help="put the tables into this page")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = args.cache or Path(folder)
        sizes = args.lines or ["1m"]
        found = {size: measure(size, cache, args) for size in sizes}
    page = "\n\n".join(table(size, found[size]) for size in sizes)
    text = "\n\n".join([page, *growth(found)])
    print(text)
    if args.write:
        insert(args.write, text)


def measure(size: str, cache: Path, args: argparse.Namespace) -> dict[str, Any]:
    saved = cache / f"results-{size}.json"
    is_there = args.resume and saved.exists()
    results: dict[str, Any] = json.loads(saved.read_text()) if is_there else {}
    wanted = [task for task in TASKS if task not in args.without]
    if size == "100m":
        wanted = [task for task in wanted if task not in NOT_AT_100M]
    for task in ["prepare", *wanted]:
        if task not in results:
            once = task in ("prepare", "ingest", "plain") or size == "100m"
            results[task] = call(task, size, cache, 1 if once else args.repeat)
            saved.write_text(json.dumps(results))
            print(size, task, results[task], file=sys.stderr)
    for one, other in SAME:
        name = f"{one} = {other}"
        if one in results and other in results and name not in results:
            results[name] = call(f"same:{one}:{other}", size, cache, 1)
            saved.write_text(json.dumps(results))
    return results


def call(task: str, size: str, cache: Path, repeat: int) -> dict[str, Any]:
    """Run one task in a process of its own."""
    command = [sys.executable, str(HERE / "tasks.py"), task, size, cache, repeat]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(size: str, results: dict[str, Any]) -> str:
    facts = results["prepare"]
    rows = [
        f"**{facts['lines']:,} lines, {facts['customers']:,} customers** "
        f"({size} written by the sample shop; {facts['features']} default features; "
        f"{facts['threads']} threads)",
        "",
        "| task | wall s | CPU s | × beside (wall) | × beside (CPU) | × own scan (CPU) | peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for task, meaning in TASKS.items():
        if task not in results:
            continue
        found = results[task]
        if "failed" in found:
            rows.append(f"| {meaning} | failed: {found['failed']} | | | | | |")
            continue
        wall, cpu = (ratio(results, task, key, BESIDE) for key in ("wall", "cpu"))
        own = ratio(results, task, "cpu", OWN)
        rows.append(
            f"| {meaning} | {found['wall']:.2f} | {found['cpu']:.2f} | {wall} | {cpu} "
            f"| {own} | {found['peak']:,.0f} |"
        )
    same = {k: v for k, v in results.items() if " = " in k}
    result = "; ".join(f"{k}: {v.get('result', v)}" for k, v in same.items())
    return "\n".join([*rows, "", f"Values: {result}."])


def ratio(results: dict[str, Any], task: str, key: str, against: dict[str, str]) -> str:
    beside = results.get(against.get(task, ""), {})
    return f"{results[task][key] / beside[key]:.2f}" if beside.get(key) else ""


def growth(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return how cost grows with lines: the exponent of a power."""
    if len(found) < 2:
        return []
    small, large = next(iter(found.values())), list(found.values())[-1]
    step = math.log(large["prepare"]["lines"] / small["prepare"]["lines"])
    words = []
    for task in ("rfm", "full", "origins", "ingest"):
        costs = [part.get(task, {}).get("cpu") for part in (small, large)]
        if all(costs):
            words.append(f"{task} {math.log(costs[1] / costs[0]) / step:.2f}")
    return [f"Growth exponent of CPU time: {', '.join(words)}."]


def insert(page: Path, text: str) -> None:
    """Put the tables between the marks of a page."""
    begin, end = "<!-- features: begin -->", "<!-- features: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
