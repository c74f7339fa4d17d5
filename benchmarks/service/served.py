"""A service in a process of its own, and the lines that clients send to it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import as_date
from segpredict.pipeline.loading import load_transactions

TOKEN = "secret-0123456789abcdef0123456789abcdef"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Served:
    """A process that serves, its port, and the file of its log."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> float:
        """Return the CPU seconds of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self) -> float:
        """Return its memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def open_files(self) -> int:
        """Return how many files and sockets it holds."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(
        self, method: str, place: str, body: Any = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Return the status and the body of one answer, over a connection of its own."""
        connection = self.connect()
        with suppress(OSError):
            return exchange(connection, method, place, body, kind)
        return 0, b""

    def stop(self) -> tuple[int, float]:
        """Stop it as an operator does; return its exit code and how long it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60), time.monotonic() - begin


def exchange(
    connection: http.client.HTTPConnection, method: str, place: str, body: Any, kind: str
) -> tuple[int, bytes]:
    """Send one request and return its answer."""
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": kind}
    connection.request(method, place, content, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextmanager
def serving(run: Path, *options: str) -> Iterator[Served]:
    """Yield a service with a token and a place for orders."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens"
        tokens.write_text(TOKEN)
        command = [sys.executable, "-m", "segpredict", "serve", "--run", str(run)]
        command += ["--port", str(port), "--token-file", str(tokens), "--rate", "0"]
        command += ["--orders", f"{folder}/orders.sqlite", *options]
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
            served = Served(process, port, log)
            try:
                while served.ask("GET", "/ready")[0] != 200:
                    if process.poll() is not None:
                        raise SystemExit(log.read_text())
                    time.sleep(0.2)
                yield served
            finally:
                process.kill()
                process.wait()


def shop_of(run: Path) -> Transactions:
    """Return the transactions of a run."""
    return load_transactions(open_run(run))


def body_of(shop: Transactions, customers: int, seed: int = 0) -> dict[str, Any]:
    """Return a body for ``/v1/score`` with all lines of some customers."""
    known = shop.lines.collect()
    names = known["customer_id"].unique().sort().sample(customers, seed=seed)
    lines = known.filter(pl.col("customer_id").is_in(names.implode())).select(
        "customer_id",
        "order_id",
        "product_id",
        pl.col("day").cast(pl.Date).cast(pl.String).alias("time"),
        pl.col("quantity", "amount") / MONEY_SCALE,
    )
    return {"as_of": as_date(shop.end_day).isoformat(), "lines": lines.to_dicts()}
