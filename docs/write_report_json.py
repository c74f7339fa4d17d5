"""Describe ``report.json`` field by field, from the contexts; `conf.py` writes the page."""

import dataclasses
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from segpredict.report import SECTIONS, ReportSection

HEAD = """\
# What each field of `report.json` means

```bash
segpredict report --run FOLDER --format json
```

writes what the page says as one JSON object: the contexts from which the templates of
the page are filled, so both always say the same. In Python it is
`segpredict.Report(FOLDER).to_json()`. This page is written from the declarations when the site is
built.

* Shares are parts of one; money is in currency, unless a `kind` next to it says
  `units`, which are whole units of 10⁻⁴. Days are ISO dates or day numbers (days since
  1970-01-01).
* What is unknown, or not finite, is `null`. A section that has nothing to say is not
  there; so check for it by its name.
* `low` and `high` are the ends of a 95 % interval. `left`, `width`, `top` and points of
  lines are places in a chart, in percent of it, and say nothing that the figures beside
  them do not.
* Texts are as they were in the data: escape them where you place them.

| field | type | meaning |
| --- | --- | --- |
| `title` | text | Heading of the page. |
| `created` | text | When it was made. |
| `version` | text | The version of segpredict. |
| `first_day`, `last_day` | text | First and last day of the data, ISO. |
| `currency` | text | Sign or code of the shop's money; may be empty. |
| `sections` | object | The sections below, by name. |
"""

# What a field of that name is, wherever a class does not say so itself.
WORDS = {
    "age": "Months since the first order.",
    "alt": "What a picture shows, for who cannot see it.",
    "band": "Points of the interval's band in a chart.",
    "cards": "One a segment.",
    "caution": "What not to conclude from it.",
    "cells": "Values along a row.",
    "chip": "The segment.",
    "cost": "Mean cost of a wrong name.",
    "curves": "Lines of a chart.",
    "days": "Its length in days.",
    "facts": "Names and values.",
    "figures": "Its figures, by name.",
    "flows": "One a segment of arrival.",
    "group": "A part of the customers.",
    "high": "Upper end of the 95 % interval; null if unknown.",
    "interval": "How its interval was made.",
    "is_model": "Whether it is a model and not a plain reference.",
    "is_thin": "Whether too few customers stand behind it.",
    "is_whole": "Whether all of its days are in the data.",
    "kind": "How to write the value: whole, number, share, money, units, score, text.",
    "label": "Its name for people.",
    "left": "Where its mark begins in a chart, in percent.",
    "line": "Points of a line in a chart.",
    "low": "Lower end of the 95 % interval; null if unknown.",
    "meaning": "What it means, in a sentence.",
    "measure": "What was predicted.",
    "methods": "One a way to value customers.",
    "metric": "Which measure.",
    "n": "Customers behind it.",
    "name": "Its name.",
    "note": "What a reader must know of it.",
    "plot": "The name of its picture.",
    "rows": "Rows of a table.",
    "share": "Its share of the whole.",
    "sizes": "How large the sets are.",
    "tenths": "Tenths of the customers, most predicted first.",
    "test": "Which test: the day of its forecast, or all tests.",
    "text": "A sentence.",
    "title": "What to see in it.",
    "top": "The largest value of a chart.",
    "unit": "The unit.",
    "value": "The figure; null if unknown.",
    "values": "Values along a row.",
    "width": "How wide its mark is in a chart, in percent.",
}


def document(sections: Sequence[ReportSection] = SECTIONS) -> str:
    """Return the description of all fields, as Markdown."""
    parts = [
        _part(name, build, section.title)
        for section in sections
        for name, build in section.parts.items()
    ]
    return "\n\n".join([HEAD.rstrip(), *parts]) + "\n"


def _part(name: str, build: Callable[..., Any], title: str) -> str:
    first, *further = _kinds(_context(build))
    whole = [f"## {name}", f"On the page: *{title}*.", _fields(first)]
    inner = [
        f"### {name}: {kind.__name__}\n\n{_summary(kind)}\n\n{_fields(kind)}" for kind in further
    ]
    return "\n\n".join([*whole, *inner])


def _fields(kind: type) -> str:
    hints = get_type_hints(kind)
    rows = [
        f"| `{name}` | {_type(hints[name])} | {_meaning(kind, name)} |"
        for name in (field.name for field in dataclasses.fields(kind))
    ]
    return "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *rows])


def _context(build: Callable[..., Any]) -> type[Any]:
    """Return the class of the context that a function builds."""
    found_type = get_type_hints(build).get("return")
    found: list[type[Any]] = [kind for kind in _parts(found_type) if _is_context(kind)]
    return found[0]


def _is_context(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _kinds(kind: type[Any]) -> list[type[Any]]:
    """Return a context's class and all that stand in its fields, each once."""
    found = [kind]
    for one in found:
        for hint in get_type_hints(one).values():
            found += [
                part
                for part in dict.fromkeys(_parts(hint))
                if _is_context(part) and part not in found
            ]
    return found


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def _type(hint: Any) -> str:
    """Return a type as JSON knows it."""
    simple = {str: "text", int: "integer", float: "number", bool: "boolean"}
    if hint in simple:
        return simple[hint]
    if _is_context(hint):
        return f"object ({hint.__name__})"
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        found_type = [_type(part) for part in parts if part is not type(None)]
        return " or ".join(dict.fromkeys([*found_type, *["null"] * (type(None) in parts)]))
    if origin is tuple:
        inner = dict.fromkeys(_type(part) for part in parts if part is not Ellipsis)
        return f"list of {', '.join(inner)}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"object of {_type(parts[1])}"
    return "any"


def _summary(kind: type) -> str:
    text = (inspect.getdoc(kind) or "").split("\n\n")[0]
    return textwrap.fill(text, 88)


def _meaning(kind: type, field: str) -> str:
    return _described(kind).get(field) or WORDS.get(field, "")


@cache
def _described(kind: type) -> Mapping[str, str]:
    """Return what the comments beside the fields of a class say, by field.

    A comment above a field also holds for the fields below it that have none.
    """
    found: dict[str, str] = {}
    above: list[str] = []
    is_open = False  # whether the comment above may still grow
    for line in inspect.getsource(kind).splitlines():
        field, _, beside = line.partition("  # ")
        if line.startswith("    # "):
            above = [*above, line[6:]] if is_open else [line[6:]]
            is_open = True
        elif name := re.match(r"    (\w+): ", field):
            above = [] if beside else above
            found[name[1]] = _sentence(beside or " ".join(above))
            is_open = False
        else:
            above, is_open = [], False
    return {name: text.replace("|", "\\|") for name, text in found.items() if text}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." * (text[-1:] not in {"", "."})
