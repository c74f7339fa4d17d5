"""Answers without grouping: rows that stand by customer and time, asked by span.

The rows of a span are one slice of a customer's rows. So a sum is a difference of two
running sums, whatever the span, and any number of spans and cutoffs share the running
sums and the places where days begin.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.features._measures import Measure, Rows, Span
from segpredict.window import Window

Spots = NDArray[np.intp]
_AGO = "ago"
_NEVER = np.iinfo(np.int32).max
_FULL = 2**63


class Places:
    """Where days begin in each run of rows.

    Parameters
    ----------
    days
        Of the rows, rising within each run.
    starts, lengths
        Of the runs, which follow each other.
    asked
        The days that will be asked for.

    Notes
    -----
    Each row is counted once, by its customer and the two asked days between which it
    lies; adding up the counts from day to day gives all places, however many days.
    """

    def __init__(
        self,
        days: NDArray[np.int32],
        starts: Spots,
        lengths: Spots,
        asked: Collection[int],
    ) -> None:
        ordered, here = sorted(asked), starts
        self._found: dict[int, Spots] = {}
        self.longest = int(lengths.max(initial=0))
        number = starts.size
        owner = np.repeat(np.arange(number), lengths)
        low, high = int(days.min(initial=_NEVER)), int(days.max(initial=-_NEVER))
        between = np.searchsorted(ordered, np.arange(low, high + 1), side="right")
        cell = between[days - low] * number + owner
        counts = np.bincount(cell, minlength=(len(ordered) + 1) * number)
        for i, day in enumerate(ordered):
            here = here + counts[i * number : (i + 1) * number]
            self._found[day] = here

    def __getitem__(self, day: int) -> Spots:
        """Return the first place in each run that is on a day or later."""
        return self._found[day]


class Where(Protocol):
    """Where days begin in each run of rows, and how many rows the longest has."""

    longest: int

    def __getitem__(self, day: int) -> Spots: ...


class Shifted:
    """Places among rows of which some were left out.

    Parameters
    ----------
    places
        Among all rows.
    kept
        How many of the rows before each place were kept.
    """

    def __init__(self, places: Where, kept: Spots) -> None:
        self._places, self._kept = places, kept
        self.longest = places.longest
        self._found: dict[int, Spots] = {}

    def __getitem__(self, day: int) -> Spots:
        """Return the first place in each run that is on a day or later."""
        if day not in self._found:
            self._found[day] = self._kept[self._places[day]]
        return self._found[day]


class Runs:
    """Rows of one kind: a run for each customer, in order of time.

    Parameters
    ----------
    rows
        Sorted by customer and ``day``.
    places
        Where days begin.
    columns
        Further columns, as expressions over those of the rows.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        places: Where,
        columns: Mapping[str, pl.Expr],
    ) -> None:
        self._rows, self._columns, self.places = rows, columns, places
        self.day = rows["day"].to_numpy()
        self._values: dict[str, NDArray[Any]] = {}
        self._sums: dict[str, NDArray[Any]] = {}
        self._squares: dict[str, pl.Series] = {}

    def values(self, column: str) -> NDArray[Any]:
        """Return a column of whole numbers."""
        if column not in self._values:
            given = self._columns.get(column)
            rows = self._rows
            found = rows[column] if given is None else rows.select(given).to_series()
            self._values[column] = found.to_numpy()
        return self._values[column]

    def sums(self, column: str) -> NDArray[np.int64]:
        """Return the sum of all values of a column before each place."""
        if column not in self._sums:
            self._sums[column] = running(self.values(column))
        return self._sums[column]

    def squares(self, column: str) -> pl.Series:
        """Return the sum of the squares of all values before each place.

        They are exact: in 128 bits, as a large order squared fills 64.
        """
        if column not in self._squares:
            values = self.values(column)
            most = max(int(values.max(initial=0)), -int(values.min(initial=0)))
            if most * most * self.places.longest < _FULL:
                sums = pl.Series(running(values * values))
            else:
                none = pl.Series([0], dtype=pl.Int128)
                wide = pl.Series(values).cast(pl.Int128)
                sums = pl.concat([none, (wide * wide).cum_sum()], rechunk=True)
            self._squares[column] = sums
        return self._squares[column]


def running(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the sums of all values before each place, and of all at the end.

    A sum over everybody may run over; the difference of two is right all the same.
    """
    sums = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


class Repeats:
    """Lines that repeat a product: counted by when they and what they repeat were.

    Parameters
    ----------
    rows
        `store.repeats`.
    starts, lengths
        Where each customer's rows begin, and how many they are.
    """

    def __init__(self, rows: pl.DataFrame, starts: Spots, lengths: Spots) -> None:
        self._starts, self._ends = starts, starts + lengths
        self._day, self._before = (rows[n].to_numpy() for n in ("day", "before"))
        self._last = int(self._day.max(initial=0))
        is_void = any(rows[n].null_count() < rows.height for n in ("since", "void_day"))
        self._since = rows["since"].fill_null(-_NEVER).to_numpy() if is_void else None
        self._void = rows["void_day"].fill_null(_NEVER).to_numpy()

    def ask(self, measure: Measure, window: Window, chosen: Spots) -> pl.Series:
        """Return how many there are, as known at the cutoff, of these customers."""
        start, end = _days(measure.span, window)
        earliest, latest = _days(measure.again, window)
        holds = self._before >= earliest
        if start > earliest:  # nothing is dated before what it repeats
            holds &= self._day >= start
        if end <= self._last:
            holds &= self._day < end
        if latest < end:
            holds &= self._before < latest
        if self._since is not None:
            holds &= (self._since < window.cutoff) & (window.cutoff <= self._void)
        found = running(holds.view(np.int8))
        number = found[self._ends[chosen]] - found[self._starts[chosen]]
        return pl.Series(number)


def edges(measures: Iterable[Measure], window: Window) -> dict[Rows, set[int]]:
    """Return the days on which the spans of measures begin and end."""
    found: dict[Rows, set[int]] = {
        kind: set() for kind in ("orders", "days", "credits")
    }
    found["orders"] |= {window.start, window.cutoff}
    for measure in measures:
        if measure.rows in found:
            parts = measure.span.split() if measure.span.parts > 1 else [measure.span]
            for part in parts:
                found[measure.rows].update(_days(part, window))
    return found


def _days(span: Span, window: Window) -> tuple[int, int]:
    """Return the first day of a span and the day after its last."""
    most = window.cutoff - window.history_start
    oldest = most if span.oldest is None else min(span.oldest, most)
    return window.cutoff - oldest, window.cutoff - min(span.newest, most)


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

    def __init__(self, runs: Runs, window: Window, chosen: Spots) -> None:
        self._runs, self._window, self._chosen = runs, window, chosen
        self._places: dict[int, Spots] = {}

    def ask(self, measure: Measure) -> pl.Series:
        """Return a measure of each customer, zero where there are no rows."""
        if measure.kind == "active":
            return self._active(measure.span)
        lo, hi = (self._on(day) for day in _days(measure.span, self._window))
        if measure.between:
            lo = np.minimum(lo + 1, hi)
        if measure.kind == "number":
            return pl.Series(hi - lo)
        if measure.kind == "sum":
            sums = self._runs.sums(measure.column)
            return pl.Series(sums[hi] - sums[lo])
        if measure.kind == "squares":
            squares = self._runs.squares(measure.column)
            return squares.gather(hi) - squares.gather(lo)
        if measure.kind == "median":
            return self._median(measure.column, lo, hi)
        found = self._pick(measure, lo, hi)
        found[hi <= lo] = 0
        return pl.Series(found)

    def _on(self, day: int) -> Spots:
        if day not in self._places:
            self._places[day] = self._runs.places[day][self._chosen]
        return self._places[day]

    def _active(self, span: Span) -> pl.Series:
        found = np.zeros(self._chosen.size, dtype=np.int64)
        for part in span.split():
            start, end = _days(part, self._window)
            found += self._on(start) < self._on(end)
        return pl.Series(found)

    def _pick(self, measure: Measure, lo: Spots, hi: Spots) -> NDArray[np.int64]:
        """Return one value of each slice; any where there is none."""
        column, is_ago = measure.column, measure.column == _AGO
        values = self._runs.day if is_ago else self._runs.values(column)
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

    def _median(self, column: str, lo: Spots, hi: Spots) -> pl.Series:
        """Return the median of values that are not below zero."""
        number = hi - lo
        values = self._runs.values(column)
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
        dtype = np.int32 if small else np.int64
        owner: NDArray[Any] = np.arange(lo.size, dtype=dtype) << wide
        packed = np.repeat(owner, number) | values.astype(dtype)
        packed.sort()
        first = np.cumsum(number) - number
        ranked = packed & ((1 << wide) - 1)
        last = values.size - 1
        low = ranked[np.minimum(first + np.maximum(number - 1, 0) // 2, last)]
        high = ranked[np.minimum(first + number // 2, last)]
        return pl.Series(np.where(number > 0, (low + high) / 2, 0.0))
