"""Measures without grouping, on rows sorted by customer and time.

A span is one slice of a customer's rows, so a sum is a difference of two shared running sums.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.arrays import IndexArray
from segpredict.core.window import Window
from segpredict.features.engine.measures import Measure, MeasureSpan, RowKind

NumberArray = NDArray[Any] | pl.Series
NO_DAY = np.iinfo(np.int32).max  # later than any day
_FULL = 2**63


def run_offsets(
    days: NDArray[np.int32], starts: IndexArray, lengths: IndexArray, requested: Collection[int]
) -> dict[int, IndexArray]:
    """Return the first offset in each run that is on a requested day or later, by day.

    Runs of rows follow each other, days rising within each. Each row is counted once, by its
    customer and the two requested days between which it lies; adding up the counts from day to day
    gives all offsets, however many days.
    """
    ordered, here = sorted(requested), starts
    found: dict[int, IndexArray] = {}
    number = starts.size
    owner = np.repeat(np.arange(number), lengths)
    low, high = int(days.min(initial=NO_DAY)), int(days.max(initial=-NO_DAY))
    between = np.searchsorted(ordered, np.arange(low, high + 1), side="right")
    cell = (between * number)[days - low] + owner
    counts = np.bincount(cell, minlength=(len(ordered) + 1) * number)
    for i, day in enumerate(ordered):
        here = here + counts[i * number : (i + 1) * number]
        found[day] = here
    return found


class CustomerRows:
    """Rows of one kind: a run for each customer, in order of time.

    Columns are those of `rows`, expressions over them, or computed on first use. `places` are the
    offsets of days in each run, and `longest` is no less than the rows of any customer.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        places: Mapping[int, IndexArray],
        longest: int,
        columns: Mapping[str, pl.Expr],
        computed: Mapping[str, Callable[[], NDArray[Any]]] | None = None,
    ) -> None:
        self._rows, self._columns, self.places, self.longest = rows, columns, places, longest
        self._computed = computed or {}
        self._values: dict[str, NDArray[Any]] = {}
        self._sums: dict[str, NDArray[Any]] = {}
        self._squares: dict[str, NumberArray] = {}

    def values(self, column: str) -> NDArray[Any]:
        """Return a column of whole numbers."""
        if column not in self._values:
            self._values[column] = self._compute(column)
        return self._values[column]

    @property
    def day(self) -> NDArray[np.int32]:
        """The days of the rows."""
        return self.values("day")

    def _compute(self, column: str) -> NDArray[Any]:
        if column in self._computed:
            return self._computed[column]()
        if column in self._columns:
            return self._rows.select(self._columns[column]).to_series().to_numpy()
        return self._rows[column].to_numpy()

    def cumulative_sums(self, column: str) -> NDArray[np.int64]:
        """Return the sum of all values of a column before each offset."""
        if column not in self._sums:
            self._sums[column] = cumulative_sum(self.values(column))
        return self._sums[column]

    def cumulative_squares(self, column: str) -> NumberArray:
        """Return the exact sum of squares before each offset; one large order may fill 64 bits."""
        if column not in self._squares:
            values = self.values(column)
            most = max(int(values.max(initial=0)), -int(values.min(initial=0)))
            if most * most * self.longest < _FULL:
                self._squares[column] = cumulative_sum(values * values)
            else:
                none, wide = pl.Series([0], dtype=pl.Int128), pl.Series(values).cast(pl.Int128)
                sums = pl.concat([none, (wide * wide).cum_sum()], rechunk=True)
                self._squares[column] = sums
        return self._squares[column]


def cumulative_sum(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the sums of all values before each offset, and of all at the end.

    A sum over all customers may overflow; the difference of two is right all the same.
    """
    sums = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def span_edges(measures: Iterable[Measure], window: Window) -> dict[RowKind, set[int]]:
    """Return the days on which the spans of measures begin and end."""
    found: dict[RowKind, set[int]] = {kind: set() for kind in ("orders", "days", "credits")}
    found["orders"] |= {window.start, window.cutoff}
    for measure in measures:
        if measure.rows in found:
            parts = measure.span.split_parts() if measure.span.n_parts > 1 else [measure.span]
            for part in parts:
                found[measure.rows].update(_days(part, window))
    return found


def _days(span: MeasureSpan, window: Window) -> tuple[int, int]:
    """Return the first day of a span and the day after its last."""
    most = window.cutoff - window.history_start
    oldest = most if span.oldest is None else min(span.oldest, most)
    return window.cutoff - oldest, window.cutoff - min(span.newest, most)


class WindowView:
    """The runs of customers, given by their positions, as one window may see them."""

    def __init__(self, runs: CustomerRows, window: Window, chosen: IndexArray) -> None:
        self._runs, self._window, self._chosen = runs, window, chosen
        self._places: dict[int, IndexArray] = {}
        self._sums: dict[tuple[str, int], NDArray[np.int64]] = {}

    def measure_customers(self, measure: Measure) -> NumberArray:
        """Return a measure of each customer, zero where there are no rows."""
        if measure.kind == "active":
            return self._active(measure.span)
        days = _days(measure.span, self._window)
        if measure.kind == "sum" and not measure.between:
            # Many spans end on the same days, so sums up to a day are looked up once.
            before, after = (self._before(measure.column, day) for day in days)
            return after - before
        lo, hi = (self._on(day) for day in days)
        if measure.between:
            lo = np.minimum(lo + 1, hi)
        if measure.kind == "number":
            return hi - lo
        if measure.kind in ("sum", "squares"):
            is_sum = measure.kind == "sum"
            sums = self._runs.cumulative_sums if is_sum else self._runs.cumulative_squares
            return sums(measure.column)[hi] - sums(measure.column)[lo]
        of_slices = {"most": self._most, "median": self._median}.get(measure.kind, self._edge)
        return of_slices(measure, lo, hi)

    def _on(self, day: int) -> IndexArray:
        if day not in self._places:
            self._places[day] = self._runs.places[day][self._chosen]
        return self._places[day]

    def _before(self, column: str, day: int) -> NDArray[np.int64]:
        if (column, day) not in self._sums:
            self._sums[column, day] = self._runs.cumulative_sums(column)[self._on(day)]
        return self._sums[column, day]

    def _active(self, span: MeasureSpan) -> NumberArray:
        found = np.zeros(self._chosen.size, dtype=np.int64)
        for part in span.split_parts():
            start, end = _days(part, self._window)
            found += self._on(start) < self._on(end)
        return found

    def _edge(self, measure: Measure, lo: IndexArray, hi: IndexArray) -> NumberArray:
        """Return the first or last value of each slice."""
        is_ago = measure.column == "ago"
        values = self._runs.day if is_ago else self._runs.values(measure.column)
        if not values.size:
            return np.zeros(lo.size, dtype=np.int64)
        position = lo if measure.kind == "first" else hi - 1
        found = values[np.clip(position, 0, values.size - 1)].astype(np.int64)
        if is_ago:
            found = self._window.cutoff - found
        return np.where(lo < hi, found, 0)

    def _most(self, measure: Measure, lo: IndexArray, hi: IndexArray) -> NumberArray:
        """Return the largest value of each slice."""
        values = self._runs.values(measure.column)
        both = np.stack([lo, hi], axis=1).ravel()
        found = np.maximum.reduceat(np.append(values, 0), both)[::2]
        return np.where(lo < hi, found, 0)

    def _median(self, measure: Measure, lo: IndexArray, hi: IndexArray) -> NumberArray:
        """Return the median of values that are not below zero."""
        number = hi - lo
        values = _inside(self._runs.values(measure.column), lo, hi)
        if not values.size:
            return np.zeros(lo.size)
        # One whole number sorts far faster than two columns.
        n_bits = int(values.max()).bit_length()
        small = lo.size.bit_length() + n_bits < 32
        dtype = np.int32 if small else np.int64
        owner = np.left_shift(np.arange(lo.size), n_bits).astype(dtype)
        packed = np.repeat(owner, number) | values.astype(dtype)
        packed.sort()
        first = np.cumsum(number) - number
        ranked = packed & ((1 << n_bits) - 1)
        last = values.size - 1
        low = ranked[np.minimum(first + np.maximum(number - 1, 0) // 2, last)]
        high = ranked[np.minimum(first + number // 2, last)]
        return np.where(number > 0, (low + high) / 2, 0.0)


def _inside(values: NDArray[Any], lo: IndexArray, hi: IndexArray) -> NDArray[Any]:
    """Return the values in slices that follow each other."""
    some = lo < hi
    if np.sum(hi - lo) == values.size:
        return values
    edge = np.zeros(values.size + 1, dtype=np.int8)
    edge[lo[some]] += 1
    edge[hi[some]] -= 1
    return np.asarray(values[np.cumsum(edge[:-1], dtype=np.int8).astype(bool)])


class RepeatPurchases:
    """Lines that repeat a product, counted by when they and what they repeat were.

    Rows are those of `store.repeat_purchases`, with their number for each customer.
    """

    def __init__(self, rows: pl.DataFrame, lengths: IndexArray) -> None:
        self._customers = lengths.size
        self._owner = np.repeat(np.arange(lengths.size, dtype=np.int32), lengths)
        self._day, self._before = (rows[n].to_numpy() for n in ("day", "before"))
        self._last = int(self._day.max(initial=0))
        is_void = any(rows[n].null_count() < rows.height for n in ("since", "void_day"))
        self._stands: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
        if is_void:
            since, until = rows["since"].fill_null(-NO_DAY), rows["void_day"].fill_null(NO_DAY)
            self._stands = since.to_numpy(), until.to_numpy()

    def count_repeats(self, measure: Measure, window: Window, chosen: IndexArray) -> NumberArray:
        """Return how many there are, as known at the cutoff, of these customers."""
        start, end = _days(measure.span, window)
        earliest, latest = _days(measure.repeat_of, window)
        holds = self._before >= earliest
        if start > earliest:  # nothing is dated before what it repeats
            holds &= self._day >= start
        if end <= self._last:
            holds &= self._day < end
        if latest < end:
            holds &= self._before < latest
        if self._stands is not None:
            since, until = self._stands
            holds &= (since < window.cutoff) & (window.cutoff <= until)
        return np.bincount(self._owner[holds], minlength=self._customers)[chosen]
