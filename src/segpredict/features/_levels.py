"""One column a level: how words become numbers without an order of their own."""

import re
from collections.abc import Sequence

OTHER = "other"


def columns(prefix: str, levels: Sequence[str]) -> dict[str, str]:
    """Return column → level, each column a plain word and different from the others.

    Examples
    --------
    >>> columns("country", ["United Kingdom", "EIRE", "eire"])
    {'country_united_kingdom': 'United Kingdom', 'country_eire': 'EIRE', \
'country_eire_2': 'eire'}
    """
    found: dict[str, str] = {}
    for level in levels:
        word = re.sub(r"\W+", "_", level.casefold()).strip("_") or "blank"
        name = base = f"{prefix}_{word}"
        number = 2
        while name in found or name == f"{prefix}_{OTHER}":
            name, number = f"{base}_{number}", number + 1
        found[name] = level
    return found
