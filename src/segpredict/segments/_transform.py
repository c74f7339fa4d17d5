"""From what a customer bought to a point: winsorise, log1p, standardise; frozen."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from segpredict.tables import MONEY

# What a window of buying is measured by; value always comes first.
INSTRUMENTS = {
    "fm": ("spend", "days"),
    "rfm": ("spend", "days", "recency"),
    "wide": ("spend", "days", "recency", "products", "units", "refunds"),
}
UNITS = {
    "spend": MONEY,
    "days": 1,
    "recency": 1,
    "products": 1,
    "units": MONEY,
    "refunds": MONEY,
}


@dataclass(frozen=True, slots=True)
class Axis:
    """One column of the instrument and its frozen way onto an axis of the space.

    Parameters
    ----------
    column
        The instrument's column.
    unit
        How many of the column's units make one (10,000 for money).
    low, high
        The column is cut to these, in its own units.
    mean, scale
        Mean and standard deviation of the logs of the fit rows; the scale is 1 where
        the deviation is 0.
    """

    column: str
    unit: int
    low: int
    high: int
    mean: float = 0.0
    scale: float = 1.0

    @property
    def place(self) -> pl.Expr:
        """The column's place on the axis, in standard deviations from the mean."""
        return ((self._log - self.mean) * (1.0 / self.scale)).alias(self.column)

    @property
    def _log(self) -> pl.Expr:
        cut = pl.col(self.column).cast(pl.Int64).clip(max(self.low, 0), self._top)
        # Polars divides one row and many rows differently in the last bit; a product is
        # the same, so a customer alone lands where it does among others.
        return (cut * (1.0 / self.unit)).log1p()

    @property
    def _top(self) -> int:
        return max(self.high, 0)

    def _standardised(self, rows: pl.DataFrame) -> "Axis":
        # fsum is exact whatever the order; a plain float sum is not.
        logs = rows.select(self._log).to_series().to_list()
        lowest, highest = min(logs), max(logs)
        if lowest == highest:
            return Axis(self.column, self.unit, self.low, self.high, lowest, 1.0)
        mean = math.fsum(logs) / len(logs)
        variance = math.fsum((x - mean) ** 2 for x in logs) / len(logs)
        scale = math.sqrt(variance) or 1.0
        return Axis(self.column, self.unit, self.low, self.high, mean, scale)


def fit_axes(
    rows: pl.DataFrame, winsor: tuple[float, float], instrument: str = "fm"
) -> tuple[Axis, ...]:
    """Return the axes of the instrument, value first, as the fit rows define them.

    Parameters
    ----------
    rows
        `contracts.INSTRUMENT`.
    winsor
        Percentiles at which the columns are cut; the limits are values that occur.
    instrument
        Which columns, a name in `INSTRUMENTS`.
    """
    return tuple(
        Axis(column, UNITS[column], *_limits(rows[column], winsor))._standardised(rows)
        for column in INSTRUMENTS[instrument]
    )


def further(columns: Iterable[str]) -> tuple[str, ...]:
    """Return those of the columns that `features.instrument` measures when asked."""
    return tuple(column for column in columns if column not in ("spend", "days"))


def _limits(column: pl.Series, winsor: tuple[float, float]) -> tuple[int, int]:
    ordered = column.sort()
    ranks = [max(math.ceil(p * len(ordered) / 100) - 1, 0) for p in winsor]
    return int(ordered[ranks[0]]), int(ordered[ranks[1]])
