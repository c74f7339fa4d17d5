"""An Airflow 3 DAG: new files into the store, then all customers scored, every night.

Exit code 11 (another process is writing) fails the task, which is tried again; every other code but
0 fails it for good. See docs/guide/nightly.md.
"""

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

SHOP = os.environ.get("SHOP_FOLDER", "/srv/shop")


def segpredict(*arguments: str) -> None:
    """Run a command in the folder of the shop; raise so that only code 11 is tried again."""
    done = subprocess.run(["segpredict", *arguments], cwd=SHOP, check=False)
    if done.returncode == 11:
        raise RuntimeError("another process is writing")
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
        )

    ingest() >> score()


segpredict_nightly()
