"""The shop's own segments are read with their days, and refused where a day says two things."""

from pathlib import Path

import pytest

from segpredict.config.side_tables import OwnSegmentsOptions
from segpredict.core.transactions import SideTables
from segpredict.data.side_tables.dated import read_own_segments
from segpredict.errors import ColumnMissingError, ContractError


def read(folder: Path, text: str, **columns: str):
    path = folder / "segments.csv"
    path.write_text(text)
    found = read_own_segments(OwnSegmentsOptions(columns=columns), str(path), SideTables())
    return found.own_segments.rows()


def test_segments_are_read_by_customer_and_day(tmp_path):
    text = "id,from,tier\nb,1970-01-03,Gold\na,1970-01-09,\na,1970-01-02, Lost \n"
    named = {"customer_id": "id", "date": "from", "segment": "tier"}
    assert read(tmp_path, text, **named) == [("a", 1, "Lost"), ("a", 8, None), ("b", 2, "Gold")]


def test_equal_rows_count_once_and_different_ones_of_a_day_are_refused(tmp_path):
    same = "customer_id,date,segment\na,1970-01-03,Gold\na,1970-01-03,Gold\n"
    assert read(tmp_path, same) == [("a", 2, "Gold")]
    with pytest.raises(ContractError, match="several segments on one day"):
        read(tmp_path, same + "a,1970-01-03,Lost\n")


def test_a_row_without_a_date_or_a_file_without_a_column_is_refused(tmp_path):
    with pytest.raises(ContractError, match=r"rows of .+ have no date"):
        read(tmp_path, "customer_id,date,segment\na,,Gold\nb,1970-01-03,Gold\n")
    with pytest.raises(ColumnMissingError):
        read(tmp_path, "customer_id,date\na,1970-01-03\n")
