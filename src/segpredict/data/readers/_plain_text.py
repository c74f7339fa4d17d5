"""A large file that is UTF-8 as it stands: read from the disk, piece by piece.

What is packed, in another codec or written with escapes is taken into memory whole.
"""

import codecs
import hashlib
from dataclasses import dataclass
from typing import IO

from segpredict.config.source import SourceOptions
from segpredict.data.readers._unpack import (
    BYTE_ORDER_MARKS,
    CHUNK_BYTES,
    GZIP,
    ZIP,
    ZSTD,
    refuse_foreign,
    refuse_unmarked_wide,
)

START_BYTES = 4 << 20  # bytes that have to say how a file is read; smaller ones are read whole
MARKS = (GZIP, ZSTD, ZIP, *(mark for mark in BYTE_ORDER_MARKS if mark != codecs.BOM_UTF8))


@dataclass(frozen=True, slots=True)
class PlainText:
    """A file that needs no unpacking, decoding or doubling of quotes."""

    start: bytes  # its first bytes
    offset: int  # the byte of the file with which it starts
    encoding: str
    sha256: str  # hash of the file's bytes


def find_plain_text(stream: IO[bytes], file: str, layout: SourceOptions) -> PlainText | None:
    """Return a large file that is plain UTF-8; None for any other."""
    start = stream.read(len(codecs.BOM_UTF8) + START_BYTES)
    offset = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
    is_small = not stream.read(1)
    is_blank = not start[:4096].strip() or not start[:4096].strip(b"\x00")
    if is_small or is_blank or start.startswith(MARKS) or not _is_utf8_name(layout.encoding):
        return None
    refuse_foreign(start, file)
    if layout.encoding is None and not offset:
        refuse_unmarked_wide(start, file)
    sha256 = _hash_of_utf8(stream)
    name = layout.encoding or "utf-8"
    return None if sha256 is None else PlainText(start[offset:], offset, name, sha256)


def _is_utf8_name(encoding: str | None) -> bool:
    try:
        return encoding is None or codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _hash_of_utf8(stream: IO[bytes]) -> str | None:
    """Return the hash of a file; None where it is no UTF-8 or holds a backslash before a quote."""
    digest, decoder, last = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), b""
    stream.seek(0)
    try:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
            if b"\\" in last + chunk and b'\\"' in last + chunk:
                return None
            last = chunk[-1:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return digest.hexdigest()
