"""Where the time of a whole run goes, stage by stage.

    python benchmarks/run.py                          the invented shop, 4,000 customers
    python benchmarks/run.py --data FILE --config online_retail_ii --repeat 3

Prints a Markdown table: seconds by the clock and of all threads' CPU per stage (medians over
repeats), the stage's share of the CPU time, and the peak memory of the process. On a machine that
does other work the clock says little, and CPU time is somewhat longer than on an idle one.
"""

import argparse
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from segpredict import pipeline
from segpredict.config import load
from segpredict.data.sample import sample


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", action="append", help="files, folders or globs")
    parser.add_argument("--config", default="online_retail", help="preset or TOML file")
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data = args.data
        if not data:
            shop = sample.generate_sample(args.customers, seed=0)
            data = [str(sample.write_sample(shop, place)[0])]
        plan = load.load_config(args.config)
        runs = [stages(data, plan, place / f"run{i}") for i in range(args.repeat)]
    print(table(runs))


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of CPU time of all threads."""

    wall: float
    cpu: float


def stages(data: list[str], plan: load.Config, folder: Path) -> dict[str, Spent]:
    """Return what each stage of one run took, in the order of the stages."""
    marks: list[tuple[str, float, float]] = []

    def mark(what: str, _share: float = 1.0) -> None:
        marks.append((what, time.perf_counter(), time.process_time()))

    pipeline.run_pipeline(data, plan, pipeline.RunTarget(folder), progress=mark)
    mark("end")
    spent: dict[str, Spent] = {}
    for (what, begin, busy), (_, until, busy_until) in pairwise(marks):
        stage = "publishing" if what == "done" else what
        # A stage that is reported twice took both times.
        before = spent.get(stage, Spent(0.0, 0.0))
        spent[stage] = Spent(before.wall + until - begin, before.cpu + busy_until - busy)
    return spent


def table(runs: list[dict[str, Spent]]) -> str:
    medians = {
        stage: Spent(
            statistics.median(run[stage].wall for run in runs),
            statistics.median(run[stage].cpu for run in runs),
        )
        for stage in runs[0]
    }
    wall, cpu = (sum(getattr(m, kind) for m in medians.values()) for kind in ("wall", "cpu"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = ["| stage | seconds | CPU s | share of CPU |", "| --- | --: | --: | --: |"]
    lines += [
        f"| {stage} | {spent.wall:.2f} | {spent.cpu:.2f} | {spent.cpu / cpu:.0%} |"
        for stage, spent in medians.items()
    ]
    lines += [f"| **whole run** | **{wall:.2f}** | **{cpu:.2f}** | |"]
    lines += ["", f"Medians of {len(runs)} runs; peak memory {peak:,.0f} MB."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
