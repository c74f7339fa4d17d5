"""What contributions and reasons cost, beside XGBoost's own call.

    python benchmarks/explaining/run.py --run RUN
    python benchmarks/explaining/run.py --run RUN --rows 1m --cache FOLDER --write PAGE

Takes the model of a finished run and its customers, repeated with a little noise until
there are as many as asked for. Each task runs in a process of its own, so that its peak
memory is its own, and the time of loading is left out.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
TASKS = {
    "xgboost": "XGBoost's `pred_contribs`, one call, trees alone",
    "trees": "the same in chunks, by segpredict",
    "whole": "the selected model: trees and BG/NBD",
    "reasons": "and reasons in words for everybody",
}
BEGIN, END = "<!-- explaining: begin -->", "<!-- explaining: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="a finished run")
    parser.add_argument("--rows", choices=list(SIZES), action="append")
    parser.add_argument("--task", choices=list(TASKS), action="append", help="all if none is named")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="where what was measured is kept")
    parser.add_argument("--write", type=Path, help="put the table into this page")
    args = parser.parse_args()
    text = "\n\n".join(
        table(size, [measured(args, size, task) for task in args.task or TASKS])
        for size in args.rows or ["10k"]
    )
    print(text)
    if args.write:
        insert(args.write, text)


def measured(args: argparse.Namespace, size: str, task: str) -> dict[str, Any]:
    saved = None if args.cache is None else args.cache / f"{task}-{size}.json"
    if saved is not None and saved.exists():
        return dict(json.loads(saved.read_text()))
    requested = [str(args.run), task, str(SIZES[size]), str(args.threads)]
    done = subprocess.run(
        [sys.executable, str(HERE / "task.py"), *requested],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    result = {"task": task, **json.loads(done.stdout.splitlines()[-1])}
    if saved is not None:
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(result))
    return result


def table(size: str, found: list[dict[str, Any]]) -> str:
    base = found[0]
    lines = [
        f"**{SIZES[size]:,} customers × {base['features']} columns × "
        f"{base['classes']} segments** ({base['rounds']} rounds; "
        f"{base['threads']} threads)",
        "",
        "| task | customers/s | × XGBoost's time | CPU s | × CPU | peak, MB |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {TASKS[each['task']]} | {SIZES[size] / each['wall']:,.0f} | "
        f"{each['wall'] / base['wall']:.2f} | {each['cpu']:.1f} | "
        f"{each['cpu'] / base['cpu']:.2f} | {each['peak']:,.0f} |"
        for each in found
    ]
    lines += [
        f"\nReasons of one customer alone: {1000 * each['alone']:.1f} ms."
        for each in found
        if each["task"] == "reasons"
    ]
    return "\n".join(lines)


def insert(page: Path, text: str) -> None:
    """Put the tables between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
