"""A whole run, from raw CSV or a store to the page, at growing sizes and under a memory limit.

    python benchmarks/scale/run.py --customers 100000 --limit-gb 2 --cache FOLDER --rivals
    python benchmarks/scale/run.py --customers 100000 --customers 1000000 --from store \
        --cache FOLDER --write docs/decisions/performance.md

Makes the sample shop of so many customers in the cache (or reuses it), runs the pipeline in a
child process, and prints seconds, CPU seconds and peak memory by stage, with the exponent by which
CPU time grows. The child's resident memory (VmRSS) is watched ten times a second, and the child is
killed above the limit: an address-space limit (RLIMIT_AS) would count files that are mapped and
stacks of threads that nobody uses. Peaks by stage are the kernel's own (VmHWM, reset at each
stage), so this needs Linux.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import pipeline
from segpredict.config.load import load_config
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import day_number
from segpredict.data import store
from segpredict.data.sample import sample

PER_BLOCK = 10_000  # customers drawn at a time; a block is the same in a shop of any size
FIRST, DAYS = "2022-01-03", 728
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
RIVALS = {
    "duckdb": "DuckDB SQL: recency, orders, money of each customer, from the CSV",
    "pandas": "pandas: the same",
    "openretailscience": "openretailscience: RFM scores, from the CSV by pandas",
}


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, action="append")
    parser.add_argument("--limit-gb", type=float, default=4.0)
    parser.add_argument("--from", dest="source", choices=("csv", "store"), default="csv")
    parser.add_argument("--cache", type=Path, required=True, help="where shops and runs are kept")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument(
        "--rivals", action="store_true", help="also DuckDB, pandas, openretailscience"
    )
    parser.add_argument("--write", type=Path, help="put the table into this page")
    args = parser.parse_args()
    found = {n: measure(n, args) for n in args.customers or [100_000]}
    text = "\n\n".join([table(found, args), *rivals(found, args)])
    print(text)
    if args.write:
        before, _, rest = args.write.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        args.write.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def measure(customers: int, args: argparse.Namespace) -> dict[str, Any]:
    """Return the stages of a run, or where it was killed."""
    make = csv_of if args.source == "csv" else store_of
    shop, out = make(args.cache, customers), args.cache / f"run-{customers}"
    return watched(["run", str(shop), str(out), *args.settings], args)


def watched(task: list[str], args: argparse.Namespace) -> dict[str, Any]:
    """Run a task in a child process, which is killed above the limit."""
    marks = args.cache / "marks.jsonl"
    marks.write_text("")
    command = [sys.executable, __file__, "--child", str(marks), *task]
    begin = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    is_killed = False
    while process.poll() is None:
        if kilobytes(process.pid, "VmRSS") > args.limit_gb * 1e6:
            is_killed = True
            process.kill()
        time.sleep(0.1)
    rows = [json.loads(line) for line in marks.read_text().splitlines()]
    whole = {"seconds": time.perf_counter() - begin, "stages": rows, "is_killed": is_killed}
    return whole | {"failed": bool(process.returncode) and not is_killed}


def kilobytes(process: int | str, name: str) -> int:
    """Return a figure of a process's memory; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(lines[0][1]) if lines else 0


def child(marks: str, task: str, *rest: str) -> None:
    """Do a task; note what each stage took."""
    begun: list[tuple[str, float, float]] = [("imports", 0.0, 0.0)]

    def mark(what: str, _share: float = 1.0) -> None:
        begun.append((what, time.perf_counter(), time.process_time()))
        (stage, wall, cpu), (_, until, busy) = begun[-2:]
        peak = kilobytes("self", "VmHWM") / 1e3
        Path("/proc/self/clear_refs").write_text("5")  # the peak is of the next stage from now on
        if wall or cpu:
            row = {"stage": stage, "wall": until - wall, "cpu": busy - cpu, "peak": peak}
            with Path(marks).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    mark(task)
    if task == "run":
        data, out, *settings = rest
        plan = load_config("online_retail", settings)
        pipeline.run_pipeline(
            data, plan, pipeline.RunTarget(Path(out), replace=True), progress=mark
        )
    else:
        rival(task, rest[0])
    mark("end")


def csv_of(cache: Path, customers: int) -> Path:
    """Return the raw lines of the shop as CSV, written where they are not there yet."""
    path = cache / f"shop-{customers}.csv"
    if not path.exists():
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            for number in range(customers // PER_BLOCK):
                block(number).write_csv(file, include_header=number == 0)
        draft.rename(path)
    return path


def block(number: int) -> pl.DataFrame:
    lines = sample.generate_sample(PER_BLOCK, seed=number, days=DAYS).lines
    customer = pl.col("CustomerID").cast(pl.Int64) + number * PER_BLOCK
    order = pl.format("{}-{}", "InvoiceNo", pl.lit(number))
    return lines.with_columns(order.alias("InvoiceNo"), customer.cast(pl.String))


def store_of(cache: Path, customers: int) -> Path:
    """Return a store of the shop's canonical lines, as ingest would leave it."""
    folder = cache / f"store-{customers}"
    if not (folder / "store.json").exists():
        raw = pl.scan_csv(csv_of(cache, customers), schema_overrides={"CustomerID": pl.String})
        moment = pl.col("InvoiceDate").str.to_datetime()
        pence = (pl.col("UnitPrice") * MONEY_SCALE).round().cast(pl.Int64)
        lines = raw.filter(pl.col("CustomerID").is_not_null() & (pl.col("UnitPrice") > 0)).select(
            customer_id="CustomerID",
            order_id="InvoiceNo",
            day=(moment.dt.date() - pl.date(1970, 1, 1)).dt.total_days().cast(pl.Int32),
            minute=moment.dt.hour().cast(pl.Int16) * 60 + moment.dt.minute(),
            product_id="StockCode",
            quantity=pl.col("Quantity").cast(pl.Int64) * MONEY_SCALE,
            amount=pl.col("Quantity").cast(pl.Int64) * pence,
            is_return=pl.col("Quantity") < 0,
            is_order_head=pl.lit(value=False),
            void_day=pl.lit(None, pl.Int32),
            country="Country",
            discount=pl.lit(None, pl.Int64),
        )
        orders, people = pl.struct("customer_id", "order_id").n_unique(), pl.col("customer_id")
        counts = lines.select(
            pl.len(), orders.alias("o"), people.n_unique(), pl.col("amount").sum()
        )
        count = LedgerCount(*counts.collect(engine="streaming").row(0))
        entries = [LedgerEntry(stage, stage, "All rows.", count) for stage in ("in", "used")]
        first = day_number(FIRST)
        shop = Transactions(lines, first, first + DAYS, "0" * 64, Ledger(tuple(entries)), "£")
        store.write_store(shop, folder)
    return folder


def table(found: dict[int, dict[str, Any]], args: argparse.Namespace) -> str:
    """Return seconds, CPU and peak by stage, one group of columns a size."""
    stages = list(dict.fromkeys(row["stage"] for each in found.values() for row in each["stages"]))
    head = "".join(f" {n:,}: s | CPU s | peak MB |" for n in found)
    lines = [
        f"| stage |{head} growth of CPU |",
        f"| --- |{' --: | --: | --: |' * len(found)} --: |",
    ]
    sums = {n: {s: total(each["stages"], s) for s in stages} for n, each in found.items()}
    for stage in stages:
        cells = "".join(
            f" {w:.1f} | {c:.1f} | {p:,.0f} |" for w, c, p in (sums[n][stage] for n in found)
        )
        lines.append(f"| {stage} |{cells} {exponent({n: sums[n][stage][1] for n in found})} |")
    whole = {n: [sum(s[i] for s in sums[n].values()) for i in (0, 1)] for n in found}
    peaks = {n: max(s[2] for s in sums[n].values()) for n in found}
    cells = "".join(
        f" **{whole[n][0]:.1f}** | **{whole[n][1]:.1f}** | **{peaks[n]:,.0f}** |" for n in found
    )
    lines.append(f"| **whole run** |{cells} {exponent({n: whole[n][1] for n in found})} |")
    ends = [
        f"{n:,} customers: {'killed' if each['is_killed'] else 'failed'}"
        for n, each in found.items()
        if each["is_killed"] or each["failed"]
    ]
    held = f"From {args.source}, resident memory watched, limit {args.limit_gb:g} GB"
    return "\n".join([*lines, "", f"{held}{'; ' if ends else ': held'}{'; '.join(ends)}."])


def total(rows: list[dict[str, Any]], stage: str) -> tuple[float, float, float]:
    own = [row for row in rows if row["stage"] == stage]
    wall, cpu = (sum(row[name] for row in own) for name in ("wall", "cpu"))
    return wall, cpu, max((row["peak"] for row in own), default=0.0)


def exponent(costs: dict[int, float]) -> str:
    """Return how a cost grows from the first size to the last: the exponent of a power."""
    (small, low), *_, (large, high) = list(costs.items()) * 2
    if small == large or min(low, high) <= 0:
        return ""
    return f"{math.log(high / low) / math.log(large / small):.2f}"


def rivals(found: dict[int, dict[str, Any]], args: argparse.Namespace) -> list[str]:
    if not args.rivals:
        return []
    lines = ["| beside it | customers | s | CPU s | peak MB |", "| --- | --: | --: | --: | --: |"]
    for name, meaning in RIVALS.items():
        for customers in found:
            done = watched([name, str(csv_of(args.cache, customers))], args)
            wall, cpu, peak = total(done["stages"], name)
            cells = f"{wall:.1f} | {cpu:.1f} | {peak:,.0f}"
            if done["is_killed"] or done["failed"]:
                cells = f"{'killed' if done['is_killed'] else 'failed'} | | "
            lines.append(f"| {meaning} | {customers:,} | {cells} |")
    return ["\n".join(lines)]


def rival(name: str, path: str) -> None:
    """Measure recency, orders and money of each customer of a CSV by another library."""
    if name == "duckdb":
        import duckdb

        duckdb.sql(
            "select CustomerID, max(InvoiceDate), count(distinct InvoiceNo), "
            "sum(Quantity * UnitPrice) "
            f"from read_csv('{path}') where CustomerID is not null group by CustomerID"
        ).fetchnumpy()
        return
    import pandas as pd

    frame = pd.read_csv(path, parse_dates=["InvoiceDate"]).dropna(subset="CustomerID")
    frame["spend"] = frame["Quantity"] * frame["UnitPrice"]
    if name == "pandas":
        frame.groupby("CustomerID").agg(
            last=("InvoiceDate", "max"), orders=("InvoiceNo", "nunique"), spend=("spend", "sum")
        )
        return
    from openretailscience.segmentation.rfm import RFMSegmentation

    named = {"CustomerID": "customer_id", "InvoiceDate": "transaction_date"}
    named |= {"InvoiceNo": "transaction_id", "spend": "unit_spend"}
    _ = RFMSegmentation(frame.rename(columns=named), current_date="2024-01-01").df


if __name__ == "__main__":
    main()
