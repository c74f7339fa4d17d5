"""Connections of clients that are slow, silent, or do not read."""

import asyncio
import time

import pytest
import uvicorn

from segpredict.service import connection
from segpredict.service.connection import ImpatientProtocol

PATIENCE = 0.3
GOOD = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def answer(scope, receive, send):
    size = 2**25 if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * size})


async def held(first: bytes, later: bytes, *, reads: bool = True) -> float:
    """Return how long a server keeps a client that says so much, and then so much again."""
    config = uvicorn.Config(
        answer, http=ImpatientProtocol, ws="none", lifespan="off", log_level="critical"
    )
    config.load()
    server = uvicorn.Server(config)
    made: list[ImpatientProtocol] = []

    def protocol() -> ImpatientProtocol:
        made.append(ImpatientProtocol(config, server.server_state, {}))
        return made[-1]

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**10)
    begin = time.monotonic()
    writer.write(first)
    while (time.monotonic() - begin < 10 * PATIENCE and not made[:1]) or made[0].transport is None:
        await asyncio.sleep(0.01)
    while time.monotonic() - begin < 10 * PATIENCE and not made[0].transport.is_closing():
        await asyncio.sleep(PATIENCE / 10)
        if later and not writer.is_closing():
            writer.write(later)
        if reads:
            reader._buffer.clear()
            reader._maybe_resume_transport()
    took = time.monotonic() - begin
    writer.close()
    listening.close()
    await listening.wait_closed()
    return took


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", PATIENCE)


@pytest.mark.parametrize(
    ("first", "later"),
    [(b"", b""), (b"GET / HT", b""), (GOOD[:-2], b"x: y\r\n"), (GOOD + GOOD[:-2], b"x: y\r\n")],
)
def test_a_header_that_does_not_come_has_its_time(first, later):
    assert PATIENCE / 2 < asyncio.run(held(first, later)) < 4 * PATIENCE


def test_a_client_that_does_not_read_is_cut_off():
    first = GOOD.replace(b"GET /", b"GET /large")
    assert asyncio.run(held(first, b"", reads=False)) < 4 * PATIENCE


def test_a_client_that_reads_slowly_and_steadily_is_kept():
    first = GOOD.replace(b"GET /", b"GET /large")
    assert asyncio.run(held(first, b"")) > 4 * PATIENCE


def test_a_good_client_is_kept():
    assert asyncio.run(held(GOOD, b"")) > 4 * PATIENCE  # uvicorn keeps it alive for five seconds
