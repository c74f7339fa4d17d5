"""The text that a file shows to people: of a page, a deck, Markdown or JSON."""

import json
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from segpredict.core.id_pattern import IdPattern

PACKED = (".pptx", ".xlsx")
# Attributes that say where something is drawn, in numbers.
DRAWN = {
    *("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "dx", "dy", "d", "points", "width"),
    *("height", "viewbox", "transform", "style", "class", "opacity", "stroke-width"),
}


def shows_id(name: str, content: bytes, ids: IdPattern) -> bool:
    """Return whether an id stands in the words of a file.

    >>> shows_id("a.html", b"<i>17850</i>", IdPattern(["17850"]))
    True
    """
    is_packed = name.endswith(PACKED)
    return (is_packed or ids.may_be_in(content)) and ids.is_in(shown_text(name, content))


def shown_text(name: str, content: bytes) -> str:
    """Return the words of a file, without its numbers that are no text.

    >>> shown_text("a.html", b'<i title="a&amp;b">17850</i><rect width="12346"/>').split()
    ['a&b', '17850']
    >>> shown_text("a.json", b'{"id": "17850", "bytes": 12346}').split()
    ['id', '17850', 'bytes']
    """
    ending = name.rpartition(".")[2]
    if ending == "html":
        page = _Page()
        page.feed(content.decode(errors="replace"))
        return "\n".join(page.found)
    if ending == "json":
        return "\n".join(_strings(json.loads(content)))
    if name.endswith(PACKED):
        with zipfile.ZipFile(BytesIO(content)) as parts:
            read = [_part(name, parts.read(name)) for name in parts.namelist()]
        return "\n".join(read)
    return content.decode(errors="replace")


def _part(name: str, content: bytes) -> str:
    if not name.endswith((".xml", ".rels")):
        return content.decode(errors="replace")
    return "\n".join(ElementTree.fromstring(content).itertext())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


class _Page(HTMLParser):
    """The text of a page, with that of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value for name, value in attrs if value and name not in DRAWN]
