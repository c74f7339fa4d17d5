"""The door: nothing without a token, no other host, no other site, not too much at once."""

import asyncio
import logging
from pathlib import Path

import pytest

from segpredict.errors import ConfigError, UsageError
from segpredict.service import gate as gates
from segpredict.service.app import create_app
from segpredict.service.gate import Gate, Metrics
from segpredict.service.options import ServiceOptions, is_loopback
from segpredict.service.tokens import Tokens

TOKEN = "canary-0123456789abcdef0123456789abcdef"
OTHER = "second-0123456789abcdef0123456789abcdef"
RUN = Path("run")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "0", "192.168.1.4", "shop.example"])
def test_beyond_this_machine_a_token_or_an_explicit_word_is_needed(host):
    with pytest.raises(ConfigError) as refused:
        ServiceOptions(RUN, host)
    assert refused.value.exit_code == 3
    assert not is_loopback(host)
    assert ServiceOptions(RUN, host, token=TOKEN).needs_token
    assert ServiceOptions(RUN, host, allow_anonymous=True).host == host


def test_limits_below_one_are_refused():
    for name in ("port", "threads", "waiting"):
        with pytest.raises(UsageError):
            ServiceOptions(RUN, **{name: 0})
    for rate in (-1, float("nan"), float("inf")):
        with pytest.raises(UsageError):
            ServiceOptions(RUN, rate=rate)
    for host in ("*", "shop*.example", "*shop.example", "a.*.example", "*.*"):
        with pytest.raises(UsageError, match="no name of a host"):
            ServiceOptions(RUN, allowed_hosts=(host,))


def test_every_route_but_the_probes_needs_the_token(start):
    service = start(token=TOKEN)
    described = service.client.get("/openapi.json", headers={"authorization": f"Bearer {TOKEN}"})
    pages = [
        "/",
        "/report",
        "/lists/x",
        "/style.css",
        "/customers?id=1",
        "/nowhere",
        "/openapi.json",
    ]
    routes = [(m, p) for p, way in described.json()["paths"].items() for m in way]
    assert len(routes) >= 9
    for method, place in [*routes, *(("get", page) for page in pages)]:
        is_open = place in ("/health", "/ready")
        for header in ({}, {"authorization": f"Bearer {OTHER}"}, {"authorization": TOKEN}):
            answer = service.client.request(method, place, headers=header)
            assert (answer.status_code == 401) is not is_open
            assert "www-authenticate" in answer.headers or is_open


def test_a_browser_gives_the_token_as_a_password(start):
    service = start(token=TOKEN)
    assert service.client.get("/", auth=("anybody", TOKEN)).status_code == 200
    assert service.client.get("/", auth=(TOKEN, "wrong")).status_code == 401


def test_tokens_are_rotated_without_a_restart(start, tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"{TOKEN}\n")
    service = start(token_file=file)

    def status(token: str) -> int:
        header = {"authorization": f"Bearer {token}"}
        return service.client.get("/v1/segments", headers=header).status_code

    assert (status(TOKEN), status(OTHER)) == (200, 401)
    file.write_text(f"{TOKEN}\n{OTHER}\n")
    assert (status(TOKEN), status(OTHER)) == (200, 200)
    file.write_text(f"{OTHER}\n\n")
    assert (status(TOKEN), status(OTHER)) == (401, 200)
    file.write_text("short\n")  # a slip changes nothing
    assert (status(TOKEN), status(OTHER)) == (401, 200)


def test_tokens_that_can_be_guessed_are_refused_without_being_shown(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("secret1\n")
    for given in ((file, None), (None, "secret1"), (tmp_path / "none", None)):
        with pytest.raises(ConfigError) as refused:
            Tokens(*given)
        assert "secret1" not in str(refused.value)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
def test_another_host_is_refused(service, host):
    assert service.client.get("/v1/segments", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:80", "shop.example", "a.shop.example"],
)
def test_own_hosts_are_known(start, host):
    service = start(allowed_hosts=("shop.example", "*.shop.example"))
    assert service.client.get("/v1/segments", headers={"host": host}).status_code == 200


def test_what_another_sites_page_sends_is_refused(service):
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert service.client.post("/v1/score", headers=headers).status_code == 403
    own = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert service.client.post("/v1/score", headers=own).status_code == 415


def test_a_client_may_send_so_many_requests_a_second(start):
    service = start(rate=2.0)
    codes = [service.client.get("/v1/segments").status_code for _ in range(6)]
    assert codes == [200] * 4 + [429] * 2
    assert service.client.get("/health").status_code == 200


def test_every_answer_has_the_headers_that_protect_a_browser(service):
    for place in ("/", "/report", "/v1/segments", "/v1/customers/nobody", "/nowhere", "/health"):
        headers = service.client.get(place).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def run_gate(app, receive, options=None, **scope):
    """Return the statuses of what a gate answers to one request."""
    sent = []

    async def send(message):
        sent.append(message)

    given = {
        "type": "http",
        "method": "POST",
        "path": "/v1/score",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        **scope,
    }
    door = Gate(app, options or ServiceOptions(RUN), Metrics())
    asyncio.run(door(given, receive, send))
    return [m["status"] for m in sent if m["type"] == "http.response.start"]


def test_a_body_that_trickles_is_cut_off(service, monkeypatch):
    monkeypatch.setattr(gates, "BODY_SECONDS", 0.05)

    async def trickle():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    app = create_app(ServiceOptions(RUN), service.state)
    assert run_gate(app._app, trickle, headers=headers, query_string=b"") == [408]


def test_a_body_without_a_length_is_counted(service):
    async def endless():
        return {"type": "http.request", "body": b" " * 2**20, "more_body": True}

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    app = create_app(ServiceOptions(RUN), service.state)
    assert run_gate(app._app, endless, headers=headers, query_string=b"") == [413]


def test_more_than_may_wait_are_told_to_come_again():
    seen = []

    async def crowd() -> None:
        door = Gate(hold, ServiceOptions(RUN, threads=1, waiting=2, rate=0), Metrics())
        await asyncio.gather(*(call(door) for _ in range(5)))

    async def hold(scope, receive, send):
        await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def call(door):
        async def send(message):
            if message["type"] == "http.response.start":
                seen.append(message["status"])

        scope = {"type": "http", "method": "GET", "path": "/v1/segments", "headers": []}
        await door(scope, None, send)

    asyncio.run(crowd())
    assert sorted(seen) == [200, 200, 200, 503, 503]


def test_a_bug_shows_its_id_and_nothing_else(service, monkeypatch, caplog, buyers):
    def fail(*_, **__):
        raise ValueError("secret of a customer")

    monkeypatch.setattr(type(service.state.live), "view", fail)
    with caplog.at_level(logging.DEBUG):
        answer = service.client.get(f"/v1/customers/{buyers[0]}")
    assert answer.status_code == 500
    assert "crash id" in answer.json()["detail"]
    assert "secret" not in answer.text + caplog.text


def test_the_token_is_in_no_answer_and_no_log(start, caplog, buyers):
    service = start(token=TOKEN)
    header = {"authorization": f"Bearer {TOKEN}"}
    with caplog.at_level(logging.DEBUG, "segpredict"):
        texts = [
            service.client.request(method, place, headers=header, content=b"{").text
            for method in ("GET", "POST", "DELETE")
            for place in ("/", "/metrics", "/v1/model", "/v1/score", f"/v1/customers/{buyers[0]}")
        ]
    assert TOKEN not in "".join(texts) + caplog.text + repr(service.state.__dict__)


def test_metrics_count_by_route_and_name_no_customer(start, buyers):
    service = start()
    service.client.get(f"/v1/customers/{buyers[0]}")
    text = service.client.get("/metrics").text
    assert 'route="/v1/customers/{customer_id:path}",status="200"} 1.0' in text
    assert buyers[0] not in text


def test_a_method_of_a_clients_own_is_no_metric_of_its_own(start):
    service = start(token=TOKEN)
    for word in ("AAA", "BBB", "DELETE"):
        assert service.client.request(word, "/v1/segments").status_code == 401
    text = service.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    assert 'segpredict_requests_total{method="other",route="other",status="401"} 3.0' in text
    assert "AAA" not in text


@pytest.mark.parametrize("header", [b"Basic \xe9\xe9", b"Basic !", b"Basic 6ek=", b"Bearer \xe9"])
def test_a_header_that_is_no_token_is_refused_as_any_other(start, header):
    service = start(token=TOKEN)
    answer = service.client.get("/v1/segments", headers=[(b"authorization", header)])
    assert answer.status_code == 401


def test_a_bug_at_the_door_is_answered(monkeypatch, caplog):
    def fail(*_):
        raise ValueError("secret")

    monkeypatch.setattr(Gate, "_refusal", fail)
    assert run_gate(None, None) == [500]
    assert "secret" not in caplog.text


def test_probes_say_which_run_is_served(service):
    assert service.client.get("/health").json() == {"status": "ok"}
    assert service.client.get("/ready").json()["run"] == service.state.live.digest
