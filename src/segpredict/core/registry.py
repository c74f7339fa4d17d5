"""Find the parts of a room by name: one part a file, nothing to register by hand.

In a room, ``_file.py`` is machinery and ``file.py`` is a part, which offers itself as
the module's ``PART``. Adding a part is adding a file.
"""

import pkgutil
from functools import cached_property
from importlib import import_module
from typing import Generic, TypeVar

from segpredict.errors import UnknownNameError

PartType = TypeVar("PartType")


class Registry(Generic[PartType]):
    """The parts of one room: instances of a class, one in each module of a package.

    >>> from segpredict.features import FEATURE_FAMILIES
    >>> "rfm" in FEATURE_FAMILIES.names()
    True
    """

    def __init__(self, room: str, kind: type[PartType]) -> None:
        self.room = room
        self.kind = kind

    @cached_property
    def _parts(self) -> dict[str, PartType]:
        room = import_module(self.room)
        names = sorted(m.name for m in pkgutil.iter_modules(room.__path__))
        modules = {n: import_module(f"{self.room}.{n}") for n in names if not n.startswith("_")}
        found = {n: getattr(module, "PART", None) for n, module in modules.items()}
        return {n: part for n, part in found.items() if isinstance(part, self.kind)}

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts, sorted."""
        return tuple(self._parts)

    def get(self, name: str) -> PartType:
        """Return one part."""
        if name not in self._parts:
            kind = self.room.rsplit(".", 1)[-1]
            raise UnknownNameError(f"part of {kind}", name, self._parts)
        return self._parts[name]

    def all_parts(self) -> tuple[PartType, ...]:
        """Return all parts in the order of their names."""
        return tuple(self._parts.values())
