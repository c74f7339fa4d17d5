"""What a request costs the server beside what it computes.

    python benchmarks/service/cost.py --run RUN

CPU milliseconds of a request, over a warm connection on loopback, with token, checks, limits and
metrics on. Beside it stand the same lines scored in Python (`predictor.online()`), a bare ASGI
application under uvicorn that reads the same body and sends the same answer, and XGBoost's own
call on as many rows. All threads count; on a busy machine the clock says nothing.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from served import Served, body_of, exchange, serving, shop_of

import segpredict
from segpredict.classifier.training_data import feature_matrix
from segpredict.scoring.online import OnlineScorer

ARROW = "application/vnd.apache.arrow.stream"
SIZES = (1, 100, 1000)


def cpu_ms(call: Callable[[], object], clock: Callable[[], float], seconds: float = 4.0) -> float:
    """Return the mean CPU time of a call by a clock, in milliseconds."""
    call()
    begin, calls, until = clock(), 0, time.monotonic() + seconds
    while calls < 3 or time.monotonic() < until:
        call()
        calls += 1
    return 1000 * (clock() - begin) / calls


def bare(answer: bytes, pipe: Any) -> None:
    """Serve an application that reads a body and sends always the same answer."""
    import asyncio
    import socket

    import uvicorn

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while scope["type"] == "http" and (await receive()).get("more_body"):
            pass
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    config = uvicorn.Config(app, log_level="critical", lifespan="off", http="h11")
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    pipe.send(listening.getsockname()[1])
    asyncio.run(uvicorn.Server(config).serve([listening]))


def bare_ms(body: dict[str, Any], answer: bytes) -> float:
    """Return what a request costs a bare ASGI application."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=bare, args=(answer, there))
    process.start()
    served = Served(process, here.recv(), Path())  # type: ignore[arg-type]
    time.sleep(1)
    connection = served.connect()
    found = cpu_ms(
        lambda: exchange(connection, "POST", "/", body, "application/json"), served.cpu, 2.0
    )
    process.kill()
    process.join()
    return found


def booster_ms(predictor: Any, shop: Any, rows: int) -> float:
    """Return the time of XGBoost's own call on as many rows."""
    found = predictor.customer_rows(shop, predictor.score_window(shop)).eligible
    model = getattr(predictor.model, "xgboost_model", predictor.model)
    matrix = feature_matrix(found.head(rows), model.feature_names)
    return cpu_ms(lambda: model.booster.inplace_predict(matrix), time.process_time, 1.0)


def request_ms(served: Served, place: str, bodies: Sequence[Any], kind: str) -> tuple[float, bytes]:
    """Return the server's time of a request, and its last answer."""
    connection, turns, answers = served.connect(), cycle(bodies), [b""]

    def post() -> None:
        status, answers[0] = exchange(connection, "POST", place, next(turns), kind)
        assert status == 200, answers[0]

    return cpu_ms(post, served.cpu), answers[0]


def score_next(scorer: OnlineScorer, bodies: Iterator[dict[str, Any]]) -> None:
    """Score the next body in this process."""
    body = next(bodies)
    scorer.score(body["lines"], body["as_of"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    run = parser.parse_args().run
    predictor, shop = segpredict.load(run), shop_of(run)
    scorer = predictor.online()
    print("| customers | lines | served, ms | Arrow, ms | in Python, ms | service over Python |")
    print("| --: | --: | --: | --: | --: | --: |")
    floors = []
    with serving(run) as served:
        for size in SIZES:
            bodies = [body_of(shop, size, seed) for seed in range(5)]
            day = bodies[0]["as_of"]
            json_ms, answer = request_ms(served, "/v1/score", bodies, "application/json")
            streams = [stream_of(body["lines"]) for body in bodies]
            arrow_ms, _ = request_ms(served, f"/v1/score?as_of={day}", streams, ARROW)
            own = cpu_ms(partial(score_next, scorer, cycle(bodies)), time.process_time)
            floors.append(
                (size, bare_ms(bodies[0], answer), booster_ms(predictor, shop, size), json_ms)
            )
            lines = np.mean([len(body["lines"]) for body in bodies])
            print(
                f"| {size} | {lines:,.0f} | {json_ms:.1f} | {arrow_ms:.1f} | {own:.1f} | "
                f"{json_ms / own:.2f} |",
                flush=True,
            )
    print("\n| customers | bare ASGI, ms | booster's call, ms | served over both |")
    print("| --: | --: | --: | --: |")
    for size, asgi, booster, whole in floors:
        print(f"| {size} | {asgi:.2f} | {booster:.2f} | {whole / (asgi + booster):.1f} |")


def stream_of(lines: list[dict[str, Any]]) -> bytes:
    """Return lines as an Arrow IPC stream."""
    table = pl.DataFrame(lines).to_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return bytes(sink.getvalue())


if __name__ == "__main__":
    main()
