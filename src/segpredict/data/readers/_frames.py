"""Frames in memory, of any library, as Polars; and results as the library of the caller."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import polars as pl
from narwhals.dependencies import is_into_series, is_pandas_dataframe, is_pyarrow_table

from segpredict.data.readers._reader import SourceTable, row_numbers
from segpredict.errors import ColumnMissingError, ContractError, SourceError, quote_value

# What the conversion of one column raises where Arrow has no type for its cells.
CONVERSION_ERRORS = (
    *(TypeError, ValueError, OverflowError, NotImplementedError),
    pl.exceptions.PolarsError,
)


def table_of_frame(frame: object, name: str) -> SourceTable:
    """Return a frame as a table; a column that cannot be read counts only if it is used."""
    found = {"format": type(frame).__module__.split(".")[0]}
    unreadable: dict[str, ContractError] = {}
    if is_pandas_dataframe(frame):
        table = _from_columns(_pandas_columns(frame, name), _pandas_series, name, unreadable)
    elif is_pyarrow_table(frame):
        columns = list(zip(frame.column_names, frame.columns, strict=True))
        table = _from_columns(columns, _arrow_series, name, unreadable)
    else:
        table = _polars(frame, name)
    return SourceTable(table, row_numbers(table.height), "", found, unreadable=unreadable)


def in_kind_of(frame: object, result: pl.DataFrame) -> Any:
    """Return a result as pandas or PyArrow where the frame is that, else as it is."""
    if is_pandas_dataframe(frame):
        return result.to_pandas()
    if is_pyarrow_table(frame):
        return result.to_arrow(compat_level=pl.CompatLevel.oldest())
    return result


def explain_index(error: ColumnMissingError, frame: object) -> None:
    """Add to an error that the index of a pandas frame has no name, if it may hold the column."""
    if is_pandas_dataframe(frame) and _is_unnamed_index(frame):
        error.fix = (
            "if the index holds it, make it a column: frame.rename_axis('NAME').reset_index(). "
            f"Otherwise: {error.fix}"
        )


def _is_unnamed_index(frame: Any) -> bool:
    # Rows that were chosen from a frame keep their numbers, which are no data.
    return frame.index.inferred_type != "integer" and None in frame.index.names


def _polars(frame: Any, name: str) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if is_into_series(frame) or not hasattr(frame, "__arrow_c_stream__"):
        raise SourceError(
            f"{name} is a {type(frame).__name__}, not a table.",
            fix="give a Polars, pandas, PyArrow or DuckDB table, or the path of a file.",
        )
    try:
        return pl.DataFrame(frame)
    except CONVERSION_ERRORS as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{name} cannot be read as a table: {reason}.",
            fix="give every column one type; ids as text.",
        ) from None


def _from_columns(
    columns: Iterable[tuple[str, Any]],
    convert: Callable[[Any], pl.Series],
    name: str,
    unreadable: dict[str, ContractError],
) -> pl.DataFrame:
    """Return a frame of columns that are converted one by one; note those that cannot be."""
    found: dict[str, pl.Series] = {}
    for column, cells in columns:
        if column in found:
            raise SourceError(
                f"{name} has more than one column {quote_value(column)}.",
                fix="give each column a name of its own.",
            )
        try:
            found[column] = convert(cells)
        except CONVERSION_ERRORS as error:
            unreadable[column] = _unreadable(column, cells, error, name)
            found[column] = pl.Series([None] * len(cells), dtype=pl.String)
    return pl.DataFrame(found)


def _pandas_columns(frame: Any, name: str) -> list[tuple[str, Any]]:
    """Return the columns of a pandas frame, and the levels of its index that have a name."""
    if frame.columns.nlevels > 1:
        raise SourceError(
            f"The columns of {name} have {frame.columns.nlevels} levels.",
            fix="give them one: frame.columns = ['_'.join(map(str, each)) for each in "
            "frame.columns].",
        )
    columns = [(str(label), frame.iloc[:, i]) for i, label in enumerate(frame.columns)]
    taken = {label for label, _ in columns}
    levels = [
        (str(label), frame.index.get_level_values(i).to_series())
        for i, label in enumerate(frame.index.names)
        if label is not None and str(label) not in taken
    ]
    return [*columns, *levels]


def _pandas_series(cells: Any) -> pl.Series:
    kind = type(cells.dtype).__name__
    if kind == "CategoricalDtype":
        categories = _pandas_series(cells.cat.categories.to_series())
        codes = pl.Series(cells.cat.codes.to_numpy(), dtype=pl.Int64)
        return categories.gather(codes.replace(-1, None))
    if kind == "PeriodDtype":
        cells = _days_of_periods(cells)
    return cast("pl.Series", pl.from_pandas(cells))


def _days_of_periods(cells: Any) -> Any:
    """Return the moments at which periods begin, if each of them is within one day."""
    start, end = cells.dt.start_time, cells.dt.end_time
    if (start.dt.normalize() != end.dt.normalize())[cells.notna()].any():
        raise ValueError("periods of more than one day")
    return start


def _arrow_series(cells: Any) -> pl.Series:
    if hasattr(cells.type, "value_type") and hasattr(cells.type, "index_type"):
        cells = cells.cast(cells.type.value_type)  # a dictionary, of anything
    found = pl.from_arrow(cells)
    assert isinstance(found, pl.Series)
    return found


def _unreadable(column: str, cells: Any, error: Exception, file: str) -> ContractError:
    """Return the error of a column that is no column of Arrow: usually its cells are mixed."""
    place, kinds = f"Column {quote_value(column)} of {quote_value(file)}", {}
    if str(getattr(cells, "dtype", "")) == "object":
        kinds = cells.dropna().map(lambda cell: type(cell).__name__).value_counts().to_dict()
    if len(kinds) > 1:
        listed = " and ".join(f"{count:,} of type {kind}" for kind, count in kinds.items())
        return ContractError(
            f"{place} mixes types: {listed}.",
            fix=f"make them one, for instance text: frame[{column!r}] = "
            f"frame[{column!r}].map(str, na_action='ignore').",
            file=file,
            column=column,
        )
    kind = next(iter(kinds), None) or getattr(cells, "dtype", None) or cells.type
    return ContractError(
        f"{place} cannot be read: it holds {kind} ({str(error).splitlines()[0]}).",
        fix="give it as text, numbers or dates.",
        file=file,
        column=column,
    )
