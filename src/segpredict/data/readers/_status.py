"""Find the column that says whether a row is a sale, by its values."""

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.status_words import status_meaning

MAX_VALUES = 40  # a status has few values
KNOWN_SHARE = 0.9  # share of rows with known words that makes any column a status
EVENT_SHARE = 0.5  # the same for a column named after its kind of event
NAME_PARTS = ("status", "state", "etat", "estado", "stato", "situacao", "статус")
EVENT_NAMES = ("eventtype", "event", "eventname", "type", "transactiontype", "ordertype")
# What happened to the parcel says less than what happened to the money.
PARCEL_PARTS = ("fulfil", "shipping", "delivery", "dispute")
PARTS_OF_LIFE = ("marital", "civil")  # a state of another kind


def find_status_column(table: pl.DataFrame) -> str | None:
    """Return the column that looks most like a status of orders; None if none does."""
    found = [(weight, name) for name in table.columns if (weight := _weight(table[name]))]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _weight(column: pl.Series) -> tuple[bool, bool, float] | None:
    """Return how much a column looks like a status: larger means more; None where not at all."""
    name = normalize_name(column.name)
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum) or _is_life(name):
        return None
    cells = column.cast(pl.String).str.strip_chars()
    counts = cells.filter((cells != "").fill_null(value=False)).value_counts(name="n")
    if not 0 < counts.height <= MAX_VALUES:
        return None
    meanings = [status_meaning(value) for value in counts.to_series(0)]
    is_known = pl.Series([meaning != "unknown" for meaning in meanings])
    share = int(counts["n"].filter(is_known).sum()) / int(counts["n"].sum())
    is_named = any(part in name for part in NAME_PARTS)
    needed = 0 if is_named else EVENT_SHARE if name in EVENT_NAMES else KNOWN_SHARE
    if not share or share < needed:
        return None
    is_parcel = any(part in name for part in PARCEL_PARTS)
    return (not is_parcel, is_named, share)


def _is_life(name: str) -> bool:
    return any(part in name for part in PARTS_OF_LIFE)
