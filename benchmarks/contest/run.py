"""The forecasting contest: every forecaster on every test window, as tables.

    python benchmarks/contest/run.py --folder data --write docs/decisions/benchmark.md
    python benchmarks/contest/run.py --data cdnow=CDNOW_master.txt --world none
    python benchmarks/contest/run.py --world or2_like --customers 3000 --out results

Each data set is read, segmented and judged as `segpredict run` does; the interval is
that of a forecaster's log-loss less the Markov chain's, over customers drawn anew. In a
simulated world the best possible forecast is known: the gap to it says what is left to
gain, and a forecaster that beats it has seen the future. Nothing is kept of the runs,
so evaluations of final tests are not counted. Untuned boosters take part where no baselines are
named (LightGBM where it is installed). Public data sets come with `segpredict fetch`;
without any data the worlds alone take part.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest.contest import Result, data_set, fetched, hold
from contest.page import insert, page
from contest.worlds import WORLDS, named
from segpredict.core.disk import write_file
from segpredict.core.wording import name_options
from segpredict.errors import SegpredictError, UsageError


def main(arguments: Sequence[str] | None = None) -> None:
    args = parsed(arguments)
    with name_options():  # messages name this command's options
        run(args)


def run(args: argparse.Namespace) -> None:
    try:
        result = held(args)
        text = page(result)
        if args.out:
            keep(args.out, result, text)
        if args.write:
            insert(args.write, text)
    except SegpredictError as error:
        print(f"{error.message} Fix: {error.fix}", file=sys.stderr)
        sys.exit(error.exit_code)
    print(text)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--data",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="a data set: NAME is a preset (online_retail_ii, cdnow, …) or a TOML file "
        "that says how to read PATH, a file, folder, glob or store; repeatable",
    )
    add("--folder", type=Path, help="every data set that `segpredict fetch` put here")
    add(
        "--world",
        metavar="NAME",
        action="append",
        help=f"a world of known truth: {', '.join(WORLDS)}; or none; repeatable, all if not given",
    )
    add("--samples", type=int, default=0, help="how many invented shops take part")
    add("--customers", type=int, default=2_000, help="customers of each world and shop")
    add(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a setting for all of them, such as classifier.bootstrap_draws=200; repeatable",
    )
    add("--no-leaks", action="store_true", help="leave out what leaks would claim")
    add("--out", type=Path, help="a folder for the page, one JSON, and one CSV a table")
    add("--write", type=Path, help="put the tables into this page, between its marks")
    return parser.parse_args(arguments)


def held(args: argparse.Namespace) -> Result:
    data_sets = [data_set(text, args.set) for text in args.data]
    data_sets += fetched(args.folder, args.set) if args.folder else []
    names = [name for name in args.world or WORLDS if name != "none"]
    for name in names:
        named(name)  # before anything long begins
    if not data_sets and not names and not args.samples:
        raise UsageError(
            "There is nothing to hold the contest on.",
            fix="name data with --data or --folder, or leave out --world none.",
        )
    return hold(
        data_sets,
        names,
        samples=args.samples,
        customers=args.customers,
        settings=args.set,
        leaks=not args.no_leaks,
        progress=lambda what, share: print(f"{share:4.0%} {what}", file=sys.stderr),
    )


def keep(folder: Path, result: Result, text: str) -> None:
    write_file(folder / "benchmark.md", f"{text}\n".encode())
    content = json.dumps(result.rows(), ensure_ascii=False, indent=1)
    write_file(folder / "benchmark.json", f"{content}\n".encode())
    for name, frame in result.frames().items():
        write_file(folder / f"{name}.csv", frame.write_csv().encode())


if __name__ == "__main__":
    main()
