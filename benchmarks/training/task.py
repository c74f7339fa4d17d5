"""One contest of the training benchmark, in a process of its own; see run.py."""

import cProfile
import json
import pstats
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest.contest import contest
from segpredict.config import load
from segpredict.data.sample import sample

# A function called from these that is defined elsewhere is a part.
CONDUCTORS = ("contest.py", "_train.py", "_trials.py")
ROWS_A_CUSTOMER = 27  # of the panel of the sample shop, all origins together


def parts(profile: cProfile.Profile) -> dict[str, float]:
    """Return seconds by part: what the conductors call, by module and function."""
    found: dict[str, float] = {}
    result: Any = pstats.Stats(profile)
    for (file, _, name), (*_, callers) in result.stats.items():
        path = Path(file)
        if "segpredict" not in path.parts or path.name in CONDUCTORS:
            continue
        spent = sum(
            times[3] for (caller, _, _), times in callers.items() if Path(caller).name in CONDUCTORS
        )
        room = path.parent.name if path.stem.startswith("__") else path.stem
        label = room.lstrip("_")
        label += "" if name in ("fit", "predict", label) else f": {name}"
        found[label] = found.get(label, 0.0) + spent
    return {name: spent for name, spent in found.items() if spent > 0}


def main() -> None:
    rows, place = int(sys.argv[1]), Path(sys.argv[2])
    customers = max(300, round(rows / ROWS_A_CUSTOMER))
    shop = sample.generate_sample(customers, seed=0)
    path = sample.write_sample(shop, place)[0]
    plan = load.load_config("online_retail")
    profile = cProfile.Profile()
    begin = time.perf_counter()
    profile.enable()
    found = contest([str(path)], plan)
    profile.disable()
    whole = time.perf_counter() - begin
    panel = found.training.panel.frame
    tested = found.training.evaluation.pooled.n_rows
    print(
        json.dumps(
            {
                "rows": panel.height,
                "lines": shop.lines.height,
                "customers": customers,
                "features": len(found.training.panel.feature_names),
                "forecasts": tested,
                "whole": whole,
                "cpu": time.process_time(),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "parts": parts(profile),
            }
        )
    )


if __name__ == "__main__":
    main()
