"""The routes for programs, under ``/v1``: every body is read, checked and answered here."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio.to_thread
import polars as pl
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from segpredict.core.window import as_date
from segpredict.errors import ContractError, CustomerMissingError, LineFieldError
from segpredict.report.model_names import replace_model_names
from segpredict.service import arrow_lines
from segpredict.service.bodies import (
    MAX_TEXT,
    NO_NUL,
    CustomerAnswer,
    ModelAnswer,
    OrderAnswer,
    OrderBody,
    Problem,
    ScoreAnswer,
    ScoreBody,
    SegmentFacts,
    SegmentsAnswer,
)
from segpredict.service.live_run import LiveRun
from segpredict.service.problems import PLAIN_FIX
from segpredict.service.state import ServiceState

JSON_TYPE = "application/json"
LARGE_BYTES = 2**20  # of a body that is looked through first
MAX_FIELDS = 32  # of an object; a line has 14
T = TypeVar("T")
Body = TypeVar("Body", bound=BaseModel)
CustomerId = Annotated[str, Path(min_length=1, max_length=MAX_TEXT, pattern=NO_NUL)]
AsOf = Annotated[date | None, Query(description="The cutoff, with a body of Arrow alone.")]
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": what, "content": {"application/problem+json": {}}}
    for status, what in {
        400: "The request is not HTTP as it should be, or names another host.",
        401: "The token is missing or not valid.",
        403: "Another site's page sent the request.",
        404: "There is no such customer.",
        408: "The body came too slowly.",
        409: "Another order is known under this number and day.",
        413: "The body is too large.",
        415: "The body is neither JSON nor Arrow.",
        422: "A field is not what its name says; it is named.",
        429: "The client sends too many requests.",
        503: "The service is busy; try again.",
    }.items()
}
router = APIRouter(prefix="/v1", responses=REFUSALS)


def body_schema(body: type[BaseModel], *, is_arrow: bool = False) -> dict[str, Any]:
    """Return what the OpenAPI description says of a body."""
    content: dict[str, Any] = {
        JSON_TYPE: {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}
    }
    if is_arrow:
        content[arrow_lines.MEDIA_TYPE] = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": content}}


async def in_thread(state: ServiceState, function: Callable[[], T]) -> T:
    """Return what a function returns that computes; so many of them as there are threads."""
    return await anyio.to_thread.run_sync(function, limiter=state.limiter)


def state_of(request: Request) -> ServiceState:
    """Return the state of the service."""
    state: ServiceState = request.app.state.service
    return state


async def json_body(request: Request, kind: type[Body]) -> Body:
    """Return a body of JSON, strictly as described."""
    if media_type(request) != JSON_TYPE:
        raise HTTPException(415, "The body must be application/json.")
    content = await request.body()

    def read() -> Body:
        if len(content) > LARGE_BYTES:
            _refuse_many_fields(content)
        return kind.model_validate_json(content)

    return await in_thread(state_of(request), read)


def _refuse_many_fields(content: bytes) -> None:
    """Refuse an object of many fields: to list all that are not known takes seconds."""

    def count(fields: list[tuple[str, object]]) -> None:
        if len(fields) > MAX_FIELDS:
            message = "The body has many fields that are not known."
            raise ContractError(message, fix=PLAIN_FIX, column="body")

    with suppress(ValueError, RecursionError):  # what is no JSON is refused by the reader
        json.loads(content, object_pairs_hook=count)


def media_type(request: Request) -> str:
    """Return the kind of a body, without its options."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@router.post(
    "/score",
    response_model=ScoreAnswer,
    openapi_extra=body_schema(ScoreBody, is_arrow=True),
    summary="Score customers from all of their lines",
)
async def score(request: Request, as_of: AsOf = None) -> Response:
    """Return one row a customer: segment now, probabilities of the next, expected spend."""
    return await _scored(request, as_of, explain=False)


@router.post(
    "/explain",
    response_model=ScoreAnswer,
    openapi_extra=body_schema(ScoreBody, is_arrow=True),
    summary="Score customers, with reasons",
)
async def explain(request: Request, as_of: AsOf = None) -> Response:
    """Return what `score` returns, with each customer's reasons, strongest first."""
    return await _scored(request, as_of, explain=True)


async def _scored(request: Request, as_of: date | None, *, explain: bool) -> Response:
    state = state_of(request)
    live = state.live  # one run from here to the answer
    is_arrow = media_type(request) == arrow_lines.MEDIA_TYPE
    if is_arrow:
        if as_of is None:
            raise LineFieldError("as_of", 0, None, "a day in the query: ?as_of=YYYY-MM-DD")
        day, content = as_of, await request.body()
        read: Callable[[], object] = partial(arrow_lines.read_arrow_lines, content)
    else:
        body = await json_body(request, ScoreBody)
        day, read = body.as_of, lambda: body.lines

    def compute() -> Response:
        scores = live.scorer.score(read(), day, explain=explain)
        if is_arrow:
            found = scores.write_ipc_stream(None, compat_level=pl.CompatLevel.oldest())
            return Response(found.getvalue(), media_type=arrow_lines.MEDIA_TYPE)
        return score_answer(live, day, scores)

    return await in_thread(state, compute)


def score_answer(live: LiveRun, as_of: date, scores: pl.DataFrame, **more: Any) -> Response:
    """Return scores as JSON; numbers are written so that they are read back to the last bit."""
    head = json.dumps({"model": live.facts, "as_of": as_of.isoformat(), **more})
    rows = scores.fill_nan(None).write_json()
    return Response(f'{head[:-1]}, "scores": {rows}}}', media_type=JSON_TYPE)


@router.get("/segments", response_model=SegmentsAnswer, summary="The segments, by value")
async def segments(request: Request) -> SegmentsAnswer:
    """Return the segments of the run, INACTIVE first."""
    live = state_of(request).live
    facts = [
        SegmentFacts(code=s.code, id=s.id, name=s.name, customers=live.customers_now.get(s.id, 0))
        for s in live.scorer.predictor.segments
    ]
    return SegmentsAnswer.model_validate({"model": live.facts, "segments": facts})


@router.get("/model", response_model=ModelAnswer, summary="The model's card and its test")
async def model(request: Request) -> ModelAnswer:
    """Return what the model was trained on, how it was tested, and the verdict."""
    state = state_of(request)
    live = state.live
    known, evaluation = live.summary, live.summary.get("evaluation") or {}
    data, windows = known["data"], known["windows"]
    return ModelAnswer.model_validate(
        {
            "model": live.facts,
            **{name: known[name] for name in ("segpredict", "created", "libraries")},
            **{name: data[name] for name in ("first_day", "last_day", "currency")},
            **{name: windows[name] for name in ("horizon", "lookback")},
            "selected": evaluation.get("selected", ""),
            "verdict": replace_model_names(evaluation.get("reason", "")),
            "evaluation": {name: evaluation.get(name) for name in ("model", "skill")},
            "notes": list(known.get("notes", ())),
            "reload_problem": state.reload_problem,
        }
    )


@router.get(
    "/customers/{customer_id:path}",
    response_model=CustomerAnswer,
    summary="What is known of a customer",
)
async def customer(request: Request, customer_id: CustomerId) -> Response:
    """Return the scores of a customer of the run, with the orders that came after it."""
    state = state_of(request)
    live = state.live

    def compute() -> Response:
        name = live.customer_id(customer_id)
        found = live.view(name, state.orders)
        if found is None:
            raise CustomerMissingError(customer_id, live.scorer.predictor.time.lookback)
        past = [
            {key: str(value) if isinstance(value, date) else value for key, value in row.items()}
            for row in state.past_scores(name)
        ]
        more = {"customer_id": name, "source": found.source, "orders": found.orders}
        more["history"] = past
        return score_answer(live, found.as_of, found.score, **more)

    return await in_thread(state, compute)


orders_router = APIRouter(prefix="/v1", responses=REFUSALS)


@orders_router.post(
    "/customers/{customer_id:path}/orders",
    response_model=OrderAnswer,
    openapi_extra=body_schema(OrderBody),
    summary="Keep an order, and return the new scores",
)
async def add_order(request: Request, customer_id: CustomerId) -> Response:
    """Keep an order or a return once, however often it is sent, and score its customer again."""
    state = state_of(request)
    live, store = state.live, state.orders
    assert store is not None
    body = await json_body(request, OrderBody)

    def compute() -> Response:
        order = live.order_of(customer_id, body.model_dump(exclude_none=True))
        if order.day > state.today() + timedelta(days=1):
            raise LineFieldError("time", 0, body.time, "a day that is not in the future")
        first = as_date(live.scorer.since)
        if order.day < first:  # no score would see it
            expected = f"a day since {first}, when the run's data begin"
            raise LineFieldError("time", 0, body.time, expected)
        is_known = live.holds(order) or store.has(order)
        # The new lines stand first, so that an error counts them as the client does.
        lines = [*(() if is_known else order.lines), *store.lines_of([order.customer_id])]
        as_of = max(live.as_of(store), order.day + timedelta(days=1))
        # Scored before it is kept: lines that cannot be scored must not stay.
        scores = live.score_known([order.customer_id], lines, as_of)
        added = not is_known and store.add(order)
        return score_answer(live, as_of, scores, added=added)

    return await in_thread(state, compute)
