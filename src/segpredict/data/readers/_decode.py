"""From bytes to UTF-8, and by which codec: marked, proven or refused."""

import codecs
import re

import numpy as np

from segpredict.errors import UnreadableFileError, quote_value

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LINE_BREAK = re.compile(rb"\r\n?|\n")
HIGH_BITS = np.uint64(0x8080_8080_8080_8080)
VALID_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
BROKEN_UTF8 = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
FOREIGN_BYTES = re.compile(rb"[\xc0-\xff]{4,}")  # no word of western Europe has such a run


def decode_to_utf8(content: bytes, encoding: str | None, file: str) -> tuple[bytes, dict[str, str]]:
    """Return the content in UTF-8 without a mark, and the codec that read it."""
    if encoding:
        return _by_name(content, encoding, file), {"encoding": encoding}
    marked = next((BYTE_ORDER_MARKS[m] for m in BYTE_ORDER_MARKS if content.startswith(m)), "")
    if marked and marked != "utf-8":
        return _by_name(content, marked, file), {"encoding": marked}
    _refuse_unmarked_wide(content, file)
    bare = content.removeprefix(codecs.BOM_UTF8)
    if bare.isascii():
        return bare, {"encoding": "utf-8"}
    try:
        bare.decode()
    except UnicodeDecodeError as error:
        first = error.start
    else:
        return bare, {"encoding": "utf-8"}
    if marked:
        raise _invalid(bare, first, file, "though it starts with a UTF-8 mark")
    return _western(bare, first, file)


def _by_name(content: bytes, encoding: str, file: str) -> bytes:
    try:
        text = content.decode(encoding)
    except LookupError:
        raise UnreadableFileError(
            file,
            f"there is no codec {quote_value(encoding)}",
            "set source.encoding to one such as utf-8, cp1252 or utf-16.",
        ) from None
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        row = 1 + count_lines_before(content, start)
        raise UnreadableFileError(
            file,
            f"byte {start} is not {encoding}",
            "set source.encoding to the codec it was written in.",
            row=row,
        ) from None
    return text.removeprefix("\ufeff").encode()


def _refuse_unmarked_wide(content: bytes, file: str) -> None:
    start = content[:4096]
    for codec, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = start[at::2]
        if len(zeros) > 3 and zeros.count(0) > 0.8 * len(zeros):
            raise UnreadableFileError(
                file,
                f"every other byte is NUL: it may be {codec} without a mark",
                f"set source.encoding = '{codec}'.",
            )


def _western(content: bytes, first: int, file: str) -> tuple[bytes, dict[str, str]]:
    """Read as cp1252 what is no UTF-8, if nothing in it speaks against that."""
    high = _runs(content)
    if BROKEN_UTF8.search(high) or VALID_UTF8.search(high):
        raise _invalid(content, first, file, "while other bytes are")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _invalid(content, error.start, file, "nor is it cp1252") from None
    row, line = _line(content, first)
    run = FOREIGN_BYTES.search(high)
    if run:
        word = run[0][:16]
        raise UnreadableFileError(
            file,
            "it is no UTF-8, and more than one codec fits: cp1252 reads "
            f"{quote_value(word.decode('cp1252'))}, cp1251 reads "
            f"{quote_value(word.decode('cp1251', 'replace'))}",
            "say which: source.encoding = 'cp1252' or 'cp1251' or another.",
            row=row,
        )
    sample = quote_value(line.decode("cp1252", "replace"))
    found = {"encoding": "cp1252", "first_row_not_utf8": f"{row}: {sample}"}
    return text.encode(), found


def _runs(content: bytes) -> bytes:
    """Return only the bytes above ASCII, with one space where ASCII stood between."""
    bytes_ = np.frombuffer(content, np.uint8)
    whole = len(content) // 8 * 8
    # Eight bytes at a time, since hardly any of them is above ASCII.
    eights = np.flatnonzero(np.frombuffer(content[:whole], np.uint64) & HIGH_BITS)
    near = (eights[:, None] * 8 + np.arange(8)).ravel()
    near = np.concatenate([near, np.arange(whole, len(content))])
    places = near[bytes_[near] > 127]
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    return np.insert(bytes_[places], cuts, ord(" ")).tobytes()


def count_lines_before(content: bytes, at: int) -> int:
    """Return how many lines end before a byte, whatever ends them."""
    ends = content.count(b"\n", 0, at) + content.count(b"\r", 0, at)
    return ends - content.count(b"\r\n", 0, at)


def _start_of_line(content: bytes, at: int) -> int:
    return 1 + max(content.rfind(b"\n", 0, at), content.rfind(b"\r", 0, at))


def _line(content: bytes, at: int) -> tuple[int, bytes]:
    start = _start_of_line(content, at)
    after = LINE_BREAK.search(content, at)
    row = 1 + count_lines_before(content, start)
    return row, content[start : after.start() if after else None]


def _invalid(content: bytes, at: int, file: str, why: str) -> UnreadableFileError:
    row, line = _line(content, at)
    column = _column(content, at)
    return UnreadableFileError(
        file,
        f"byte {at} (0x{content[at]:02X}, in column {column}) is not UTF-8, {why}",
        "correct that cell, or set source.encoding to the codec of the file.",
        row=row,
        column=column,
        value=line.decode(errors="backslashreplace")[:80],
    )


def _column(content: bytes, at: int) -> str:
    """Return the name of the column of a byte, as far as it can be known."""
    header = LINE_BREAK.split(content[: 1 << 16], 1)[0]
    separator = max((b",", b";", b"\t", b"|"), key=header.count)
    number = content[_start_of_line(content, at) : at].count(separator)
    names = header.decode(errors="replace").split(separator.decode())
    return names[number].strip() if number < len(names) else str(number + 1)
