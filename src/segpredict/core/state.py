"""Frozen dataclasses from plain JSON: what `dataclasses.asdict` and a file have made of them."""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from segpredict.core.types import JSON

ValueType = TypeVar("ValueType")


def from_plain(kind: type[ValueType], state: JSON) -> ValueType:
    """Return the value of a state: lists become tuples, and dicts the classes of their fields.

    Raises `ValueError` when a part is missing or of another kind.

    >>> from segpredict.core.segment import Segment
    >>> from_plain(Segment, {"code": 1, "id": "S1", "name": "Core"})
    Segment(code=1, id='S1', name='Core')
    """
    value: ValueType = _adapter(kind).validate_python(state)  # type: ignore[arg-type]
    return value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
