"""Tables with days: the shop's own segments, and the dates that it plans."""

from pathlib import Path

import pytest

from segpredict.config.side_tables import DateTableOptions, OwnSegmentsOptions
from segpredict.core.transactions import SideTables
from segpredict.data.side_tables.dated import read_dates, read_own_segments
from segpredict.errors import ColumnMissingError, ContractError, UnknownNameError


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


def read_planned(folder: Path, text: str, **options):
    path = folder / "dates.csv"
    path.write_text(text)
    return read_dates(DateTableOptions(**options), str(path), SideTables()).dates.rows()


def test_dates_are_read_by_the_usual_names_of_columns_and_kinds(tmp_path):
    german = "Von;Bis;Art;Angekündigt\n13.01.1970;15.01.1970;Rabattaktion;02.01.1970\n"
    german += "20.01.1970;;Feiertag;\n"
    found = [(12, 14, "promotion", 1), (19, 19, "holiday", None)]
    assert read_planned(tmp_path, german) == found
    assert read_planned(tmp_path, "date,type\n1970-01-02,Public Holiday\n") == [
        (1, 1, "holiday", None)
    ]
    own = {"columns": {"kind": "what"}, "kinds": {"closed": ("stock-taking",)}}
    assert read_planned(tmp_path, "day,what\n1970-01-02,Stock taking\n", **own) == [
        (1, 1, "closed", None)
    ]


def test_dates_of_an_unknown_kind_without_a_day_or_with_an_end_before_it_are_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="carnival") as caught:
        read_planned(tmp_path, "date,kind\n1970-01-02,carnival\n")
    assert "dates.kinds" in caught.value.fix
    with pytest.raises(ContractError, match="no first day, or end before it"):
        read_planned(tmp_path, "from,to,kind\n1970-01-05,1970-01-02,sale\n,1970-01-02,sale\n")
    with pytest.raises(ColumnMissingError, match="kind"):
        read_planned(tmp_path, "date,name\n1970-01-02,Easter\n")
