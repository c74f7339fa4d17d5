"""Where the time of a whole run goes, stage by stage.

    python benchmarks/run.py                          the invented shop, 4,000 customers
    python benchmarks/run.py --data FILE --config online_retail_ii --repeat 3

Prints a Markdown table: seconds per stage (median over repeats), share of the whole,
and the peak memory of the process.
"""

import argparse
import resource
import statistics
import tempfile
import time
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


def stages(data: list[str], plan: load.Config, folder: Path) -> dict[str, float]:
    """Return seconds by stage of one run, in the order of the stages."""
    marks: list[tuple[str, float]] = []
    pipeline.run_pipeline(
        data,
        plan,
        pipeline.RunTarget(folder),
        progress=lambda what, _share: marks.append((what, time.perf_counter())),
    )
    end = time.perf_counter()
    ends = [when for _, when in marks[1:]] + [end]
    spent: dict[str, float] = {}
    for (what, begin), until in zip(marks, ends, strict=True):
        spent[what] = spent.get(what, 0.0) + until - begin
    spent["publishing"] = spent.pop("done", 0.0)
    return spent


def table(runs: list[dict[str, float]]) -> str:
    medians = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
    whole = sum(medians.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = ["| stage | seconds | share |", "| --- | --: | --: |"]
    lines += [f"| {s} | {t:.2f} | {t / whole:.0%} |" for s, t in medians.items()]
    lines += [f"| **whole run** | **{whole:.2f}** | |"]
    lines += ["", f"Medians of {len(runs)} runs; peak memory {peak:,.0f} MB."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
