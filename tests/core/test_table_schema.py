"""The quick check of a table says what pandera says."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from segpredict.core.table_schema import ColumnSchema, TableSchema
from segpredict.errors import SchemaError

TABLE = TableSchema(
    {
        "id": ColumnSchema(pl.String, max_length=3),
        "n": ColumnSchema(pl.Int64, low=0, high=9, nullable=True),
        "kind": ColumnSchema(pl.String, words=("a", "b"), required=False),
        "^p_[0-9]$": ColumnSchema(pl.Float64, low=0, high=1, nullable=True),
        "x": ColumnSchema(pl.Float64, is_finite=True, nullable=True),
    },
    name="rows",
    strict=True,
    ordered=True,
    unique=("id",),
)
FLOATS = st.sampled_from([0.0, 0.5, 1.0, -0.1, 1.1, math.nan, math.inf, None])
CELLS = {
    "id": st.sampled_from(["a", "bcd", "é", "e", "", "long", None]),
    "n": st.sampled_from([0, 9, 10, -1, None]),
    "kind": st.sampled_from(["a", "b", "c", None]),
    "p_1": FLOATS,
    "x": FLOATS,
    "other": st.just(1),
}
DTYPES = {"id": pl.String, "n": pl.Int64, "kind": pl.String, "p_1": pl.Float64, "x": pl.Float64}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Return a table that is right, or nearly so."""
    names = draw(
        st.sampled_from(["id n p_1 x", "id n kind p_1 x", "n id x", "id x", "id n x other"])
    )
    rows = draw(st.integers(0, 3))
    cells = {n: draw(st.lists(CELLS[n], min_size=rows, max_size=rows)) for n in names.split()}
    dtype = draw(st.sampled_from([pl.Int64, pl.Int64, pl.Int32]))
    return pl.DataFrame(cells, schema={n: DTYPES.get(n, pl.Int64) for n in cells}).cast(
        {"n": dtype} if "n" in cells else {}
    )


@given(frames())
def test_the_quick_check_accepts_what_pandera_accepts(frame: pl.DataFrame) -> None:
    try:
        TABLE.to_pandera().validate(frame, lazy=True)
    except (SchemaErrors, pl.exceptions.SchemaError):  # the latter: see `TableSchema`
        assert not TABLE.accepts(frame)
        with pytest.raises(SchemaError):
            TABLE.validate(frame)
    else:
        assert TABLE.validate(frame) is frame


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [("n", [10], "n fails"), ("x", [math.nan], "x fails"), ("kind", ["c"], "kind fails")],
)
def test_an_error_names_the_column(column: str, cells: list[object], said: str) -> None:
    row = {"id": ["a"], "n": [1], "kind": ["a"], "p_1": [0.5], "x": [2.0]} | {column: cells}
    with pytest.raises(SchemaError, match=said):
        TABLE.validate(pl.DataFrame(row))
