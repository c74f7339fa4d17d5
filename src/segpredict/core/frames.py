"""Columns of numbers and texts → a frame, whether there are a million rows or one."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from numpy.typing import NDArray

FEW_ROWS = 32  # become a frame faster row by row than column by column
Columns = Mapping[str, NDArray[Any] | pl.Series | Sequence[Any]]


def frame_of(columns: Columns, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return columns as a frame with this schema, which may leave a type open (``None``).

    >>> frame_of({"a": [1, None]}, {"a": pl.Int64}).rows()
    [(1,), (None,)]
    """
    rows = max(map(len, columns.values()), default=0)
    if not 0 < rows <= FEW_ROWS:
        return pl.DataFrame(
            [pl.Series(n, each, dtype=schema[n], strict=False) for n, each in columns.items()]
        )
    plain = [_values(each) for each in columns.values()]
    return pl.DataFrame(list(zip(*plain, strict=True)), schema=schema, orient="row")


def _values(column: NDArray[Any] | pl.Series | Sequence[Any]) -> Sequence[Any]:
    if isinstance(column, pl.Series):
        return column.to_list()
    return column if isinstance(column, Sequence) else column.tolist()
