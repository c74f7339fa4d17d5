"""A table of the star schema: its grain, its columns, and how it is built."""

from collections.abc import Callable, Mapping
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

    Examples
    --------
    >>> spent = BiColumn("spent", "money", "Sum of all orders.")
    >>> pl.DataFrame({"spent": [12_3450]}).select(spent.as_expression).item()
    Decimal('12.3450')
    """

    name: str  # in the files
    # kind of its values; decides the type. ``money`` and ``quantity`` are given in whole units of
    # 10⁻⁴ and exported as decimals, ``date`` as a day number or a date.
    kind: ColumnKind
    meaning: str  # as a sentence
    key: str = ""  # ``primary``, or the ``table.column`` that it joins

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

    Examples
    --------
    >>> days = (BiColumn("day", "date", "The day."),)
    >>> table = BiTable("days", "dimension", "one day", "All days.", days, lambda frame: frame)
    >>> table.build_rows(pl.DataFrame({"day": [0]})).item()
    datetime.date(1970, 1, 1)
    """

    name: str  # of its files
    # ``fact``: events and forecasts; ``dimension``: customers, segments, days
    role: Literal["fact", "dimension"]
    grain: str  # what one row is
    meaning: str  # its purpose, and how to use it
    columns: tuple[BiColumn, ...]
    # builds the frame from a `StarSchema` or, if `is_batched`, from each `CustomerBatch`; ``None``
    # where the run lacks the stage
    build: Callable[[Any], pl.DataFrame | None]
    is_batched: bool = False  # built batch by batch, so that it can be larger than memory

    def build_rows(self, source: Any) -> pl.DataFrame:
        """Return the rows of a `StarSchema` or a `CustomerBatch`, typed as declared."""
        rows = self.build(source)
        if rows is None:
            rows = pl.DataFrame(schema=dict.fromkeys((c.name for c in self.columns), pl.Null))
        return rows.select(column.as_expression for column in self.columns)


def to_money_units(amount: pl.Expr) -> pl.Expr:
    """Return an amount in currency as whole units of 10⁻⁴, rounded.

    >>> pl.select(to_money_units(pl.lit(1.23456))).item()
    12346
    """
    return (amount * MONEY_SCALE).round().cast(pl.Int64)
