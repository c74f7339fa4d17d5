"""What a service does when it is treated badly: figures, one line each; ends with 1 if one fails.

    python benchmarks/service/stress.py --run RUN [--seconds 20]

Copies the run, since reloads replace it. Shown are: clients that never finish a header or a body,
say nothing, or do not read; good clients beside 500 of them; hot reloads under load; twice the load
that can be answered; SIGTERM under load; a search for the token in all that was answered or
logged; with `--soak MINUTES` how memory grows under a low load. `--only NAME` (repeatable) is one
of slow, reloads, overload, token, stops, soak.
"""

import argparse
import json
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from served import TOKEN, Served, body_of, exchange, serving, shop_of

from segpredict.core.run_folder import continue_run

HEAD = b"POST /v1/score HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer " + TOKEN.encode()
BODY = HEAD + b"\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
SLOW = {  # what a client says at once, and then once a second
    "header that trickles": (HEAD, b"\r\nx: y"),
    "body that trickles": (BODY, b" "),
    "no word at all": (b"", b""),
    "half a header": (HEAD[:20], b""),
}
CROWD = 500
MOST_SECONDS = 12.0  # until a slow client must be cut off; its time is 10
failures: list[str] = []


def check(name: str, found: str, *, is_good: bool) -> None:
    """Print a figure, and remember one that is not as promised."""
    print(f"{'ok  ' if is_good else 'FAIL'} {name}: {found}", flush=True)
    if not is_good:
        failures.append(name)


def held_open(served: Served, first: bytes, later: bytes) -> float:
    """Return for how many seconds the service keeps a slow client."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(first)
        client.settimeout(1.0)
        while time.monotonic() - begin < 3 * MOST_SECONDS:
            try:
                if client.recv(4096) == b"":
                    break
            except TimeoutError:
                try:
                    client.sendall(later)
                except OSError:
                    break
            except OSError:
                break
    return time.monotonic() - begin


def load(
    served: Served, clients: int, stop: Callable[[], bool]
) -> tuple[Counter[int], list[float]]:
    """Return the statuses and the seconds of requests that some clients send one after another."""
    statuses: Counter[int] = Counter()
    taken: list[float] = []

    def client() -> None:
        connection = served.connect()
        while not stop():
            begin = time.monotonic()
            try:
                status, _ = exchange(connection, "GET", "/v1/segments", None, "")
            except OSError:
                status = 0  # no answer
                connection = served.connect()
            statuses[status] += 1
            taken.append(time.monotonic() - begin)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, taken


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Return whether so many seconds have passed."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def slow_clients(served: Served) -> None:
    """Cut off slow clients, and let good ones not wait for them."""
    for name, (first, later) in SLOW.items():
        held = held_open(served, first, later)
        check(f"held open, {name}", f"{held:.1f} s", is_good=held <= MOST_SECONDS)
    # Before, and after the crowd is gone: a busy machine is told from a slow service.
    _, alone = load(served, 2, for_seconds(8))
    begin = time.monotonic()
    crowd = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(CROWD)]
    for client in crowd:
        client.sendall(HEAD[:20])
    statuses, beside = load(served, 2, for_seconds(8))
    for client in crowd:
        client.settimeout(2 * MOST_SECONDS)
        with suppress(OSError):
            client.recv(4096)
        client.close()
    closed = time.monotonic() - begin
    _, after = load(served, 2, for_seconds(8))
    p99 = [1000 * float(np.percentile(each, 99)) for each in (alone, beside, after)]
    check(
        f"good clients beside {CROWD} slow ones",
        f"{dict(statuses)}, p99 {p99[1]:.1f} ms (before {p99[0]:.1f}, after {p99[2]:.1f} ms)",
        is_good=set(statuses) == {200} and p99[1] <= 2 * max(p99[0], p99[2]),
    )
    check(f"all {CROWD} closed", f"{closed:.1f} s", is_good=closed <= MOST_SECONDS)


def hot_reloads(served: Served, run: Path, swaps: int) -> None:
    """Replace the run again and again under load, each time by another one, and see it served."""
    is_done = threading.Event()
    seen: dict[str, list[str]] = {}
    mixed = 0
    statuses: Counter[int] = Counter()

    def watch() -> None:
        nonlocal mixed
        while not is_done.is_set():
            status, content = served.ask("GET", "/v1/model")
            statuses[status] += 1
            card = json.loads(content)
            notes = seen.setdefault(card["model"]["run"], card["notes"])
            mixed += notes != card["notes"]

    before = served.open_files(), served.resident_mb()
    halfway, slowest = before[1], 0.0
    thread = threading.Thread(target=watch)
    thread.start()
    for night in range(swaps):
        with continue_run(run) as draft:
            draft.metadata["notes"] = [f"night {night}"]
            digest = draft.publish().manifest["digest"]
        begin = time.monotonic()
        served.process.send_signal(signal.SIGHUP)
        while digest not in seen and time.monotonic() - begin < 60:
            time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - begin)
        if night == swaps // 2:
            halfway = served.resident_mb()
    is_done.set()
    thread.join()
    check(
        f"{swaps} reloads",
        f"{dict(statuses)}, {len(seen) - 1} new runs seen, {mixed} mixed, slowest {slowest:.1f} s",
        is_good=set(statuses) == {200} and not mixed and len(seen) == swaps + 1,
    )
    after = served.open_files(), served.resident_mb()
    check(
        "after the reloads",
        f"files {before[0]} to {after[0]}, memory {before[1]:.0f}, halfway {halfway:.0f}, "
        f"{after[1]:.0f} MB",
        is_good=after[0] <= before[0] + 12,
    )


def overload(served: Served, run: Path, seconds: float) -> None:
    """Send twice as much as can be answered, whether or not answers come."""
    body = json.dumps(body_of(shop_of(run), 1)).encode()
    capacity, cpu_alone = score_rate(served, body, 2, seconds)
    statuses: Counter[int] = Counter()
    refused: list[float] = []

    def send() -> None:
        begin = time.monotonic()
        status, _ = served.ask("POST", "/v1/score", body)
        statuses[status] += 1
        if status == 503:
            refused.append(time.monotonic() - begin)

    begin, cpu, threads = time.monotonic(), served.cpu(), []
    for number in range(int(2 * capacity * seconds)):
        time.sleep(max(0.0, begin + number / (2 * capacity) - time.monotonic()))
        threads.append(threading.Thread(target=send))
        threads[-1].start()
    answered = statuses[200] / (time.monotonic() - begin)
    for thread in threads:
        thread.join()
    cpu = (served.cpu() - cpu) / max(statuses[200], 1)
    median = f"{1000 * np.median(refused):.0f} ms" if refused else "none"
    check(
        "twice the load",
        f"{dict(statuses)}, {answered:.1f} answers a second of {capacity:.1f} alone, median "
        f"refusal {median}; an answer took {1000 * cpu:.0f} ms CPU, alone {1000 * cpu_alone:.0f}",
        # On a machine that others use as well, the clock says nothing.
        is_good=set(statuses) <= {200, 503}
        and (answered >= 0.8 * capacity or cpu_alone >= 0.8 * cpu),
    )


def score_rate(served: Served, body: bytes, clients: int, seconds: float) -> tuple[float, float]:
    """Return the answers a second to clients one after another, and the CPU time of one."""
    statuses: Counter[int] = Counter()
    cpu = served.cpu()
    stop = for_seconds(seconds)

    def client() -> None:
        while not stop():
            statuses[served.ask("POST", "/v1/score", body)[0]] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses[200] / seconds, (served.cpu() - cpu) / max(statuses[200], 1)


def soak(served: Served, run: Path, minutes: float) -> None:
    """Send some requests a second for long; memory must not grow with them."""
    bodies = [body_of(shop_of(run), 1, seed) for seed in range(20)]
    connection, begin, sent = served.connect(), time.monotonic(), 0
    at: list[float] = []
    memory: list[float] = []
    while (passed := time.monotonic() - begin) < 60 * minutes:
        status, _ = exchange(connection, "POST", "/v1/score", bodies[sent % 20], "application/json")
        sent += status == 200
        if len(at) < passed / 5:
            at.append(passed / 60)
            memory.append(served.resident_mb())
        time.sleep(0.2)
    warm = len(at) // 4  # the first quarter fills caches
    slope = float(np.polyfit(at[warm:], memory[warm:], 1)[0])
    check(
        f"{minutes:g} minutes, {sent:,} scores",
        f"memory {memory[warm]:.0f} to {memory[-1]:.0f} MB, {slope:+.2f} MB a minute",
        is_good=slope * minutes < 0.05 * memory[warm],
    )


def stops(run: Path, trials: int) -> None:
    """Stop the service under load: what it has begun to answer is answered."""
    body = body_of(shop_of(run), 1)
    lost = answered = 0
    slowest = 0.0
    codes: Counter[int] = Counter()
    for _ in range(trials):
        with serving(run) as served:
            is_sent, results = threading.Barrier(9), []

            def client() -> None:
                connection = served.connect()
                connection.connect()
                exchange(connection, "GET", "/health", None, "")
                is_sent.wait()  # noqa: B023
                try:
                    results.append(  # noqa: B023
                        exchange(connection, "POST", "/v1/score", body, "application/json")[0]
                    )
                except OSError:
                    results.append(0)  # noqa: B023

            threads = [threading.Thread(target=client) for _ in range(8)]
            for thread in threads:
                thread.start()
            is_sent.wait()
            time.sleep(0.05)
            code, took = served.stop()
            for thread in threads:
                thread.join()
            codes[code] += 1
            slowest = max(slowest, took)
            answered += results.count(200)
            lost += len(results) - results.count(200)
    check(
        f"{trials} SIGTERMs under load",
        f"{answered} answered, {lost} lost, exit codes {dict(codes)}, slowest {slowest:.1f} s",
        is_good=lost == 0 and set(codes) == {0} and slowest <= 12,
    )


def token_hits(served: Served) -> None:
    """Look for the token in what is answered and logged."""
    places = ("/", "/metrics", "/v1/model", "/openapi.json", "/customers?id=1", "/nowhere")
    texts = [served.ask("GET", place)[1] for place in places]
    texts += [served.ask("POST", "/v1/score", b"{")[1], served.log.read_bytes()]
    texts.append(Path(f"/proc/{served.process.pid}/cmdline").read_bytes())
    hits = sum(text.count(TOKEN.encode()) for text in texts)
    check("the token in answers, log and command line", f"{hits} times", is_good=hits == 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES")
    parser.add_argument("--only", action="append", metavar="NAME")
    given = parser.parse_args()

    def is_wanted(name: str) -> bool:
        return given.only is None or name in given.only

    with tempfile.TemporaryDirectory() as folder:
        run = Path(shutil.copytree(given.run, Path(folder) / "run"))
        with serving(run) as served:
            if is_wanted("slow"):
                slow_clients(served)
            if is_wanted("reloads"):
                hot_reloads(served, run, given.reloads)
            if is_wanted("overload"):
                overload(served, run, given.seconds)
            if is_wanted("soak") and given.soak:
                soak(served, run, given.soak)
            if is_wanted("token"):
                token_hits(served)
        if is_wanted("stops"):
            stops(run, given.stops)
    return min(len(failures), 1)


if __name__ == "__main__":
    sys.exit(main())
