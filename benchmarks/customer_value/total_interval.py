"""How often the interval of the expected revenue held what its customers then spent.

    python benchmarks/customer_value/total_interval.py --sample 12 --data cdnow=CDNOW_master.txt

Each shop is run as if today were one window before the end of its data, then two, three … windows
before; what the customers with a forecast spent in the window after is compared with the interval
of their sum.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest.contest import SAMPLE_PRESET, data_set
from segpredict import features
from segpredict.analytics.customer_value import ExpectedTotal, expected_total
from segpredict.config import load as config
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import as_date
from segpredict.data.ingest import read_with_side_tables
from segpredict.data.sample import sample
from segpredict.errors import SupportError
from segpredict.pipeline import stages

HEAD = "| data | today | ratios in backtests | expected | interval | actual | ratio | held |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", metavar="NAME=PATH", action="append", default=[])
    parser.add_argument("--sample", metavar="N", type=int, default=0, help="sample shops")
    parser.add_argument("--customers", type=int, default=1_000, help="of each sample shop")
    parser.add_argument("--days", type=int, default=1_274, help="of each sample shop")
    parser.add_argument("--windows", type=int, default=3, help="held out of each shop")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[])
    args = parser.parse_args(arguments)
    print(f"{HEAD}\n| --- | --- |{' --: |' * 6}", flush=True)
    held = []
    for name, data, plan in shops(args):
        whole = read_with_side_tables(data, plan)
        for windows in range(1, args.windows + 1):
            today = whole.end_day - windows * plan.time.horizon - plan.time.gap
            found = forecast(data, plan, today)
            if found is None:
                continue
            total, customers, ratios = found
            actual = spent(whole, customers, today + plan.time.gap, plan.time.horizon)
            print(row(name, today, total, ratios, actual), flush=True)
            if total.low is not None:
                held.append(total.low <= actual <= total.high)
    if held:
        print(f"\n{sum(held)} of {len(held)} intervals held: {sum(held) / len(held):.0%}")


def shops(args: argparse.Namespace) -> Iterator[tuple[str, object, config.Config]]:
    """Yield name, data and options of each shop."""
    for text in args.data:
        given = data_set(text, args.set)
        yield given.name, [given.path], given.config
    for seed in range(args.sample):
        shop = sample.generate_sample(args.customers, seed=seed, days=args.days)
        yield f"sample shop, seed {seed}", shop.lines, config.load_config(SAMPLE_PRESET, args.set)


def forecast(
    data: object, plan: config.Config, today: int
) -> tuple[ExpectedTotal, pl.Series, list[float]] | None:
    """Return the expected total as of a day, its customers, and actual over expected of backtests.

    ``None`` with too little data.
    """
    plan = replace(plan, classifier=replace(plan.classifier, bootstrap_draws=100))
    try:
        prepared = stages.prepare(data, plan, as_date(today))
        trained = stages.train(prepared, stages.segment(prepared))
    except SupportError:
        return None
    values = trained.customer_value
    customers = trained.scores.filter(pl.col("expected_value").is_not_null())["customer_id"]
    totals = values["totals"]
    ratios = (totals["actual"] / totals["expected"]).to_list()
    return expected_total(values["segments"], totals), customers, ratios


def spent(shop: Transactions, customers: pl.Series, start: int, horizon: int) -> float:
    """Return what customers spent in a window, less returns."""
    rows = features.clustering_inputs(shop, [(start, start + horizon)])
    known = rows.filter(pl.col("customer_id").is_in(customers.implode()))
    return float(known["spend"].sum()) / MONEY_SCALE


def row(name: str, today: int, total: ExpectedTotal, ratios: Sequence[float], actual: float) -> str:
    if total.low is None:
        interval = held = "–"
    else:
        interval = f"{total.low:,.0f} to {total.high:,.0f}"
        held = "yes" if total.low <= actual <= total.high else "no"
    shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
    return (
        f"| {name} | {as_date(today)} | {shown} | {total.value:,.0f} | {interval} | "
        f"{actual:,.0f} | {actual / total.value:.2f} | {held} |"
    )


if __name__ == "__main__":
    main()
