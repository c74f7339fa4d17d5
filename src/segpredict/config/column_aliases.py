"""The names that exports give to each role, in several languages (``column_aliases.toml``).

They are compared without case, accents, blanks and punctuation (`normalize_name`).
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from segpredict.core.state import read_words

LETTER_FOLDING = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae"})


@lru_cache(maxsize=10_000)
def normalize_name(name: str) -> str:
    """Return a column name without case, accents, blanks and punctuation.

    >>> [normalize_name(name) for name in (" Customer ID ", "Stückpreis", "N. Revenue")]
    ['customerid', 'stuckpreis', 'nrevenue']
    """
    letters = unicodedata.normalize("NFKD", name.casefold()).translate(LETTER_FOLDING)
    bare = "".join(letter for letter in letters if letter.isalnum())
    return bare or name.casefold().strip()


def normalized_names(names: str) -> tuple[str, ...]:
    """Return the different names of a text that separates them by semicolons, normalised."""
    return tuple(dict.fromkeys(normalize_name(name) for name in names.split(";") if name.strip()))


NORMALIZED_ALIASES: Mapping[str, tuple[str, ...]] = {
    role: normalized_names(names)
    for role, names in read_words("segpredict.config", "column_aliases.toml").items()
}
