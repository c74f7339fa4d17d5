"""The cells of a table of any size: the first rows in memory, all others on demand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from segpredict.data.readers._content import SAMPLE_ROWS
from segpredict.data.readers._reader import ROW, SourceTable

KEY = "\0key"  # tells one row of a table from another


@dataclass(frozen=True, slots=True)
class TableCells:
    """All cells of a table, of which few are looked at at a time."""

    rows: pl.LazyFrame  # every column, `ROW` and `KEY`
    head: pl.DataFrame  # the columns of the first rows
    is_on_disk: bool

    @classmethod
    def of(cls, table: SourceTable) -> "TableCells":
        """Return the cells of a table."""
        if table.on_disk is not None:
            rows = table.on_disk.with_columns(pl.col(ROW).alias(KEY))  # lines of one file
            head = table.on_disk.drop(ROW).head(SAMPLE_ROWS).collect()
            return cls(rows, head, is_on_disk=True)
        keys = pl.int_range(table.frame.height, dtype=pl.Int64, eager=True)
        rows = table.frame.lazy().with_columns(table.rows.alias(ROW), keys.alias(KEY))
        return cls(rows, table.frame.head(SAMPLE_ROWS), is_on_disk=False)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.head.columns

    @property
    def schema(self) -> pl.Schema:
        """The types of the columns."""
        return self.head.schema

    def collect(self, query: pl.LazyFrame) -> pl.DataFrame:
        """Return what a query of the rows gives."""
        return query.collect(engine="streaming" if self.is_on_disk else "auto")

    def column(self, name: str) -> pl.Series:
        """Return all cells of a column."""
        return self.rows.select(name).collect().to_series()

    def distinct(self, name: str) -> pl.Series:
        """Return the distinct cells of a column, in no order."""
        return self.collect(self.rows.select(pl.col(name).unique())).to_series()

    def count(self) -> int:
        """Return how many rows there are."""
        return int(self.collect(self.rows.select(pl.len())).item())

    def batches(self, rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        """Yield rows of a query; all at once where they are in memory."""
        yield from rows.collect_batches() if self.is_on_disk else [rows.collect()]

    def without(self, keys: pl.Series) -> "TableCells":
        """Return the cells of all other rows."""
        kept = self.rows.filter(~pl.col(KEY).is_in(keys.implode()))
        if not self.is_on_disk:
            kept = kept.collect().lazy()
        return replace(self, rows=kept, head=kept.select(self.columns).head(SAMPLE_ROWS).collect())

    def drop(self, names: Sequence[str]) -> "TableCells":
        """Return the cells of all other columns."""
        return replace(self, rows=self.rows.drop(names), head=self.head.drop(names))

    def remade(self, columns: Mapping[str, pl.Expr]) -> "TableCells":
        """Return the cells of new columns."""
        rows = self.rows.select(ROW, KEY, **columns)
        if not self.is_on_disk:
            rows = rows.collect().lazy()
        return replace(self, rows=rows, head=rows.select(list(columns)).head(SAMPLE_ROWS).collect())
