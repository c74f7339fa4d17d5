"""What a table must look like: a quick check where all is well, pandera where it is not.

Most tables are right, and loading pandera takes longer than to score a customer. So a table that
passes the quick check is returned at once; any other is validated by pandera, which decides and
names what is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segpredict.core.frames import FEW_ROWS
from segpredict.errors import SchemaError

if TYPE_CHECKING:
    from pandera.polars import Column, DataFrameSchema

_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """What the values of a column may be.

    >>> numbers = ColumnSchema(pl.Int64, low=0)
    >>> numbers.accepts(pl.Series("n", [1, 2])), numbers.accepts(pl.Series("n", [1, -2]))
    (True, False)
    """

    dtype: type[pl.DataType]
    # the least and the greatest value; a column with either holds no NaN
    low: float | None = None
    high: float | None = None
    is_finite: bool = False
    max_length: int | None = None  # characters of a text, which then is never empty
    words: tuple[str, ...] = ()  # the only values; empty: any
    nullable: bool = False
    required: bool = True

    def accepts(self, values: pl.Series) -> bool:
        """Return whether a column is right beyond doubt."""
        if values.dtype != self.dtype or (not self.nullable and values.null_count()):
            return False
        if self._is_bounded and not self._is_within(values):
            return False
        if self.max_length is not None and len(values):
            sizes = values.str.len_bytes()
            if not sizes.min() or sizes.max() > self.max_length:  # type: ignore[operator]
                return False
        return not self.words or bool(values.is_in(self.words).all())

    def to_pandera(self, *, regex: bool = False) -> "Column":
        """Return the same as a column of pandera."""
        import pandera.polars as pa

        checks = []
        if self._is_bounded and self.dtype.is_float():
            checks.append(
                pa.Check(
                    lambda data: data.lazyframe.select(pl.col(data.key).is_finite()),
                    name="finite",
                    error="must be finite",
                )
            )
        if self.low is not None:
            checks.append(pa.Check.ge(self.low))
        if self.high is not None:
            checks.append(pa.Check.le(self.high))
        if self.max_length is not None:
            checks.append(pa.Check.str_length(min_value=1, max_value=self.max_length))
        if self.words:
            checks.append(pa.Check.isin(self.words))
        return pa.Column(
            self.dtype, checks, nullable=self.nullable, required=self.required, regex=regex
        )

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers of 64 bits with bounds, and nothing else."""
        return self.dtype is pl.Float64 and self._is_bounded

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest finite value."""
        low = -_LARGEST if self.low is None else self.low
        return low, _LARGEST if self.high is None else self.high

    @property
    def _is_bounded(self) -> bool:
        return self.is_finite or self.low is not None or self.high is not None

    def _is_within(self, values: pl.Series) -> bool:
        low, high = self.bounds
        # The least and the most of numbers of which one is NaN are NaN.
        for piece in values.get_chunks():
            numbers = piece.to_numpy()  # null becomes NaN, and nothing else may be
            if numbers.size and not (numbers.min() >= low and numbers.max() <= high):
                known = numbers[~np.isnan(numbers)]
                is_nan = numbers.size - known.size > piece.null_count()
                if is_nan or (known.size and not (known.min() >= low and known.max() <= high)):
                    return False
        return True


def _are_within(frame: pl.DataFrame, columns: Mapping[str, ColumnSchema]) -> bool:
    """Return whether columns of few numbers are all right: together, as calls cost the most."""
    some = frame.select(list(columns))
    if not columns or any(dtype != pl.Float64 for dtype in some.dtypes):
        return not columns
    cells, bounds = some.to_numpy(), np.array([column.bounds for column in columns.values()])
    outside = ~((cells >= bounds[:, 0]) & (cells <= bounds[:, 1]))
    # Null becomes NaN, and nothing else may be outside.
    is_nan = np.isnan(cells) if outside.any() else outside
    nulls = sum(each.null_count() for each in some.iter_columns()) if outside.any() else 0
    return bool((outside == is_nan).all()) and int(is_nan.sum()) == nulls


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table, by name; a name that begins with ``^`` is a pattern.

    >>> table = TableSchema({"id": ColumnSchema(pl.Int64)}, name="rows", unique=("id",))
    >>> table.validate(pl.DataFrame({"id": [7]})).height
    1
    """

    columns: Mapping[str, ColumnSchema]
    name: str
    strict: bool = False  # whether other columns are refused
    ordered: bool = False  # whether the columns must stand in this order
    unique: tuple[str, ...] = ()  # columns that together occur once
    min_rows: int = 0

    def validate(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame, or raise `SchemaError` with all that is wrong."""
        if frame.height < self.min_rows:
            raise SchemaError(self.name, [f"{frame.height} rows, and {self.min_rows} are needed"])
        if not self.accepts(frame):
            self._validate_by_pandera(frame)
        return frame

    def accepts(self, frame: pl.DataFrame) -> bool:
        """Return whether a table is right beyond doubt."""
        found = self._found(frame)
        needed = {n for n, c in self.columns.items() if c.required and not n.startswith("^")}
        has_columns = needed <= found.keys() and not (self.strict and len(found) < frame.width)
        if not has_columns:
            return False
        if self.ordered and list(found) != [n for n in frame.columns if n in found]:
            return False
        others = found
        if frame.height <= FEW_ROWS:
            numbers = {n: c for n, c in found.items() if c.nullable and c.is_number}
            if not _are_within(frame, numbers):
                return False
            others = {n: c for n, c in found.items() if n not in numbers}
        if not all(column.accepts(frame.get_column(n)) for n, column in others.items()):
            return False
        if not self.unique or frame.height < 2:
            return True
        keys = frame.select(self.unique)
        number = keys.to_series().n_unique() if keys.width == 1 else keys.n_unique()
        return number == frame.height

    def to_pandera(self) -> "DataFrameSchema":
        """Return the same as a schema of pandera, but for the number of rows."""
        import pandera.polars as pa

        return pa.DataFrameSchema(
            {n: c.to_pandera(regex=n.startswith("^")) for n, c in self.columns.items()},
            name=self.name,
            strict=self.strict,
            ordered=self.ordered,
            unique=list(self.unique) or None,
        )

    def _validate_by_pandera(self, frame: pl.DataFrame) -> None:
        import pandera.errors

        schema = self.to_pandera()
        try:
            # On a lazy frame pandera checks types only and lets bad values pass.
            schema.validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as error:
            grouped = error.failure_cases.group_by("column", "check", maintain_order=True).agg(
                pl.len(), pl.col("failure_case").first()
            )
            failures = [
                f"{r['column']} fails {r['check']} ({r['len']} ×, e.g. {r['failure_case']})"
                for r in grouped.to_dicts()
            ]
        except pl.exceptions.SchemaError:  # pandera cannot list failures of unlike types together
            try:
                schema.validate(frame)
            except pandera.errors.SchemaError as error:
                failures = [str(error)]
        else:
            return
        raise SchemaError(self.name, failures) from None

    def _found(self, frame: pl.DataFrame) -> dict[str, ColumnSchema]:
        """Return the columns of the frame that are declared, in the order of the schema."""
        there, found = set(frame.columns), dict[str, ColumnSchema]()
        for name, column in self.columns.items():
            if name.startswith("^"):
                found |= {n: column for n in frame.columns if re.match(name, n)}
            elif name in there:
                found[name] = column
        return found
