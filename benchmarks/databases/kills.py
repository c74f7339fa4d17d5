"""Kill a process in the middle of publishing, again and again: is anything half, or doubled?

    python benchmarks/databases/kills.py postgresql 200

Each process writes one version of the scores after the other, and is killed (signal 9) at a random
moment. After each kill the table must hold all rows of one version, and who moved must agree.
"""

import os
import random
import signal
import sys
import time
from datetime import date

import bulk
import polars as pl
from run import fresh_database, score_rows

from segpredict.core.database import DatabaseAddress
from segpredict.report.database import DatabaseTarget, scores_table

ROWS = 3_000
DAYS = (date(2024, 1, 1), date(2024, 1, 2))
MODEL = "a" * 64
SECOND = scores_table("second")  # written after the first, and always equal to it
MAX_WAIT = 1.5  # seconds until the kill


def publish_for_ever(target: DatabaseTarget, ready: int) -> None:
    """Write versions until killed: on the second day, each customer is in another segment."""
    table, frame = scores_table("customer_scores"), score_rows(ROWS)
    version = random.SystemRandom().randrange(10**6)
    os.write(ready, b"1")
    while True:
        version += 1
        for nth, day in enumerate(DAYS):
            named = frame.with_columns(
                as_of=pl.lit(day), set_size=pl.lit(version, pl.Int64), segment_id=pl.lit(f"S{nth}")
            )
            rows = named.select(table.names)
            target.write(table, (day, MODEL), [(table, rows), (SECOND, rows)])


def main(kind: str, kills: int) -> None:
    """Kill, look, and count."""
    server, address = fresh_database(kind)
    target = DatabaseTarget(DatabaseAddress.parse(address), create=True)
    if os.fork() == 0:  # so that this process, which forks, never uses Polars
        target.prepare(scores_table("customer_scores"), [SECOND])
        os._exit(0)
    os.wait()
    draw, counts, inside = random.Random(1), {"half": 0, "doubled": 0}, 0
    for _ in range(kills):
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            publish_for_ever(target, told)
        os.read(ready, 1)
        time.sleep(draw.uniform(0.05, MAX_WAIT))
        inside += is_writing(server, kind)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(told)
        for name, n in found_wrong(server).items():
            counts[name] += n
    print(f"{kind}: {kills} kills, {inside} of them in a transaction that wrote; {counts}")


def is_writing(server: bulk.sa.Engine, kind: str) -> bool:
    """Return whether a session holds the lock of those who publish."""
    asked = {
        "postgresql": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted",
        "mariadb": "SELECT is_used_lock(concat('segpredict.publish.', database())) IS NOT NULL",
    }
    with server.connect() as connection:
        return bool(connection.exec_driver_sql(asked[kind]).scalar())


def found_wrong(server: bulk.sa.Engine) -> dict[str, int]:
    """Return how many days are half written, and how many rows are doubled."""
    half = doubled = 0
    with server.connect() as connection:
        ask = connection.exec_driver_sql
        for _day, rows, versions, ids in ask(
            "SELECT as_of, count(*), count(DISTINCT set_size), count(DISTINCT customer_id) "
            "FROM customer_scores GROUP BY as_of"
        ):
            half += rows != ROWS or versions != 1
            doubled += rows - ids
        versions = [
            ask(f"SELECT DISTINCT as_of, set_size FROM {name} ORDER BY as_of").all()
            for name in ("customer_scores", "second")
        ]
        half += versions[0] != versions[1]
        moved = ask("SELECT count(*), count(DISTINCT customer_id) FROM customer_scores_moves").one()
        half += moved[0] not in (0, ROWS)
        doubled += moved[0] - moved[1]
    return {"half": half, "doubled": doubled}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
