"""The migration table counts every move once, shows empty ones, and knows the new."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.errors import TableError
from segpredict.segments import NEW, matrix, migration
from segpredict.segments.names import ladder

SEGMENTS = ladder(2, {})


def pairs(*moves: tuple[int, int | None]) -> pl.DataFrame:
    kinds = {"state_now": pl.Int8, "label": pl.Int8}
    return pl.DataFrame(moves, schema=kinds, orient="row")


def test_moves_are_counted_with_their_share_of_the_row():
    moves = migration(pairs((1, 1), (1, 1), (1, 0), (1, 2), (2, 2)), SEGMENTS)
    rows = moves.select("from_id", "to_id", "n", "row_n", "share").rows()
    assert rows == [
        ("S0", "S0", 0, 0, None),
        ("S0", "S1", 0, 0, None),
        ("S0", "S2", 0, 0, None),
        ("S1", "S0", 1, 4, 0.25),
        ("S1", "S1", 2, 4, 0.5),
        ("S1", "S2", 1, 4, 0.25),
        ("S2", "S0", 0, 1, 0.0),
        ("S2", "S1", 0, 1, 0.0),
        ("S2", "S2", 1, 1, 1.0),
    ]


def test_the_interval_is_wilsons():
    moves = migration(pairs(*[(1, 1)] * 8, *[(1, 0)] * 2), SEGMENTS)
    stay = moves.row(
        by_predicate=(pl.col("from_id") == "S1") & (pl.col("n") == 8), named=True
    )
    assert (round(stay["low"], 4), round(stay["high"], 4)) == (0.4902, 0.9433)


def test_first_time_buyers_are_a_row_of_their_own():
    moves = migration(pairs((NEW, 1), (NEW, 2), (0, 0)), SEGMENTS)
    assert moves["from_id"].unique(maintain_order=True).to_list() == [
        "S0",
        "S1",
        "S2",
        "NEW",
    ]
    assert moves.filter(from_id="NEW")["share"].to_list() == [0.0, 0.5, 0.5]


def test_rows_without_a_complete_outcome_are_left_out():
    moves = migration(pairs((1, None), (1, 1)), SEGMENTS)
    assert moves["n"].sum() == 1


def test_thin_rows_are_marked():
    moves = migration(pairs(*[(1, 1)] * 30, *[(2, 2)] * 29), SEGMENTS)
    thin = dict(moves.select("from_id", "is_thin").unique().rows())
    assert thin == {"S0": True, "S1": False, "S2": True}


def test_the_matrix_has_a_row_a_start_and_a_column_an_end():
    table = matrix(migration(pairs((1, 2), (2, 2)), SEGMENTS), "n")
    assert table.rows() == [
        ("S0", "Inactive", 0, 0, 0),
        ("S1", "Occasional", 0, 0, 1),
        ("S2", "Core", 0, 0, 1),
    ]
    assert table.columns == ["from_id", "from_name", "S0", "S1", "S2"]


@pytest.mark.parametrize(
    ("move", "said"),
    [((7, 1), "state_now"), ((1, NEW), "label"), ((None, 1), "state_now")],
)
def test_codes_of_no_segment_are_refused(move, said):
    with pytest.raises(TableError, match=said):
        migration(pairs(move), SEGMENTS)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2)), max_size=50))
def test_every_customer_is_counted_once_and_shares_add_up(moves):
    table = migration(pairs(*moves), SEGMENTS)
    assert table["n"].sum() == len(moves)
    full = (
        table.filter(pl.col("row_n") > 0).group_by("from_id").agg(pl.col("share").sum())
    )
    assert all(abs(s - 1) < 1e-9 for s in full["share"])
    assert table.filter(~pl.col("share").is_between("low", "high")).height == 0
