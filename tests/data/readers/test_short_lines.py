"""Texts of blank or broken lines, which would take far more memory than they have bytes."""

import pytest

from segpredict.config.source import SourceOptions
from segpredict.data.readers import _records, _rows, csv
from segpredict.errors import LimitError, UnreadableFileError

HEADER, ROW = b"customer_id,date,amount\n", b"c1,2024-01-31,2.50\n"


def _read(tmp_path, content):
    path = tmp_path / "shop.csv"
    path.write_bytes(content)
    return csv.PART.read(path, SourceOptions())


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"x\n"])
def test_so_many_short_lines_are_refused(tmp_path, monkeypatch, line):
    monkeypatch.setattr(_records, "MAX_SHORT_RECORDS", 1000)
    monkeypatch.setattr(_records, "CHUNK_BYTES", 4096)
    with pytest.raises(LimitError, match="more than 1,000 lines that are blank"):
        _read(tmp_path, HEADER + ROW + line * 5000 + ROW)


def test_rows_with_a_blank_line_between_them_are_no_short_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(_records, "MAX_SHORT_RECORDS", 10)
    assert _read(tmp_path, HEADER + (ROW + b"\n") * 500).frame.height == 500


def test_a_piece_of_mostly_broken_rows_is_refused_before_each_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(_rows, "MAX_BROKEN_RECORDS", 50)
    with pytest.raises(UnreadableFileError, match="60 of 61 are broken; the first has 2 cells"):
        _read(tmp_path, HEADER + ROW + b"Anna,Berg\n" * 60)


def test_broken_rows_beside_more_sound_ones_are_each_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(_rows, "MAX_BROKEN_RECORDS", 50)
    assert len(_read(tmp_path, HEADER + (ROW + ROW + b"Anna,Berg\n") * 60).rejects) == 60


def test_a_record_of_more_cells_than_any_table_has_is_not_split_for_its_kind(tmp_path):
    found = _read(tmp_path, HEADER + b"," * 5000 + b"\n" + ROW)
    assert [fault.row for fault in found.rejects] == [2]
    assert found.frame.height == 1
