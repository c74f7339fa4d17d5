"""The days that a shop plans: holidays, promotions, days on which it is closed."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from segpredict.core.arrays import BoolArray
from segpredict.core.text import count_of
from segpredict.core.window import Window, as_date

DATE_KINDS = ("holiday", "promotion", "closed")


def marked_days(dates: pl.DataFrame, kind: str, first: int, end: int, known_at: int) -> BoolArray:
    """Return which of the days ``[first, end)`` are of a kind, as far as the shop knew on a day.

    * `dates`: ``first`` and ``last`` day of each row, its ``kind``, and ``known``, the day from
      which the shop knew of it (null: always).
    * `known_at`: a cutoff. What is announced on that day counts as known.

    >>> sale = {"first": [2], "last": [3], "kind": ["promotion"], "known": [1]}
    >>> [marked_days(pl.DataFrame(sale), "promotion", 0, 5, day).tolist() for day in (0, 1)]
    [[False, False, False, False, False], [False, False, True, True, False]]
    """
    found = np.zeros(max(0, end - first), dtype=np.bool_)
    known = (pl.col("known") <= known_at).fill_null(value=True)
    for start, last in dates.filter(known, kind=kind).select("first", "last").iter_rows():
        found[max(0, start - first) : max(0, last + 1 - first)] = True
    return found


def planned_notes(
    dates: pl.DataFrame | None, learned: Sequence[Window], window: Window
) -> Iterator[str]:
    """Yield what the outcome window of a forecast holds that those it learned from did not.

    * `dates`: as in `marked_days`.
    * `learned`, `window`: the windows of training, and that of the forecast.
    """
    if dates is None:
        return
    last = max(dates["last"].to_list(), default=window.cutoff - 1)
    if last < window.outcome_start:
        yield (
            f"The file of dates ends on {as_date(last)}, before the forecast window begins: what "
            "is planned for it is not known."
        )
        return
    for kind in DATE_KINDS:
        counts = [_marked(dates, kind, each, window.cutoff) for each in learned]
        ahead, low, high = _marked(dates, kind, window, window.cutoff), min(counts), max(counts)
        if not low <= ahead <= high:
            seen = f"{low}" if low == high else f"{low} to {high}"
            yield (
                f"The forecast window has {count_of(ahead, 'day')} of the kind {kind}; the windows "
                f"that the forecast learned from had {seen}. For all customers alike it may be too "
                "low or too high."
            )


def _marked(dates: pl.DataFrame, kind: str, window: Window, known_at: int) -> int:
    span = window.outcome_start, window.outcome_end
    return int(marked_days(dates, kind, *span, known_at).sum())
