"""One spelling for a country: case, dots and blanks make no difference."""

import re
from collections import Counter, defaultdict

import polars as pl

# Short forms → what they are short for; merged only if both are in the data.
COUNTRY_ALIASES = {
    **dict.fromkeys(("uk", "gb", "greatbritain", "gbr"), "unitedkingdom"),
    **dict.fromkeys(("us", "usa", "unitedstatesofamerica"), "unitedstates"),
    "de": "germany",
    "deutschland": "germany",
    "fr": "france",
    "es": "spain",
    "it": "italy",
    "nl": "netherlands",
    "thenetherlands": "netherlands",
    "pl": "poland",
    "pt": "portugal",
    "ie": "ireland",
    "ch": "switzerland",
}
MAX_COUNTRIES = 500


def harmonize_countries(cells: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """Return countries, each in its commonest spelling, and what was merged."""
    counted = cells.drop_nulls().value_counts(name="n")
    rows = Counter(dict(zip(counted.to_series(0), counted["n"], strict=True)))
    notes = []
    if len(rows) > MAX_COUNTRIES:
        notes.append(f"The country has {len(rows):,} different values. Is it the right column?")
    keys = {text: re.sub(r"[\s.'_-]", "", text.casefold()) for text in rows}
    present = set(keys.values())
    spellings = defaultdict(list)
    for text, key in keys.items():
        full = COUNTRY_ALIASES.get(key, key)
        spellings[full if full in present else key].append(text)
    best: dict[str, str] = {}
    for texts in spellings.values():
        chosen = max(sorted(texts), key=lambda text: rows[text])
        best |= {text: chosen for text in texts if text != chosen}
    if not best:
        return cells, tuple(notes)
    listed = ", ".join(f"{old} = {new}" for old, new in sorted(best.items())[:5])
    notes.append(f"Spellings of countries that were merged: {len(best):,} ({listed}).")
    merged = cells.replace_strict(
        list(best), list(best.values()), default=cells, return_dtype=pl.String
    )
    return merged, tuple(notes)
