"""From which day on a store holds something in a column: known without reading it."""

from collections.abc import Mapping

import polars as pl

Begins = Mapping[str, tuple[int | None, int | None]]  # first day; first never voided

_ALWAYS = {  # or never asked
    *("customer_id", "order_id", "is_order_head"),
    *("day", "void_day", "quantity", "amount"),
}


def begins(lines: pl.LazyFrame) -> Begins:
    """Return since when each column has values, ``is_return`` since when it holds."""
    day, lasts = pl.col("day"), pl.col("void_day").is_null()
    some = pl.lit(value=True)
    names = [name for name in lines.collect_schema() if name not in _ALWAYS]
    there = {name: pl.col(name).is_not_null() for name in names}
    there["is_return"] = pl.col("is_return")
    asked = [
        pl.when(where & also).then(day).min().alias(f"{name}/{i}")
        for name, where in there.items()
        for i, also in enumerate((some, lasts))
    ]
    row = lines.select(asked).collect(engine="streaming").row(0, named=True)
    return {name: (row[f"{name}/0"], row[f"{name}/1"]) for name in names}


def both(old: Begins, new: Begins) -> Begins:
    """Return since when either has values."""
    return {
        name: (
            _earlier(old[name][0], new[name][0]),
            _earlier(old[name][1], new[name][1]),
        )
        for name in old
    }


def _earlier(*days: int | None) -> int | None:
    return min((day for day in days if day is not None), default=None)


def holds(known: tuple[int | None, int | None], until: int | None) -> bool | None:
    """Return whether there are values before a day; ``None`` if lines must be asked.

    That is so where all that there is by then was voided at some time.
    """
    first, lasting = known
    if first is None or (until is not None and first >= until):
        return False
    if until is None or (lasting is not None and lasting < until):
        return True
    return None
