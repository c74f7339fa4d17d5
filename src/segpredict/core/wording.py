"""Messages name options of the command line; in Python the same advice names parameters.

``--as-of`` becomes ``as_of=``, and ``--set time.horizon=28`` becomes
``config={'time': {'horizon': 28}}``. Whole commands stay as they are.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from segpredict.errors import ConfigError, set_wording

_NAMES_OPTIONS: ContextVar[bool] = ContextVar("names_options", default=False)

# Options that are settings of the config, and the place of each.
SETTINGS = {
    "on-bad-rows": ("cleaning", "on_bad_rows"),
    "max-bad-rows": ("cleaning", "max_bad_rows"),
}
FLAGS = ("force", "replace")
# Options whose parameter has another name.
PARAMETERS = {"data": "transactions=", **dict.fromkeys(("set", "map", *SETTINGS), "config=")}

_END = r"(?=[\s;,.)]|$)"
_PLAIN = r"[^\s;,()'\"]*[^\s;,.()'\"]"  # a value without quotes; a full stop ends the sentence
_PAIR = (
    rf"--(?P<kind>set|map) (?:'(?P<whole>[\w.]+=.*?)'{_END}"
    rf"|(?P<name>[\w.]+)=(?:'(?P<quoted>.*?)'{_END}|(?P<plain>{_PLAIN})?))"
)
_SETTING = rf"--(?P<setting>{'|'.join(SETTINGS)}) (?P<value>{_PLAIN})"
_PRESET = r"--config (?P<preset>[a-z]\w+)"
_BARE = r"--(?P<bare>[a-z]+(?:-[a-z]+)*)(?: (?P<argument>[A-Z]+|\d[\d.]*\b))?"
_OPTION = re.compile(rf"{_PAIR}|{_SETTING}|{_PRESET}|{_BARE}")
_UNNAMED = re.compile(r"\(\?P<\w+>").sub("(?:", _OPTION.pattern)
_PARTS = re.compile(
    r"(?P<kept>`[^`]*`|segpredict [a-z-]+ --.*$|\"[^\"]*\")"
    rf"|(?<![\w-])(?P<options>(?:{_UNNAMED})(?: (?:{_UNNAMED}))*)"
)


@contextmanager
def name_options() -> Iterator[None]:
    """Let messages that are read in this context name options of the command line."""
    token = _NAMES_OPTIONS.set(True)
    try:
        yield
    finally:
        _NAMES_OPTIONS.reset(token)


def worded(text: str) -> str:
    """Return a text in the words of the door that reads it: options, or parameters."""
    return text if _NAMES_OPTIONS.get() else in_python(text)


def in_python(text: str) -> str:
    """Return a text with parameters where it names options.

    >>> in_python("give a later --as-of, or --set time.horizon=28.")
    "give a later as_of=, or config={'time': {'horizon': 28}}."
    """
    return _PARTS.sub(lambda part: part.group("kept") or _parameters(part.group("options")), text)


def _parameters(options: str) -> str:
    """Return options that stand side by side as parameters; their settings are one config."""
    settings: dict[str, Any] = {}
    others = []
    for option in _OPTION.finditer(options):
        place, value = _setting(option)
        if place:
            settings = with_setting(settings, place, value)
        elif option.group("preset"):
            others.append(f"config={option['preset']!r}")
        else:
            bare, argument = option.group("bare"), option.group("argument") or ""
            named = PARAMETERS.get(bare, f"{bare.replace('-', '_')}=")
            others.append((f"{bare}=True" if bare in FLAGS else named) + argument)
    return ", ".join([*others, *([f"config={settings!r}"] if settings else [])])


def _setting(option: re.Match[str]) -> tuple[tuple[str, ...], Any]:
    """Return the place of the setting that an option gives, and its value."""
    if option.group("setting"):
        return SETTINGS[option.group("setting")], option.group("value")
    if not option.group("kind"):
        return (), None
    name, _, value = (option.group("whole") or "").partition("=")
    name = name or option.group("name")
    value = value or option.group("quoted") or option.group("plain") or ""
    if option.group("kind") == "map":
        return ("source", "columns", name), value
    return tuple(name.split(".")), toml_value(value)


def toml_value(text: str) -> Any:
    """Return what TOML makes of a text, or the text itself."""
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def with_setting(values: Mapping[str, Any], place: Sequence[str], value: Any) -> dict[str, Any]:
    """Return nested settings with one more, at a place of sections and a name."""
    first, *rest = place
    inner = values.get(first, {})
    if rest and not isinstance(inner, Mapping):
        raise ConfigError(f"{first} is not a section.", fix="set it without a dot.")
    return {**values, first: with_setting(inner, rest, value) if rest else value}


set_wording(worded)
