"""Errors as answers: problem details (RFC 9457) for programs, never a trace or a path."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from segpredict.core.crash import describe_crash
from segpredict.data.cleaning import FIELDS as LINE_FIELDS
from segpredict.errors import (
    ArtifactError,
    BusyError,
    ContractError,
    CustomerMissingError,
    DatabaseError,
    LimitError,
    MismatchError,
    SegpredictError,
    UsageError,
    quote_value,
)
from segpredict.service.orders import OrderConflictError

MEDIA_TYPE = "application/problem+json"
# The first that fits.
STATUSES: Mapping[type[SegpredictError], int] = {
    CustomerMissingError: 404,
    OrderConflictError: 409,
    UsageError: 422,
    ContractError: 422,
    MismatchError: 422,
    LimitError: 413,
    DatabaseError: 503,
    BusyError: 503,
    ArtifactError: 503,
}
FIELDS = {*LINE_FIELDS, "as_of", "lines", "query", "path"}
PLAIN_FIX = "see the description of the API at /openapi.json."
MAX_ERRORS = 1_000  # of which the first is named
BAD_BODY_CODE = "SP-D006"  # of a field that is not what its name says


def problem_response(
    status: int,
    detail: str,
    *,
    code: str = "SP-H001",
    fix: str = PLAIN_FIX,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that says what was wrong and what to do."""
    facts = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "fix": fix,
        "field": field,
    }
    return Response(json.dumps(facts).encode(), status, headers, MEDIA_TYPE)


async def answer_known(_: Request, error: Exception) -> Response:
    """Answer an error of the package."""
    assert isinstance(error, SegpredictError)
    status = next((n for kind, n in STATUSES.items() if isinstance(error, kind)), 500)
    if status >= 500:  # its message may name a file or a server
        return problem_response(
            status, "The service cannot answer now.", code=error.code, fix="try again later."
        )
    field = error.where.get("column")
    where = None if field is None else str(field)
    return problem_response(status, error.message, code=error.code, fix=error.fix, field=where)


async def answer_invalid(_: Request, error: Exception) -> Response:
    """Answer a body or a parameter that is not as described, with the field named."""
    assert isinstance(error, ValidationError | RequestValidationError)
    if isinstance(error, ValidationError) and error.error_count() > MAX_ERRORS:
        detail = "The body has many fields that are not known."  # listing them takes seconds
        return problem_response(422, detail, code=BAD_BODY_CODE, field="body")
    found = [(_place(each), each["msg"]) for each in error.errors()]
    place = found[0][0]
    # A number may be whole or not: what is neither breaks both rules.
    reasons = dict.fromkeys(reason for where, reason in found if where == place)
    fix = "correct the field; nothing was scored or kept."
    detail = f"{place}: {'; or '.join(reasons)}."
    return problem_response(422, detail, code=BAD_BODY_CODE, fix=fix, field=place)


def _place(error: Mapping[str, Any]) -> str:
    """Return where a body is wrong, without pydantic's own names of kinds of values."""
    loc = error["loc"]
    is_unknown = error["type"] == "extra_forbidden"  # a client may name a field as it likes
    known = [part for part in loc if isinstance(part, int) or part in FIELDS or is_unknown]
    return ".".join(quote_value(part).strip('"') for part in known) or "body"


async def answer_http(_: Request, error: Any) -> Response:
    """Answer what the framework refuses: an unknown place, another method, a large body."""
    detail = quote_value(error.detail).strip('"')
    return problem_response(error.status_code, detail, headers=error.headers)


async def answer_bug(_: Request, error: Exception) -> Response:
    """Answer a bug with its id, and nothing of the data."""
    crash = describe_crash(error).rpartition("; ")[2]
    return problem_response(
        500,
        f"segpredict has a bug ({crash}).",
        code=SegpredictError.code,
        fix="please report it with the id.",
    )
