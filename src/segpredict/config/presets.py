"""By which columns the export of a shop is known, and the preset that reads it."""

from collections.abc import Sequence

from segpredict.config.column_aliases import normalize_name
from segpredict.core.state import read_words

PRESET_HEADERS: Sequence[tuple[str, tuple[str, ...]]] = [
    (preset, tuple(columns))
    for preset, *columns in read_words("segpredict.config", "preset_headers.toml")["headers"]
]


def preset_for(columns: Sequence[str]) -> str | None:
    """Return the preset whose columns are all there; of several, the one with most of them.

    Names are compared without case, accents and punctuation.

    >>> preset_for(["Order Number", "Buyer Username", "Quantity", "Sold For", "Sale Date"])
    'ebay'
    >>> preset_for(["customer_id", "date", "amount"]) is None
    True
    """
    found = {normalize_name(column) for column in columns}
    fitting = {
        name: len(header)
        for name, header in PRESET_HEADERS
        if {normalize_name(column) for column in header} <= found
    }
    return max(fitting, key=lambda name: fitting[name], default=None)
