"""Frozen values that are stored as JSON, field by field."""

from dataclasses import Field, fields
from typing import Any, ClassVar, Self

from segpredict.core.state import as_tuples, to_plain
from segpredict.core.types import JSON

__all__ = ["StoredState", "as_tuples"]


class StoredState:
    """A frozen dataclass whose fields are stored under their names, in their order.

    The field ``name`` of a model is stored first, as the ``kind`` by which it is found again.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        values = {each.name: to_plain(getattr(self, each.name)) for each in fields(self)}
        return {"kind": values.pop("name"), **values} if "name" in values else values

    @classmethod
    def from_state(cls, state: JSON) -> Self:
        """Return the value that gave a state; lists become tuples."""
        names = [each.name for each in fields(cls) if each.name != "name"]
        return cls(**{name: as_tuples(state[name]) for name in names})
