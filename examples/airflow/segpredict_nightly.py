"""An Airflow 3 DAG: new files into the store, then all customers scored, every night.

Where SHOP_DATABASE names a database, the scores are published there. Exit codes 11 (another process
is writing) and 9 (the database) fail the task, which is tried again; every other code but 0 fails
it for good. See docs/guide/nightly.md.
"""

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

SHOP = os.environ.get("SHOP_FOLDER", "/srv/shop")
DATABASE = os.environ.get("SHOP_DATABASE", "")  # without a password: docs/guide/databases.md
TO = ("--to", DATABASE, "--table", "segpredict_scores") if DATABASE else ()


def segpredict(*arguments: str) -> None:
    """Run a command in the folder of the shop; raise so that only 9 and 11 are tried again."""
    done = subprocess.run(["segpredict", *arguments], cwd=SHOP, check=False)
    if done.returncode in (9, 11):
        raise RuntimeError("the database, or another process that writes; the log says which")
    if done.returncode:
        raise AirflowFailException(f"exit code {done.returncode}; the log says what to do")


@dag(
    schedule="15 2 * * *",
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow gives it the zone of the scheduler
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
)
def segpredict_nightly() -> None:
    """Ingest, then score."""

    @task
    def ingest() -> None:
        segpredict("ingest", "--data", "drops", "--store", "shop.store")

    @task
    def score(ds: str | None = None) -> None:
        out = f"scores-{ds}.parquet"
        segpredict(
            *("score", "--run", "artifacts/may", "--data", "shop.store"),
            *("--history", "history", "--out", out),
            *TO,
        )

    ingest() >> score()


segpredict_nightly()
