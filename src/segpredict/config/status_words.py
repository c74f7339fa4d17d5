"""What the words of status columns mean: a sale, no sale, or money given back.

The words and parts of words are in ``status_words.toml``.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from segpredict.config.column_aliases import normalize_name, normalized_names
from segpredict.core.state import read_words

StatusMeaning = Literal["sale", "no sale", "given back", "unknown"]

_LISTS = read_words("segpredict.config", "status_words.toml")
STATUS_MEANINGS: Mapping[str, StatusMeaning] = {
    word: meaning for meaning, words in _LISTS["words"].items() for word in normalized_names(words)
}
TRUE_WORDS, FALSE_WORDS = tuple(_LISTS["true"]), tuple(_LISTS["false"])
CREDIT_MARK = " (paid back)"  # what marks a row of a kind that gives money back


def _plain(text: str) -> str:
    """Return a text without accents."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in split if not unicodedata.combining(sign))


_STEMS: tuple[tuple[StatusMeaning, str], ...] = tuple(
    (each["meaning"], _plain("|".join(each["parts"]))) for each in _LISTS["stems"]
)


def status_meaning(value: str) -> StatusMeaning:
    """Return what a value of a status column means.

    >>> [status_meaning(value) for value in ("Paid", "CANCELED", "Remboursé", "pending")]
    ['sale', 'no sale', 'given back', 'unknown']
    >>> [status_meaning(value) for value in ("Order Shipped", "Kundenstorno", "not paid")]
    ['sale', 'no sale', 'no sale']
    """
    # WooCommerce writes its statuses with the prefix wc- in the database.
    text = value.casefold().removeprefix("wc-")
    known = STATUS_MEANINGS.get(normalize_name(text))
    if known is not None:
        return known
    phrase = re.sub(r"[\W_]+", " ", _plain(text))
    return next((m for m, stems in _STEMS if re.search(stems, phrase)), "unknown")
