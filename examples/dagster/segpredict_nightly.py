"""Dagster assets: the store and the scores of all customers, every night.

Where SHOP_DATABASE names a database, the scores are published there. Exit codes 11 (another process
is writing) and 9 (the database) are tried again; every other code but 0 is a failure. See
docs/guide/nightly.md.
"""

import os
import subprocess

import dagster as dg

SHOP = os.environ.get("SHOP_FOLDER", "/srv/shop")
DATABASE = os.environ.get("SHOP_DATABASE", "")  # without a password: docs/guide/databases.md
TO = ("--to", DATABASE, "--table", "segpredict_scores") if DATABASE else ()


def segpredict(*arguments: str) -> None:
    """Run a command in the folder of the shop."""
    done = subprocess.run(["segpredict", *arguments], cwd=SHOP, check=False)
    if done.returncode in (9, 11):
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=300)
    if done.returncode:
        raise dg.Failure(f"exit code {done.returncode}; the log says what to do")


@dg.asset
def shop_store() -> None:
    """All transactions so far, cleaned as one shop."""
    segpredict("ingest", "--data", "drops", "--store", "shop.store")


@dg.asset(deps=[shop_store])
def customer_scores() -> None:
    """Segment now, probabilities of the next one and money, for each customer."""
    segpredict(
        *("score", "--run", "artifacts/may", "--data", "shop.store"),
        *("--history", "history", "--out", "scores.parquet"),
        *TO,
    )


nightly = dg.define_asset_job("nightly", selection=[shop_store, customer_scores])
defs = dg.Definitions(
    assets=[shop_store, customer_scores],
    schedules=[dg.ScheduleDefinition(job=nightly, cron_schedule="15 2 * * *")],
)
