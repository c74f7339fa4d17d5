"""The service as one ASGI application: routes, errors, the door, and the look-out for new runs."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from segpredict._version import __version__
from segpredict.errors import SegpredictError
from segpredict.service import api, pages, problems, watch
from segpredict.service.bodies import OrderBody, ScoreBody, schemas_of
from segpredict.service.gate import Gate
from segpredict.service.options import RELOAD_SECONDS, ServiceOptions
from segpredict.service.state import ServiceState

TITLE = "segpredict"
DESCRIPTION = (
    "Customer segments from transactions, and a forecast of each customer's next segment. "
    "Errors are problem details (RFC 9457). No request names a file or an address."
)


def create_app(options: ServiceOptions, state: ServiceState) -> Gate:
    """Return the service as an ASGI application, with its door around it."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=__version__,
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        exception_handlers={
            SegpredictError: problems.answer_known,
            ValidationError: problems.answer_invalid,
            RequestValidationError: problems.answer_invalid,
            HTTPException: problems.answer_http,
            Exception: problems.answer_bug,
        },
    )
    app.state.service = state
    app.include_router(api.router)
    if state.orders is not None:
        app.include_router(api.orders_router)
    app.include_router(watch.router)
    app.include_router(pages.router)
    _describe_bodies(app)
    hosts = list(options.hosts)
    return Gate(TrustedHostMiddleware(app, hosts, www_redirect=False), options, state.metrics)


def _describe_bodies(app: FastAPI) -> None:
    """Add the schemas of the bodies that routes read by themselves."""
    made = app.openapi

    def described() -> dict[str, Any]:
        found = made()
        found["components"]["schemas"] |= schemas_of(ScoreBody, OrderBody)
        return found

    app.openapi = described  # type: ignore[method-assign]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state: ServiceState = app.state.service
    asked = asyncio.Event()
    with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
        # Windows has no such signal, and tests run in a thread.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    task = asyncio.create_task(_look_out(state, asked))
    yield
    task.cancel()
    state.close()


async def _look_out(state: ServiceState, asked: asyncio.Event) -> None:
    """Load a run that takes the folder's place, every few seconds or when asked by SIGHUP."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(RELOAD_SECONDS):
                await asked.wait()
        is_asked = asked.is_set()
        asked.clear()
        await asyncio.to_thread(state.reload, is_asked=is_asked)
