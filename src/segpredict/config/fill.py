"""Plain values to options dataclasses: every key is known, or refused by name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from segpredict.core.types import JSON
from segpredict.errors import ConfigError, UnknownNameError

OptionsType = TypeVar("OptionsType")


def fill_options(kind: type[OptionsType], values: Mapping[str, JSON], section: str) -> OptionsType:
    """Return an options dataclass from plain values, after checking every name."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise UnknownNameError(f"setting in [{section or 'top level'}]", name, known)
    whole = {
        name: _section(f.default_factory, values[name], name)
        if isinstance(values.get(name), Mapping) and _is_section(f.default_factory)
        else values[name]
        for name, f in known.items()
        if name in values
    }
    try:
        return TypeAdapter(kind).validate_python(whole)
    except ValidationError as error:
        raise _explain_error(error, section) from None


def _is_section(factory: Any) -> bool:
    return isinstance(factory, type) and hasattr(factory, "__dataclass_fields__")


def _section(kind: Any, values: Mapping[str, JSON], name: str) -> Any:
    return fill_options(kind, values, name)


def _explain_error(error: ValidationError, section: str) -> ConfigError:
    first = error.errors()[0]
    place = ".".join([section, *map(str, first["loc"])]).strip(".")
    return ConfigError(
        f"The setting {place} is {first['input']!r}: {first['msg']}.",
        fix=f"correct it in the config file, or give --set {place}=VALUE.",
    )
