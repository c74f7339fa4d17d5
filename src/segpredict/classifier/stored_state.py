"""Frozen values that are stored as JSON, field by field."""

from dataclasses import Field, fields
from typing import Any, ClassVar, Self

import numpy as np

from segpredict.core.types import JSON


class StoredState:
    """A frozen dataclass whose fields are stored under their names, in their order.

    The field ``name`` of a model is stored first, as the ``kind`` by which it is found again.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        values = {each.name: _as_json(getattr(self, each.name)) for each in fields(self)}
        return {"kind": values.pop("name"), **values} if "name" in values else values

    @classmethod
    def from_state(cls, state: JSON) -> Self:
        """Return the value that gave a state; lists become tuples."""
        names = [each.name for each in fields(cls) if each.name != "name"]
        return cls(**{name: as_tuples(state[name]) for name in names})


def _as_json(value: Any) -> JSON:
    if isinstance(value, tuple):
        return [_as_json(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.to_state() if hasattr(value, "to_state") else value


def as_tuples(value: JSON) -> Any:
    """Return a value with tuples in the place of lists.

    >>> as_tuples([1, [2.0, "b"]])
    (1, (2.0, 'b'))
    """
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value
