"""The door of the service: who may come in, how many at once, and what every answer carries."""

import asyncio
import base64
import hashlib
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segpredict.core.crash import describe_crash
from segpredict.service.options import (
    BODY_SECONDS,
    BURST,
    MAX_BODY_BYTES,
    ServiceOptions,
)
from segpredict.service.problems import problem_response
from segpredict.service.tokens import Tokens

PROBES = ("/health", "/ready")  # of those who watch the service: no token, no limit
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE_METHODS, "POST")  # with a metric of their own: a client may send any word
TOO_LARGE = f"The body is larger than {MAX_BODY_BYTES // 2**20} MiB."
MAX_CLIENTS = 10_000  # of which the rate is remembered
FOREIGN_SITES = ("cross-site", "same-site")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_LOG = logging.getLogger("segpredict.service")


class Metrics:
    """What Prometheus is told; the label of a request is its route, never its address."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "segpredict_requests", "Requests by route.", labels, registry=self.registry
        )
        self.seconds = Histogram(
            *("segpredict_request_seconds", "Seconds of a request."),
            *(("route",),),
            registry=self.registry,
            buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
        )
        self.busy = Gauge("segpredict_busy", "Requests under way.", registry=self.registry)
        self.reloads = Counter(
            "segpredict_reloads", "Runs by result.", ("result",), registry=self.registry
        )


class Gate:
    """ASGI middleware around the whole service, so that no route can be without it."""

    def __init__(self, app: ASGIApp, options: ServiceOptions, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._tokens = Tokens(options.token_file, options.token) if options.needs_token else None
        self._most = options.threads + options.waiting
        self._busy = 0
        self._rate = options.rate
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # left, at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 500

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._admit(scope, _in_time(receive), send_safely)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(method, route, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - begin)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_probe = scope["path"] in PROBES
        try:
            refusal = None if is_probe else self._refusal(scope, Headers(scope=scope))
        except Exception as error:
            _LOG.error("a bug: %s", describe_crash(error))
            refusal = problem_response(500, "The request cannot be answered.")
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        self._busy += not is_probe
        self._metrics.busy.set(self._busy)
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # it is answered already, or cannot be
            _LOG.error("a bug: %s", describe_crash(error))
        finally:
            self._busy -= not is_probe
            self._metrics.busy.set(self._busy)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        if self._is_too_often(scope):
            return problem_response(429, "Too many requests.", headers={"retry-after": "1"})
        if scope["method"] not in SAFE_METHODS and _is_foreign(headers):
            return problem_response(403, "Another site's page sent this request.")
        if self._tokens is not None and not self._tokens.accept(headers.get("authorization")):
            is_api = scope["path"].startswith("/v1/")
            scheme = "Bearer" if is_api else 'Basic realm="segpredict", charset="UTF-8"'
            return problem_response(
                401, "This needs a valid token.", headers={"www-authenticate": scheme}
            )
        size = headers.get("content-length", "0")
        if len(size) > 12 or (size.isdecimal() and int(size) > MAX_BODY_BYTES):
            return problem_response(413, TOO_LARGE, headers={"connection": "close"})
        if self._busy >= self._most:
            return problem_response(503, "The service is busy.", headers={"retry-after": "1"})
        return None

    def _is_too_often(self, scope: Scope) -> bool:
        """Take one request from the client's bucket; whether there was none left."""
        if not self._rate:
            return False
        client, now = str((scope.get("client") or ("",))[0]), time.monotonic()
        most = max(self._rate * BURST, 1.0)
        left, at = self._buckets.pop(client, (most, now))
        left = min(most, left + (now - at) * self._rate)
        self._buckets[client] = (max(left - 1, 0.0), now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return left < 1


def _is_foreign(headers: Headers) -> bool:
    """Return whether a browser says that another site's page sends a request."""
    origin = headers.get("origin")
    is_other = origin is not None and origin.partition("://")[2] != headers.get("host")
    return is_other or headers.get("sec-fetch-site") in FOREIGN_SITES


def _in_time(receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body some seconds, and so many bytes."""
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    is_whole, size = False, 0

    async def receive_in_time() -> Message:
        nonlocal is_whole, size
        if is_whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body came too slowly.", {"connection": "close"}) from None
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, TOO_LARGE, {"connection": "close"})
        is_whole = not message.get("more_body", False)
        return message

    return receive_in_time


def page_policy(page: bytes) -> Mapping[str, Any]:
    """Return the headers of the run's page, whose one script is named by its hash."""
    found = re.search(rb"script-src '(sha256-[A-Za-z0-9+/=]+)'", page)
    script = f"script-src '{found[1].decode()}'; " if found else ""
    styles = re.findall(rb"<style>(.*?)</style>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in styles]
    style = " ".join(f"'sha256-{each}'" for each in hashes)
    return {
        "content-security-policy": f"default-src 'none'; {script}style-src-elem {style}; "
        "style-src-attr 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    }
