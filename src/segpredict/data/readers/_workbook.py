"""The sheets of a workbook, read where the reading can do no harm.

The library makes room for every place between the first and the last cell, and ends the
process where there is not so much memory. A small workbook whose cells lie together is read here;
any other in a process of its own, which may take memory and time by the size of its text.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from segpredict.data.readers import _workbook_process as process
from segpredict.errors import LimitError, UnreadableFileError, quote_value

FREE_BYTES, BYTES_PER_BYTE = 256 << 20, 8  # memory for any workbook, and for a byte of its text
FREE_SECONDS, BYTES_PER_SECOND = 4, 4 << 20  # the same for CPU time
WAIT = 20  # how many times longer than its CPU time a process may take on a busy machine
SMALL_BYTES = 64 << 20  # what the cells of a workbook may take that is read here
BYTES_PER_CELL = 64  # of Calamine's cell and of its text, without the characters
SMALL_TEXT = 4 << 20  # bytes of XML that are parsed twice
OTHER_KINDS = {"mimetype", "content.xml", "xl/workbook.bin"}  # OpenDocument, and binary sheets
ENV = {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # others reserve address space by the gigabyte
OVER = {-getattr(signal, name, 0) for name in ("SIGABRT", "SIGKILL", "SIGXCPU")} - {0}


class _Extent:
    """How far the cells of a part reach, and whether it holds the texts of other parts."""

    def __init__(self, xml: bytes) -> None:
        self.rows = self.columns = 0
        self.has_texts = False
        self._row = self._column = 0  # where the parser stands
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.Parse(xml, True)  # noqa: FBT003 - expat has no names for it

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        given = attributes.get("r", "")
        if kind == "row":
            self._row = int(given) if given.isdecimal() else self._row + 1
            self._column = 0
        elif kind == "c":
            letters = given.rstrip("0123456789").upper()
            self._column = column_number(letters) if letters else self._column + 1
            row = given[len(letters) :]
            self.rows = max(self.rows, self._row, int(row) if row else 0)
            self.columns = max(self.columns, self._column)
        self.has_texts |= kind == "si"


def column_number(letters: str) -> int:
    """Return the number of a column, from 1.

    >>> column_number("A"), column_number("XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters[:4]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def is_small(parts: dict[str, int], read: Callable[[str], bytes]) -> bool:
    """Return whether it is proven that all cells of a workbook of OOXML take little memory.

    `parts` are its parts and their sizes when unpacked; `read` gives the content of one. Any part
    may be a sheet, whatever its name.
    """
    if "xl/workbook.xml" not in parts or OTHER_KINDS & set(parts):
        return False
    if sum(parts.values()) > SMALL_TEXT:
        return False
    try:
        extents = {name: _Extent(read(name)) for name in parts}
    except (expat.ExpatError, ValueError):
        return False  # a picture, say
    places = sum(extent.rows * extent.columns for extent in extents.values())
    longest = sum(parts[name] for name, extent in extents.items() if extent.has_texts)
    return places * (BYTES_PER_CELL + longest) <= SMALL_BYTES


def read_sheets_apart(content: bytes, unpacked: int, file: str) -> list[Any]:
    """Return the sheets as `_workbook_process.read_sheets` does, read in a process of its own."""
    memory = FREE_BYTES + BYTES_PER_BYTE * unpacked
    seconds = FREE_SECONDS + unpacked // BYTES_PER_SECOND
    command = [sys.executable, "-P", process.__file__, str(memory), str(seconds)]
    try:
        done = subprocess.run(
            command,
            input=content,
            capture_output=True,
            timeout=WAIT * seconds,
            env={**os.environ, **ENV},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_much(file, memory, seconds) from None
    if done.returncode == process.NO_MEMORY or done.returncode in OVER:
        raise _too_much(file, memory, seconds)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"its reader ended with {done.returncode}"
        raise UnreadableFileError(
            file, f"it is not a sound workbook ({reason})", "copy or export it again."
        )
    stream, sheets = pa.BufferReader(done.stdout), list[Any]()
    while stream.tell() < stream.size():
        with pa.ipc.open_stream(stream) as reader:
            sheets.append(reader.read_all())
    return sheets


def _too_much(file: str, memory: int, seconds: int) -> LimitError:
    return LimitError(
        f"{quote_value(file)}: reading its cells takes more than {memory >> 20} MiB or {seconds} "
        "seconds, far more than its text is worth.",
        fix="a cell far from the table is the usual cause: delete all rows below it and all "
        "columns beside it, or export the sheet as CSV.",
        file=file,
    )
