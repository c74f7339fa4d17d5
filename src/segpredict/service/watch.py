"""The routes for those who watch the service: health, readiness and metrics."""

from typing import Literal

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from segpredict.service.api import REFUSALS, state_of

router = APIRouter(responses={status: REFUSALS[status] for status in (400, 503)})


class Health(BaseModel):
    """The service runs."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service can answer."""

    status: Literal["ready"] = "ready"
    run: str


@router.get("/health", response_model=Health, summary="Whether the process answers")
async def health() -> Health:
    """Return that the process answers."""
    return Health()


@router.get("/ready", response_model=Ready, summary="Whether requests can be answered")
async def ready(request: Request) -> Ready:
    """Return which run is served, after asking the database of orders; 503 if it is gone."""
    state = state_of(request)
    await anyio.to_thread.run_sync(state.probe, limiter=state.probing)
    return Ready(run=state.live.digest)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {}}},
        **{status: REFUSALS[status] for status in (401, 429)},
    },
)
async def metrics(request: Request) -> Response:
    """Return the metrics of the service as Prometheus reads them."""
    content = generate_latest(state_of(request).metrics.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
