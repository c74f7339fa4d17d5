"""Where the time of training goes, and how it grows with the rows of the panel.

    python benchmarks/training/run.py
    python benchmarks/training/run.py --rows 10k --rows 1m --cache FOLDER --write PAGE

Invents a shop for each size, holds the whole contest on it in a process of its own (so
that its peak memory is its own) and prints a Markdown table: seconds by part, and the
exponent of growth from the smallest to the largest. Every part is fitted once for each
test window; the model once more, for production. With `--cache` sizes that were
measured already are read from there.
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
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
SHOWN = 0.01  # seconds per second: parts below it, everywhere, are told together
BEGIN, END = "<!-- training: begin -->", "<!-- training: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", choices=list(SIZES), action="append")
    parser.add_argument("--cache", type=Path, help="where what was measured is kept")
    parser.add_argument("--write", type=Path, help="put the table into this page")
    args = parser.parse_args()
    found = [measured(size, args.cache) for size in args.rows or list(SIZES)]
    text = table(found)
    print(text)
    if args.write:
        insert(args.write, text)


def measured(size: str, cache: Path | None) -> dict[str, Any]:
    saved = None if cache is None else cache / f"training-{size}.json"
    if saved is not None and saved.exists():
        return dict(json.loads(saved.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(HERE / "task.py"), str(SIZES[size]), folder],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        )
    result = dict(json.loads(done.stdout.splitlines()[-1]))
    if saved is not None:
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(result))
    return result


def table(found: list[dict[str, Any]]) -> str:
    largest = found[-1]
    heads = [f"{each['rows']:,} rows, s" for each in found]
    lines = [
        f"| part | {' | '.join(heads)} | share at the last | growth |",
        f"| --- |{' --: |' * (len(found) + 2)}",
    ]
    names = sorted(largest["parts"], key=lambda name: -largest["parts"][name])
    shown = [
        name for name in names if any(part(each, name) >= SHOWN * each["whole"] for each in found)
    ]
    lines += [row(name, [part(each, name) for each in found], found) for name in shown]
    rest = [each["whole"] - sum(part(each, n) for n in shown) for each in found]
    lines.append(row("all else", rest, found))
    lines.append(row("**whole contest**", [each["whole"] for each in found], found))
    facts = "; ".join(
        f"{each['rows']:,} rows: {each['customers']:,} customers, {each['lines']:,} "
        f"lines, {each['forecasts']:,} forecasts tested, peak {each['peak']:,.0f} MB, "
        f"CPU {each['cpu']:,.0f} s"
        for each in found
    )
    columns = largest["features"]
    return "\n".join([*lines, "", f"{columns} columns. {facts}."])


def part(each: dict[str, Any], name: str) -> float:
    return float(each["parts"].get(name, 0.0))


def row(name: str, spent: list[float], found: list[dict[str, Any]]) -> str:
    cells = " | ".join(f"{seconds:.2f}" for seconds in spent)
    share = spent[-1] / found[-1]["whole"]
    return f"| {name} | {cells} | {share:.0%} | {growth(spent, found)} |"


def growth(spent: list[float], found: list[dict[str, Any]]) -> str:
    """Return the exponent of a power of the rows, from the first size to the last."""
    if len(spent) < 2 or min(spent[0], spent[-1]) <= 0:
        return ""
    step = math.log(found[-1]["rows"] / found[0]["rows"])
    return f"{math.log(spent[-1] / spent[0]) / step:.2f}"


def insert(page: Path, text: str) -> None:
    """Put the table between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
