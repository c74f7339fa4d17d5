"""Measures without grouping, on rows sorted by customer and time.

A span is one slice of a customer's rows, so a sum is a difference of two running sums, which any
number of spans and cutoffs share, like the places where days begin.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.arrays import IndexArray

NumberArray = NDArray[Any] | pl.Series
NO_DAY = np.iinfo(np.int32).max  # later than any day
_FULL = 2**63


class RunOffsets:
    """Where requested days begin in runs of rows that follow each other, days rising within each.

    Each row is counted once, by its customer and the two requested days between which it lies;
    adding up the counts from day to day gives all offsets, however many days.
    """

    def __init__(
        self,
        days: NDArray[np.int32],
        starts: IndexArray,
        lengths: IndexArray,
        requested: Collection[int],
    ) -> None:
        ordered, here = sorted(requested), starts
        self._found: dict[int, IndexArray] = {}
        self.longest = int(lengths.max(initial=0))
        number = starts.size
        owner = np.repeat(np.arange(number), lengths)
        low, high = int(days.min(initial=NO_DAY)), int(days.max(initial=-NO_DAY))
        between = np.searchsorted(ordered, np.arange(low, high + 1), side="right")
        cell = (between * number)[days - low] + owner
        counts = np.bincount(cell, minlength=(len(ordered) + 1) * number)
        for i, day in enumerate(ordered):
            here = here + counts[i * number : (i + 1) * number]
            self._found[day] = here

    def __getitem__(self, day: int) -> IndexArray:
        """Return the first offset in each run that is on a day or later."""
        return self._found[day]


class OffsetLookup(Protocol):
    """Where days begin in each run of rows, and how many rows the longest has."""

    longest: int

    def __getitem__(self, day: int) -> IndexArray: ...


class ShiftedOffsets:
    """Offsets among rows of which some were left out: `retained` of those before each remain."""

    def __init__(self, places: OffsetLookup, retained: IndexArray) -> None:
        self._places, self._retained = places, retained
        self.longest = places.longest
        self._found: dict[int, IndexArray] = {}

    def __getitem__(self, day: int) -> IndexArray:
        """Return the first offset in each run that is on a day or later."""
        if day not in self._found:
            self._found[day] = self._retained[self._places[day]]
        return self._found[day]


class CustomerRows:
    """Rows of one kind: a run for each customer, in order of time.

    Columns are those of `rows`, expressions over them, or computed on first use.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        places: OffsetLookup,
        columns: Mapping[str, pl.Expr],
        computed: Mapping[str, Callable[[], NDArray[Any]]] | None = None,
    ) -> None:
        self._rows, self._columns, self.places = rows, columns, places
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
            if most * most * self.places.longest < _FULL:
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
