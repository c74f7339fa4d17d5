"""A real shop played month by month: ingest, score, monitor, and train again when told.

The store begins with the drops up to December 2010. For each month of 2011 the drop is added, all
customers are scored into a history, and the run in use is monitored. After each training anew the
next months are judged with the new run.

    python benchmarks/monitor/months.py FOLDER_OF_ONLINE_RETAIL_II --out FOLDER
"""

import argparse
import json
import resource
import subprocess
from pathlib import Path

import polars as pl

START = "2011-01"
MAX_TRAININGS = 4
# `segpredict check` proposes this horizon; a look-back of half a year leaves room for tests.
SETTINGS = {
    "time.horizon": "28",
    "time.lookback": "182",
    "time.test_windows": "3",
    "classifier.families": '["rfm"]',
    "classifier.bootstrap_draws": "100",
    "explain.sample_rows": "100",
}


def call(command: str, *options: str | Path) -> dict:
    """Run a command and return its JSON."""
    words = ["nice", "-n", "5", "segpredict", command, *map(str, options), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout[-800:]}{done.stderr[-800:]}")
    return json.loads(done.stdout)


def monthly(source: Path, folder: Path) -> list[Path]:
    """Write a file for each month; the first days of December 2010 are in both sources."""
    old, new = (pl.read_parquet(path) for path in sorted(source.glob("online_retail_ii_*")))
    rows = pl.concat([old.filter(pl.col("InvoiceDate") < new["InvoiceDate"].min()), new])
    month = pl.col("InvoiceDate").dt.strftime("%Y-%m")
    folder.mkdir(parents=True)
    for (name,), drop in rows.group_by(month):
        drop.write_parquet(folder / f"{name}.parquet")
    return sorted(folder.iterdir())


def train(out: Path, number: int) -> Path:
    """Train a run on all that is in the store."""
    run = out / f"run-{number}"
    options = [part for pair in SETTINGS.items() for part in ("--set", "=".join(pair))]
    call("run", "--data", out / "shop.store", "--out", run, *options)
    return run


def line(month: str, rows: int, run: Path, age: int, found: dict) -> str:
    """Return the line of a month: the last date whose outcome is known, and the advice."""
    advice = found["advice"]
    parts = [f"{month} {rows:>7,} {run.name}, {age} months old"]
    if found["dates"]:
        day = found["dates"][-1]
        loss = next(
            row for row in found["figures"] if row["date"] == day and row["figure"] == "log_loss"
        )
        others = [row["log_loss"] for row in found["baselines"] if row["date"] == day]
        risk = next(
            row
            for row in found["sums"]
            if (row["date"], row["measure"], row["part"]) == (day, "value_at_risk", "all")
        )
        parts.append(f"{day} log-loss {loss['value']:.3f}, best baseline {min(others):.3f}")
        parts.append(f"at risk {risk['predicted']:,.0f}, came {risk['actual']:,.0f}")
    else:
        parts.append("no outcome yet")
    return " | ".join([*parts, f"{advice['action']}: {advice['reason']}"])


def main() -> None:
    """Play the year and print a line a month."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    options = parser.parse_args()
    out, store = options.out, options.out / "shop.store"
    drops = monthly(options.source, out / "drops")
    before = [part for drop in drops if drop.stem < START for part in ("--data", drop)]
    call("ingest", *before, "--store", store, "--config", "online_retail_ii")
    trainings = 1
    run = train(out, trainings)
    age = 0
    common = ("--data", store, "--history", out / "history")
    for drop in drops:
        if drop.stem < START:
            continue
        age += 1
        rows = pl.scan_parquet(drop).select(pl.len()).collect().item()
        call("ingest", "--data", drop, "--store", store)
        call("score", "--run", run, *common, "--out", out / "scores.parquet")
        found = call("monitor", "--run", run, *common, "--page")
        print(line(drop.stem, rows, run, age, found), flush=True)
        if found["advice"]["action"] == "retrain" and trainings < MAX_TRAININGS:
            trainings += 1
            run, age = train(out, trainings), 0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{trainings} trainings, {used.ru_utime + used.ru_stime:.0f} CPU s")


if __name__ == "__main__":
    main()
