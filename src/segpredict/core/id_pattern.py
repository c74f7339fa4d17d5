"""Find ids of customers in text and bytes, as words of their own."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

FEWEST_DIGITS = 5  # of a number that is told from a count wherever it stands
PLAIN = re.compile(r"[0-9A-Za-z_.@-]+")  # text that no format escapes


@dataclass(frozen=True)
class IdPattern:
    """What finds ids in text.

    A short number may stand anywhere as a count, so it is looked for in no text: where it is the
    id of a customer, the name of a column says so.

    >>> ids = IdPattern(["17850", "ann@x.org", "42"])
    >>> [ids.is_in(text) for text in ("117850", "1.17850", "customer 17850.", "42", "to ann@x.org")]
    [False, False, True, False, True]
    """

    ids: Collection[str]

    @property
    def telling(self) -> tuple[str, ...]:
        """The ids that are looked for."""
        return tuple(sorted(i for i in self.ids if not i.isdecimal() or len(i) >= FEWEST_DIGITS))

    def may_be_in(self, content: bytes) -> bool:
        """Whether the content of a page has to be read: it may hold an id, as it is or escaped."""
        is_plain = all(PLAIN.fullmatch(each) for each in self.telling)
        return not is_plain or any(each.encode() in content for each in self.telling)

    def is_in(self, text: str) -> bool:
        """Whether an id stands in a text."""
        return self.is_in_bytes(text.encode(errors="surrogatepass"))

    def is_in_bytes(self, content: bytes) -> bool:
        """Whether an id stands in bytes, as UTF-8."""
        return self._words is not None and self._words.search(content) is not None

    @cached_property
    def _words(self) -> re.Pattern[bytes] | None:
        words = b"|".join(re.escape(each.encode()) for each in self.telling)
        # A part of a longer word or number is no id.
        ends = (rb"(?<![0-9A-Za-z_])(?<![0-9]\.)(?:", rb")(?![0-9A-Za-z_])(?!\.[0-9])")
        return re.compile(words.join(ends)) if words else None
