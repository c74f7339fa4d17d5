"""Plain values to options dataclasses: every key is known and in range, or refused by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from segpredict.core.state import as_tuples
from segpredict.core.types import JSON
from segpredict.errors import ConfigError, UnknownNameError

OptionsType = TypeVar("OptionsType")
Probability = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Size = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
CountOrAuto = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one section, whose fields declare their ranges as types.

    A list is taken for a tuple and a whole number for any number; nothing else is converted, so
    that a text such as ``"91"`` is no number.

    Raises `ConfigError` when a value is not of the kind or in the range of its field.
    """

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for name, adapter in _adapters(type(self)).items():  # type: ignore[arg-type]
            try:
                value = adapter.validate_python(as_tuples(getattr(self, name)), strict=True)
            except ValidationError as error:
                raise _explain_error(error, f"{self.section}.{name}") from None
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        """Refuse fields that contradict each other; a section with such fields says which do."""

    def require(self, conditions: Mapping[str, bool]) -> None:
        """Refuse the options unless all conditions, each named by its rule, hold.

        Raises `ConfigError` when one does not hold.
        """
        broken = [rule for rule, holds in conditions.items() if not holds]
        if broken:
            raise ConfigError(
                f"The options under [{self.section}] break: {'; '.join(broken)}.",
                fix="correct them in the config, or with --set.",
            )


@cache
def _adapters(kind: type[Any]) -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(kind, include_extras=True)
    return {f.name: TypeAdapter(hints[f.name]) for f in fields(kind)}


def fill_options(kind: type[OptionsType], values: Mapping[str, JSON], section: str) -> OptionsType:
    """Return an options dataclass from plain values, after checking every name."""
    _refuse_unknown(kind, values, section)
    try:
        # As JSON, since only there a strict check takes a list for a tuple. A date is its text.
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise _explain_error(error, section) from None


def _refuse_unknown(kind: Any, values: Mapping[str, JSON], section: str) -> None:
    known = {f.name: f.default_factory for f in fields(kind)}
    for name, value in values.items():
        if name not in known:
            raise UnknownNameError(f"setting in [{section or 'top level'}]", name, known)
        if isinstance(value, Mapping) and is_dataclass(known[name]):
            _refuse_unknown(known[name], value, f"{section}.{name}".strip("."))


def _explain_error(error: ValidationError, section: str) -> ConfigError:
    first = error.errors()[0]
    place = ".".join([section, *map(str, first["loc"])]).strip(".")
    return ConfigError(
        f"The setting {place} is {first['input']!r}: {first['msg']}.",
        fix=f"correct it in the config file, or give --set {place}=VALUE.",
    )
