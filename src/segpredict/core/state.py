"""Values to plain JSON and back, for the files of a run, and tables that the package brings."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from pydantic import TypeAdapter

from segpredict.core.types import JSON
from segpredict.errors import ArtifactError

ValueType = TypeVar("ValueType")
_adapter = cache(TypeAdapter)


def to_plain(value: Any) -> JSON:
    """Return a value as JSON: arrays and tuples as lists, dataclasses as dicts, unless they differ.

    >>> from segpredict.core.segment import Segment
    >>> to_plain((Segment(1, "S1", "Core"),))
    [{'code': 1, 'id': 'S1', 'name': 'Core'}]
    """
    if hasattr(value, "to_state"):
        return value.to_state()
    if hasattr(value, "tolist"):  # of NumPy
        return value.tolist()
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    return [to_plain(v) for v in value] if isinstance(value, list | tuple) else value


def from_plain(kind: type[ValueType], state: JSON) -> ValueType:
    """Return the value of a state: lists become tuples, and dicts the classes of their fields.

    Raises `ValueError` when a part is missing or of another kind.

    >>> from segpredict.core.segment import Segment
    >>> from_plain(Segment, {"code": 1, "id": "S1", "name": "Core"})
    Segment(code=1, id='S1', name='Core')
    """
    value: ValueType = _adapter(kind).validate_python(state)  # type: ignore[arg-type]
    return value


@contextmanager
def reading_stored(what: str, state: Any, version: int) -> Iterator[None]:
    """Refuse a stored value of another version, and name what it lacks.

    Raises `ArtifactError` when the state is of another version or lacks a part.
    """
    if not isinstance(state, Mapping) or state.get("version") != version:
        raise ArtifactError(
            f"The stored {what} is not of a version that this segpredict reads.",
            fix="run again with this version, or install the one that wrote it.",
        )
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"The stored {what} is incomplete: {error}.",
            fix="restore the run folder, or run again.",
        ) from None


def as_tuples(value: Any) -> Any:
    """Return a value with tuples in the place of lists.

    >>> as_tuples([1, [2.0, "b"]])
    (1, (2.0, 'b'))
    """
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def read_words(package: str, name: str) -> dict[str, Any]:
    """Return what a TOML file beside the modules of a package holds.

    >>> read_words("segpredict.config", "status_words.toml")["true"][:2]
    ['true', 'yes']
    """
    return tomllib.loads(resources.files(package).joinpath(name).read_text(encoding="utf-8"))
