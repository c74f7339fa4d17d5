"""From purchases to clustering inputs: winsorise, log1p, standardise; frozen."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from segpredict.config.segmentation import InputSet
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import MONEY_SCALE

# Columns that a window is measured by; value always comes first.
CLUSTERING_INPUTS: Mapping[InputSet, tuple[str, ...]] = {
    "fm": ("spend", "days"),
    "rfm": ("spend", "days", "recency"),
    "wide": ("spend", "days", "recency", "products", "units", "refunds"),
}
COLUMN_UNITS = {
    "spend": MONEY_SCALE,
    **dict.fromkeys(("days", "recency", "products"), 1),
    **dict.fromkeys(("units", "refunds"), MONEY_SCALE),
}


@dataclass(frozen=True, slots=True)
class InputAxis:
    """One column of the clustering inputs and its frozen transformation."""

    column: str  # the column of the clustering inputs
    unit: int  # how many of the column's units make one (10,000 for money)
    # the column is clipped to these, in its own units
    low: int
    high: int
    # mean and standard deviation of the logs of the fit rows; the scale is 1 where the deviation is
    # 0, and shorter by the root of its weight where the axis was given one
    mean: float = 0.0
    scale: float = 1.0

    @property
    def standardized(self) -> pl.Expr:
        """The transformed column, in standard deviations from the mean."""
        return self._scaled(self._log)

    @property
    def unclipped(self) -> pl.Expr:
        """The transformed column without clipping at the percentiles."""
        whole = pl.col(self.column).cast(pl.Int64).clip(0)
        return self._scaled((whole * (1.0 / self.unit)).log1p())

    def _scaled(self, log: pl.Expr) -> pl.Expr:
        return ((log - self.mean) * (1.0 / self.scale)).alias(self.column)

    @property
    def _log(self) -> pl.Expr:
        clipped = pl.col(self.column).cast(pl.Int64).clip(max(self.low, 0), max(self.high, 0))
        # Polars divides one row and many rows differently in the last bit; a product is
        # equal, so a single customer gets the same values as among others.
        return (clipped * (1.0 / self.unit)).log1p()

    def _standardised(self, rows: pl.DataFrame) -> "InputAxis":
        # fsum is exact whatever the order; a plain float sum is not.
        logs = rows.select(self._log).to_series().to_list()
        if min(logs) == max(logs):
            return replace(self, mean=min(logs), scale=1.0)
        mean = math.fsum(logs) / len(logs)
        variance = math.fsum((x - mean) ** 2 for x in logs) / len(logs)
        return replace(self, mean=mean, scale=math.sqrt(variance) or 1.0)


def fit_axes(
    rows: pl.DataFrame,
    winsor: tuple[float, float],
    inputs: InputSet = "fm",
    weights: Mapping[str, float] | None = None,
) -> tuple[InputAxis, ...]:
    """Return the axes of the clustering inputs, value first, fitted on these rows."""
    axes = []
    for column in CLUSTERING_INPUTS[inputs]:
        weight = (weights or {}).get(column, 1.0)
        if weight > 0:
            limits = _limits(rows[column], winsor)
            axis = InputAxis(column, COLUMN_UNITS[column], *limits)._standardised(rows)
            axes.append(replace(axis, scale=axis.scale / math.sqrt(weight)))
    return tuple(axes)


def placed(rows: pl.DataFrame, axes: Iterable[InputAxis]) -> FloatArray:
    """Return the coordinates of the rows on standardised axes, one row each."""
    return rows.select(axis.standardized for axis in axes).to_numpy()


def extra_inputs(columns: Iterable[str]) -> tuple[str, ...]:
    """Return those of the columns that `features.clustering_inputs` measures on request.

    >>> extra_inputs(["spend", "days", "recency"])
    ('recency',)
    """
    return tuple(column for column in columns if column not in ("spend", "days"))


def _limits(column: pl.Series, winsor: tuple[float, float]) -> tuple[int, int]:
    ordered = column.sort()
    ranks = [max(math.ceil(p * len(ordered) / 100) - 1, 0) for p in winsor]
    return int(ordered[ranks[0]]), int(ordered[ranks[1]])
