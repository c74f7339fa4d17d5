"""A table of the star schema: its grain, its columns, and how it is built."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from segpredict.core.transactions import MONEY_SCALE

ColumnKind = Literal["text", "whole", "number", "share", "money", "quantity", "date", "flag"]

MONEY_DECIMAL = pl.Decimal(19, 4)  # Power BI's fixed decimal number, and SQL's money
COLUMN_TYPES: Mapping[str, Any] = {
    "text": pl.String,
    "whole": pl.Int64,
    "number": pl.Float64,
    "share": pl.Float64,
    "money": MONEY_DECIMAL,
    "quantity": MONEY_DECIMAL,
    "date": pl.Date,
    "flag": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class BiColumn:
    """One column, under a stable name.

    Parameters
    ----------
    name
        In the files.
    kind
        Kind of its values; decides the type. ``money`` and ``quantity`` are given in whole
        units of 10⁻⁴ and exported as decimals, ``date`` as a day number or a date.
    meaning
        Its meaning, as a sentence.
    key
        ``primary``, or the ``table.column`` that it joins.

    Examples
    --------
    >>> spent = BiColumn("spent", "money", "Sum of all orders.")
    >>> pl.DataFrame({"spent": [12_3450]}).select(spent.as_expression).item()
    Decimal('12.3450')
    """

    name: str
    kind: ColumnKind
    meaning: str
    key: str = ""

    @property
    def as_expression(self) -> pl.Expr:
        """The column in the type in which it is written."""
        given = pl.col(self.name)
        if COLUMN_TYPES[self.kind] is MONEY_DECIMAL:
            # Wide enough that no digit is lost before the division.
            return (given.cast(pl.Decimal(38, 4)) / MONEY_SCALE).cast(MONEY_DECIMAL)
        return given.cast(COLUMN_TYPES[self.kind])


@dataclass(frozen=True, slots=True)
class BiTable:
    """One table of the star schema.

    Parameters
    ----------
    name
        Of its files.
    role
        ``fact``: events and forecasts; ``dimension``: customers, segments, days.
    grain
        What one row is.
    meaning
        Its purpose, and how to use it.
    columns
        Its columns, in order.
    build
        Builds the frame from a `StarSchema` or, if `is_batched`, from each `CustomerBatch`.
    is_batched
        Whether it is built batch by batch, so that it can be larger than memory.

    Examples
    --------
    >>> days = (BiColumn("day", "date", "The day."),)
    >>> table = BiTable("days", "dimension", "one day", "All days.", days, lambda frame: frame)
    >>> table.build_rows(pl.DataFrame({"day": [0]})).item()
    datetime.date(1970, 1, 1)
    """

    name: str
    role: Literal["fact", "dimension"]
    grain: str
    meaning: str
    columns: tuple[BiColumn, ...]
    build: Callable[[Any], pl.DataFrame]
    is_batched: bool = False

    def build_rows(self, source: Any) -> pl.DataFrame:
        """Return the rows of a `StarSchema` or a `CustomerBatch`, typed as declared."""
        return self.build(source).select(column.as_expression for column in self.columns)


def to_money_units(amount: pl.Expr) -> pl.Expr:
    """Return an amount in currency as whole units of 10⁻⁴, rounded.

    >>> pl.select(to_money_units(pl.lit(1.23456))).item()
    12346
    """
    return (amount * MONEY_SCALE).round().cast(pl.Int64)


def empty(columns: Sequence[BiColumn]) -> pl.DataFrame:
    """Return a table without rows."""
    return pl.DataFrame(schema=dict.fromkeys((c.name for c in columns), pl.Null))
