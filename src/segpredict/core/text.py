"""Texts on one line, without characters that control a terminal, and counted nouns."""

import re
from typing import Any

# Control characters, and those that reverse the direction of writing. A terminal takes
# U+009B for the start of a command, as it does ESC and "[".
_CODES = (
    *(range(9), range(11, 32), range(127, 160)),
    *(range(0x202A, 0x202F), range(0x2066, 0x206A)),
    range(0xD800, 0xE000),  # surrogates, from names of files that are not UTF-8
)
INVISIBLE_CHARACTERS = {code: "\ufffd" for codes in _CODES for code in codes}
_BEYOND_JSON = {code: f"\\u{code:04x}" for code in INVISIBLE_CHARACTERS if code > 31}


def strip_control_characters(value: Any) -> Any:
    r"""Return a text without characters that hide, reorder or control; other values as they are.

    >>> strip_control_characters("a\x1b[31mb\u202ec"), strip_control_characters(3)
    ('a�[31mb�c', 3)
    """
    return value.translate(INVISIBLE_CHARACTERS) if isinstance(value, str) else value


def to_single_line(text: str) -> str:
    r"""Return a text as one harmless line.

    >>> to_single_line("customer 7\nall is well\r")
    'customer 7 all is well�'
    """
    return re.sub(r"\s*\n\s*", " ", str(strip_control_characters(text)))


def count_of(n: float, noun: str) -> str:
    """Return a number with its noun, which is the plural unless the number is one.

    >>> count_of(1, "test"), count_of(1234, "test"), count_of(0, "test")
    ('1 test', '1,234 tests', '0 tests')
    """
    text = f"{n:,.0f}"
    return f"{text} {noun}{'' if text == '1' else 's'}"


def escape_json_controls(written: str) -> str:
    r"""Return JSON with invisible characters as escapes: the same values, no commands.

    JSON itself escapes only the characters below 32.

    >>> escape_json_controls('{"id": "\x9b31m"}')
    '{"id": "\\u009b31m"}'
    """
    return written.translate(_BEYOND_JSON)
