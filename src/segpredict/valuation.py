"""Keep what a run says customers are worth, and bring it back."""

from typing import Any

import polars as pl

from segpredict.artifacts import Draft, Files, as_csv, as_json, as_parquet
from segpredict.tables import Segment
from segpredict.worth import Valuer, Worth, by_segment

VALUER = "worth/valuer.json"
TABLES = ("sums", "errors", "segments")


def keep_worth(
    draft: Draft, worth: Worth, scores: pl.DataFrame, segments: tuple[Segment, ...]
) -> None:
    """Write what values customers, its back-test, and what segments are worth now."""
    draft.write(VALUER, as_json(worth.valuer.state()))
    found = (worth.sums, worth.errors, by_segment(scores, segments))
    for name, table in zip(TABLES, found, strict=True):
        draft.write(f"worth/{name}.parquet", as_parquet(table))
        draft.write(f"worth/{name}.csv", as_csv(table))


def valuer_of(files: Files) -> Valuer | None:
    """Return what values customers in a run; ``None`` where nobody was valued."""
    return Valuer.from_state(files.json(VALUER)) if files.has(VALUER) else None


def worth_of(files: Files) -> dict[str, Any]:
    """Return what the page says of worth: the tables, and how it was valued."""
    if not files.has(VALUER):
        return {}
    tables = {name: files.parquet(f"worth/{name}.parquet") for name in TABLES}
    return {**tables, "valuer": files.json(VALUER)}
