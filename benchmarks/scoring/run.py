"""What a score costs, from lines to probabilities, beside XGBoost's own call.

    python benchmarks/scoring/run.py --run RUN

Takes the lines of a finished run. One customer, 100, 1,000 and the whole shop are scored live
(`predictor.online()`, lines as values) and as `Transactions`. Beside them stands the time of
XGBoost's `inplace_predict` on the same rows, in the same process. CPU time of all threads: on a
busy machine the clock says nothing. Median, and least in brackets, in milliseconds. The import
time is that of a process that loads the run and scores one line.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import segpredict
from segpredict.classifier.training_data import feature_matrix
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import as_date
from segpredict.pipeline.loading import load_transactions
from segpredict.scoring.online import OnlineScorer
from segpredict.scoring.predictor import SegmentPredictor

MAX_LIVE_LINES = 100_000
FIRST_SCORE = """
import time; begin = time.process_time()
import segpredict
scorer = segpredict.load({run!r}).online()
line = dict(customer_id={customer!r}, time={day!r}, quantity=1, price=2.5)
scorer.score([line], {as_of!r})
print(time.process_time() - begin)
"""


def median_ms(call: Callable[[], object], seconds: float = 3.0, most: int = 50) -> str:
    """Return the median and the least CPU time of a call, in milliseconds."""
    call()
    taken: list[float] = []
    while len(taken) < 3 or (sum(taken) < seconds and len(taken) < most):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return f"{1000 * float(np.median(taken)):,.1f} ({1000 * min(taken):,.1f})"


def typed(lines: pl.DataFrame) -> pl.DataFrame:
    """Return canonical lines as values that a program would send."""
    units = pl.col("quantity", "amount") / MONEY_SCALE
    day = pl.col("day").cast(pl.Date).alias("time")
    return lines.select("customer_id", "order_id", "product_id", "country", day, units)


def row(predictor: SegmentPredictor, scorer: OnlineScorer, shop: Transactions) -> str:
    """Return a row of the table: what it costs to score these customers."""
    own, as_of, window = shop.lines.collect(), as_date(shop.end_day), predictor.score_window(shop)
    given = typed(own).to_dicts()
    values = [{name: v for name, v in each.items() if v is not None} for each in given]
    eligible = predictor.customer_rows(shop, window).eligible
    trees = predictor.model.xgboost_model  # type: ignore[attr-defined]
    cells = feature_matrix(eligible, trees.feature_names)
    live, reasons = "", ""
    if len(values) <= MAX_LIVE_LINES:
        live = median_ms(lambda: scorer.score(values, as_of))
        reasons = median_ms(lambda: scorer.score(values, as_of, explain=True))
    table = median_ms(lambda: predictor.score_table(shop, shop.end_day, shop.first_day))
    rows = median_ms(lambda: predictor.customer_rows(shop, window))
    bare = median_ms(lambda: trees.booster.inplace_predict(cells))
    numbers = f"{eligible.height:,} | {own.height:,}"
    return f"| {numbers} | {live} | {reasons} | {table} | {rows} | {bare} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="a finished run")
    run = parser.parse_args().run
    predictor, shop = segpredict.load(run), load_transactions(open_run(run))
    lines, scorer = shop.lines.collect(), predictor.online()
    as_of = as_date(shop.end_day)
    eligible = predictor.score_table(shop).filter("is_eligible")["customer_id"]
    print(
        "| eligible | lines | live | with reasons | as transactions | features | inplace_predict |"
    )
    print("| --: | --: | --: | --: | --: | --: | --: |")
    usual = (
        lines.group_by("customer_id").len().filter(pl.col("customer_id").is_in(eligible.implode()))
    )
    one = usual.sort((pl.col("len") - usual["len"].median()).abs(), "customer_id")["customer_id"]
    largest = usual.sort("len", "customer_id")["customer_id"][-1:]
    for chosen in (one[:1], largest, eligible[:100], eligible[:1000], eligible):
        own = lines.filter(pl.col("customer_id").is_in(chosen.implode()))
        print(row(predictor, scorer, replace(shop, lines=own.lazy())), flush=True)
    code = FIRST_SCORE.format(
        run=str(run), customer=one[0], day=str(as_date(shop.end_day - 30)), as_of=str(as_of)
    )
    done = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    print(f"\nImport, load and first score: {min(done):.2f} CPU s.")


if __name__ == "__main__":
    main()
