"""Find the parts of a room by name: one part a file, nothing to register by hand.

In a room, ``_file.py`` is machinery and ``file.py`` is a part, which offers itself as
the module's ``PART``. Adding a part is adding a file. Another package adds one by an entry point.
"""

import pkgutil
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from segpredict.errors import PluginError, UnknownNameError

PartType = TypeVar("PartType")


class Registry(Generic[PartType]):
    """The parts of one room: instances of a class, one in each module of a package.

    >>> from segpredict.features import FEATURE_FAMILIES
    >>> "rfm" in FEATURE_FAMILIES.names()
    True
    """

    def __init__(self, room: str, kind: type[PartType], group: str = "") -> None:
        self.room = room
        self.kind = kind
        self.group = group  # of the entry points by which other packages add parts, if they may

    @cached_property
    def _parts(self) -> dict[str, PartType]:
        room = import_module(self.room)
        names = sorted(m.name for m in pkgutil.iter_modules(room.__path__))
        modules = {n: import_module(f"{self.room}.{n}") for n in names if not n.startswith("_")}
        found = {n: getattr(module, "PART", None) for n, module in modules.items()}
        own = {n: part for n, part in found.items() if isinstance(part, self.kind)}
        plugins = entry_points(group=self.group) if self.group else ()
        added = {plugin.name: self._added(plugin, own) for plugin in plugins}
        return dict(sorted({**own, **added}.items()))

    def _added(self, plugin: EntryPoint, own: dict[str, PartType]) -> PartType:
        """Return the part of another package."""
        if plugin.name in own:
            raise _plugin_error(plugin, "segpredict has a part of that name itself")
        try:
            part = plugin.load()
        except Exception as error:  # whatever another package raises
            raise _plugin_error(plugin, f"{type(error).__name__}: {error}") from error
        if not isinstance(part, self.kind):
            reason = f"it is of the class {type(part).__name__}, not {self.kind.__name__}"
            raise _plugin_error(plugin, reason)
        return part

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


def _plugin_error(plugin: EntryPoint, reason: str) -> PluginError:
    package = plugin.dist.name if plugin.dist else "unknown"
    return PluginError(plugin.group, plugin.name, package, reason)
