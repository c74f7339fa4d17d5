"""Whether the forecast is as good as can be where the best is known; met or not.

    python benchmarks/quality/run.py
    python benchmarks/quality/run.py --customers 3000 --seeds 3

Runs the benchmark in every world whose truth is known (benchmarks/contest) and checks
what must hold there: near the oracle, never better than it, no skill in noise, all
of it in a clockwork. Leaves with 1 if something is missed. Figures on real shops are
those of benchmarks/contest/run.py.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest.contest import Result, hold
from contest.worlds import WORLDS

NEAR = 0.02  # nats between the model and the oracle
TIE = 0.005  # nats between a model that is true and the oracle
APART = 0.015  # accuracy between the model and what the oracle expects of itself
MIN_ACCURACY = 0.97  # accuracy in the clockwork
ROWS = 25_000  # of a panel, below which nearness is not asked for
Check = tuple[str, int, str, str, bool]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=1, help="draws of each world")
    parser.add_argument("--world", action="append", choices=list(WORLDS))
    args = parser.parse_args()
    checks: list[Check] = []
    for seed in range(args.seeds):
        for name in args.world or WORLDS:
            found = hold(names=[name], customers=args.customers, seed=seed)
            checks += [(name, seed, *result) for result in checked(name, found)]
            print(f"{name}, draw {seed}: done", file=sys.stderr)
    print(table(checks))
    sys.exit(0 if all(check[-1] for check in checks) else 1)


def checked(name: str, found: Result) -> Iterator[tuple[str, str, bool]]:
    """Yield what is asked in a world, what was found, and whether it holds."""
    rows = {row["forecaster"]: row for row in found.oracle}
    model = next(row for row in found.oracle if row["is_model"])
    production = next(row for row in found.oracle if row["is_selected"])
    seers = [who for who, row in rows.items() if row["is_alarm"]]
    yield "nobody beats the oracle by 3 SE", ", ".join(seers) or "nobody", not seers
    if name in ("or2_like", "cdnow_like"):
        size: Any = found.facts[0]["panel_rows"]
        yield f"panel of {ROWS:,} rows or more", f"{size:,}", size >= ROWS
        yield near(f"the model within {NEAR}", model, NEAR)
        yield near(f"BG/NBD within {TIE}", rows["bgnbd_gg"], TIE)
        apart: Any = model["accuracy"] - model["ceiling"]
        yield (
            f"accuracy within {APART} of E[max p]",
            f"{apart:+.4f}",
            abs(apart) <= APART,
        )
    if name == "markov":
        yield near(f"Markov within {TIE}", rows["markov"], TIE)
        yield near(f"the selected model within {NEAR}", production, NEAR)
    if name == "noise":
        yield in_noise(found)
    if name == "deterministic":
        right: Any = model["accuracy"]
        yield f"accuracy of {MIN_ACCURACY} or more", f"{right:.4f}", right >= MIN_ACCURACY


def near(check: str, row: dict[str, Any], limit: float) -> tuple[str, str, bool]:
    gap, error = row["gap"], row["gap_se"]
    result = f"{row['forecaster']}: {gap:+.4f} ± {error:.4f} nats"
    return check, result, abs(gap) <= limit


def in_noise(found: Result) -> tuple[str, str, bool]:
    row: Any = next(row for row in found.scores if row["is_model"] and row["window"] == "pooled")
    low, high = row["less_low"], row["less_high"]
    result = f"{row['less']:+.4f} [{low:+.4f}, {high:+.4f}] nats"
    return "the model's skill over Markov covers 0", result, low <= 0 <= high


def table(checks: list[Check]) -> str:
    lines = ["| world | draw | asked | found | |", "| --- | --: | --- | --- | --- |"]
    lines += [
        f"| {name} | {seed} | {check} | {result} | {'met' if is_met else '**missed**'} |"
        for name, seed, check, result, is_met in checks
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
