"""Answers without grouping: rows that stand by customer and time, asked by span.

The rows of a span are one slice of a customer's rows. So a sum is a difference of two
running sums, whatever the span, and any number of spans and cutoffs share the running
sums and the places where days begin.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.features._measures import Measure, Span
from segpredict.window import Window

Places = NDArray[np.intp]
Find = Callable[[int], Places]
_AGO = "ago"


class Runs:
    """Rows of one kind: a run for each customer, in order of time.

    Parameters
    ----------
    rows
        Sorted by customer and ``day``.
    find
        From a day to the first place in each run that is on it or later.
    columns
        Further columns, as expressions over those of the rows.
    """

    def __init__(
        self, rows: pl.DataFrame, find: Find, columns: Mapping[str, pl.Expr]
    ) -> None:
        self._rows, self._find, self._columns = rows, find, columns
        self.day = rows["day"].to_numpy()
        self._places: dict[int, Places] = {}
        self._values: dict[str, pl.Series] = {}
        self._sums: dict[str, Any] = {}

    def at(self, day: int) -> Places:
        """Return the first place in each run that is on a day or later."""
        if day not in self._places:
            self._places[day] = self._find(day)
        return self._places[day]

    def values(self, column: str) -> pl.Series:
        """Return a column."""
        if column not in self._values:
            given = self._columns.get(column)
            self._values[column] = (
                self._rows[column]
                if given is None
                else self._rows.select(given).to_series()
            )
        return self._values[column]

    def sums(self, column: str, lo: Places, hi: Places) -> pl.Series:
        """Return the sum of a column over each slice."""
        if column not in self._sums:
            self._sums[column] = _running_sums(self.values(column))
        running = self._sums[column]
        if isinstance(running, pl.Series):
            return running.gather(hi) - running.gather(lo)
        return pl.Series(running[hi] - running[lo])


def finder(days: NDArray[np.int32], starts: Places, ends: Places) -> Find:
    """Return where in each run, from a start to an end, a day begins."""
    first, last = (int(days.min()), int(days.max())) if days.size else (0, 0)

    def find(day: int) -> Places:
        if day > last:
            return ends
        if day <= first:
            return starts
        before = running((days < day).view(np.int8), np.int32)
        return starts + (before[ends] - before[starts])

    return find


def running(values: NDArray[Any], dtype: type) -> NDArray[Any]:
    """Return the sums of all values before each place, and of all at the end."""
    sums: NDArray[Any] = np.zeros(values.size + 1, dtype=dtype)
    np.cumsum(values, out=sums[1:])
    return sums


def _running_sums(values: pl.Series) -> Any:
    if values.dtype == pl.Int128:
        zero = pl.Series(values.name, [0], dtype=pl.Int128)
        return pl.concat([zero, values.cum_sum()], rechunk=True)
    # A sum over everybody may run over; the difference of two is right all the same.
    return running(values.to_numpy(), np.int64)


class View:
    """The runs of some customers, as one window may see them.

    Parameters
    ----------
    runs
        Rows.
    window
        The question.
    chosen
        Which customers.
    """

    def __init__(self, runs: Runs, window: Window, chosen: Places) -> None:
        self._runs, self._window, self._chosen = runs, window, chosen
        self._back: dict[int, Places] = {}

    def ask(self, measure: Measure) -> pl.Series:
        """Return a measure of each customer, zero where there are no rows."""
        if measure.kind == "active":
            return self._active(measure.span)
        lo, hi = self._slices(measure.span)
        if measure.between:
            lo = np.minimum(lo + 1, hi)
        if measure.kind == "number":
            return pl.Series(hi - lo)
        if measure.kind == "sum":
            return self._runs.sums(measure.column, lo, hi)
        if measure.kind == "median":
            return self._median(measure.column, lo, hi)
        found = self._pick(measure, lo, hi)
        found[hi <= lo] = 0
        return pl.Series(found)

    def _slices(self, span: Span) -> tuple[Places, Places]:
        return self._at(span.oldest), self._at(span.newest)

    def _at(self, back: int | None) -> Places:
        window = self._window
        most = window.cutoff - window.history_start
        ago = most if back is None else min(back, most)
        if ago not in self._back:
            self._back[ago] = self._runs.at(window.cutoff - ago)[self._chosen]
        return self._back[ago]

    def _active(self, span: Span) -> pl.Series:
        assert span.oldest is not None
        length = (span.oldest - span.newest) // span.parts
        edges = [self._at(span.newest + i * length) for i in range(span.parts + 1)]
        found = np.zeros(self._chosen.size, dtype=np.int64)
        for i in range(span.parts):
            found += edges[i] > edges[i + 1]
        return pl.Series(found)

    def _pick(self, measure: Measure, lo: Places, hi: Places) -> NDArray[np.int64]:
        """Return one value of each slice; any where there is none."""
        column, is_ago = measure.column, measure.column == _AGO
        values = self._runs.day if is_ago else self._runs.values(column).to_numpy()
        if not values.size:
            return np.zeros(lo.size, dtype=np.int64)
        if measure.kind == "most":
            edges = np.empty(2 * lo.size, dtype=np.intp)
            edges[::2], edges[1::2] = lo, hi
            most: NDArray[np.int64] = np.maximum.reduceat(
                np.append(values, values[-1:]), edges
            )[::2]
            return most
        place = lo if measure.kind == "first" else hi - 1
        found = values[np.clip(place, 0, values.size - 1)].astype(np.int64)
        return self._window.cutoff - found if is_ago else found

    def _median(self, column: str, lo: Places, hi: Places) -> pl.Series:
        """Return the median of values that are not below zero."""
        number = hi - lo
        values = self._runs.values(column).to_numpy()
        if number.sum() < values.size:
            edge = np.zeros(values.size + 1, dtype=np.int8)
            edge[lo[number > 0]] += 1
            edge[hi[number > 0]] -= 1
            values = values[np.cumsum(edge[:-1], dtype=np.int8).view(bool)]
        if not values.size:
            return pl.Series(np.zeros(lo.size))
        # One whole number sorts far faster than two columns.
        wide = int(values.max()).bit_length()
        small = lo.size.bit_length() + wide < 32
        owner = np.repeat(
            np.arange(lo.size, dtype=np.int32 if small else np.int64), number
        )
        packed = (owner << wide) | values.astype(owner.dtype)
        packed.sort()
        first = np.cumsum(number) - number
        ranked = packed & ((1 << wide) - 1)
        last = values.size - 1
        low = ranked[np.minimum(first + np.maximum(number - 1, 0) // 2, last)]
        high = ranked[np.minimum(first + number // 2, last)]
        return pl.Series(np.where(number > 0, (low + high) / 2, 0.0))
