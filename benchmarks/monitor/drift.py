"""How often drift is found in invented shops that do not drift, and in shops that do.

Each shop is trained on its first part; the rest is new. Drifts are planted in the rest alone:
customers buy a third as often (`slow`), pay twice as much (`price`), or strangers take over
(`newcomers`). False alarms are shops without a planted drift for which drift is found.

    python benchmarks/monitor/drift.py --shops 100
"""

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import segpredict
from segpredict.core.run_folder import open_run
from segpredict.data.sample import sample
from segpredict.pipeline import drift, loading

START, END, DAYS = "2023-07-03", "2024-01-01", 728
QUICK = {
    "classifier": {"families": ["rfm"], "bootstrap_draws": 100},
    "time": {"test_windows": 1},
    "explain": {"sample_rows": 100},
}
DRIFTS = ("none", "slow", "price", "newcomers")


def planted(sales: pl.DataFrame, kind: str, rng: np.random.Generator) -> pl.DataFrame:
    """Return the sales with a drift from `START` on."""
    is_new = pl.col("InvoiceDate").dt.date() >= pl.lit(START).str.to_date()
    if kind == "slow":
        orders = sales["InvoiceNo"].unique().sort()
        kept = orders.filter(pl.Series(rng.random(len(orders)) < 1 / 3))
        return sales.filter(~is_new | pl.col("InvoiceNo").is_in(kept.implode()))
    if kind == "price":
        price = pl.when(is_new).then(pl.col("UnitPrice") * 2).otherwise("UnitPrice")
        return sales.with_columns(UnitPrice=price)
    if kind == "newcomers":
        named = pl.when(is_new).then(pl.lit("9") + pl.col("CustomerID")).otherwise("CustomerID")
        return sales.with_columns(CustomerID=named)
    return sales


def found_in(seed: int, customers: int) -> dict[str, list[str]]:
    """Return the kinds of drift that were found in a shop, by planted drift."""
    sales = sample.generate_sample(customers, seed=seed, days=DAYS).lines
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        segpredict.fit(sales, QUICK, out=run, as_of=START)
        files = open_run(run)
        predictor, config = loading.load_predictor(files), loading.load_config(files)
        predictor = replace(predictor, facts=None)
        own, found = loading.load_transactions(files), {}
        for kind in DRIFTS:
            changed = planted(sales, kind, np.random.default_rng(seed))
            shop = predictor.read_transactions(changed, END)
            table = drift.drift_table(predictor, own, shop, config)
            found[kind] = table.filter("is_outside")["kind"].unique().sort().to_list()
        return found


def main() -> None:
    """Print how many shops were found to drift, by planted drift and by kind of finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=100)
    parser.add_argument("--customers", type=int, default=600)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    any_kind: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    began = time.process_time()
    for seed in range(given.first, given.first + given.shops):
        by_drift = found_in(seed, given.customers)
        print(f"shop {seed}: {by_drift}", flush=True)
        for planted_kind, found in by_drift.items():
            any_kind[planted_kind] += bool(found)
            kinds.update((planted_kind, kind) for kind in found)
    print(f"{given.shops} shops, {time.process_time() - began:.0f} CPU seconds")
    for kind in DRIFTS:
        by = {found: n for (planted_kind, found), n in kinds.items() if planted_kind == kind}
        print(f"{kind:10} found in {any_kind[kind]:3} of {given.shops}: {by}")


if __name__ == "__main__":
    main()
