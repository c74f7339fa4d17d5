"""Rows X01-X13 of the catalogue of bad input, each under its id."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data.readers import read_raw_lines, read_tables
from segpredict.errors import BadCellsError, LimitError, SourceError, UnreadableFileError

HEAD = ("customer_id", "date", "amount")


def book(folder: Path, *rows: tuple[Any, ...], **options: Any) -> Path:
    path = folder / "a.xlsx"
    with xlsxwriter.Workbook(path, options) as made:
        sheet = made.add_worksheet("Orders")
        for i, row in enumerate((HEAD, *rows)):
            sheet.write_row(i, 0, row)
    return path


def ids(raw: RawLines) -> list[str | None]:
    return raw.frame["customer_id"].to_list()


def rewritten(path: Path, member: str, old: str, new: str) -> Path:
    """Return the workbook with a piece of one of its parts exchanged."""
    other = path.with_name("b.xlsx")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for entry in source.infolist():
            content = source.read(entry).decode("latin-1")
            if entry.filename == member:
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(entry.filename, content.encode("latin-1"))
    return other


SHEET = "xl/worksheets/sheet1.xml"


def test_x01_a_locked_workbook_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600) + name + bytes(600))
    with pytest.raises(UnreadableFileError, match="password"):
        read_raw_lines([str(path)])


@pytest.mark.parametrize("ending", [pytest.param(e, id=f"X02-{e}") for e in ("xls", "ods")])
def test_a_workbook_that_is_none_is_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(4096))
    with pytest.raises(UnreadableFileError, match="not a sound workbook"):
        read_raw_lines([str(path)])


def test_x02_an_open_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = (HEAD, ("00123", "2011-01-31", "1"))
    lines = "".join(
        f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows
    )
    names = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    assert ids(read_raw_lines([str(path)])) == ["00123"]


def test_x02_a_workbook_with_macros_is_read_without_them(tmp_path: Path) -> None:
    path = book(tmp_path, ("7", "2011-01-31", "1"))
    assert ids(read_raw_lines([str(path.rename(tmp_path / "a.xlsm"))])) == ["7"]


def test_x03_several_sheets_are_listed_and_may_be_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for i, name in enumerate(("2010", "2011", "empty")):
            sheet = made.add_worksheet(name)
            for j, row in enumerate((HEAD, (str(i), "2011-01-31", "1")) * (i < 2)):
                sheet.write_row(j, 0, row)
    with pytest.raises(SourceError, match='2 filled sheets: "2010", "2011"'):
        read_raw_lines([str(path)])
    assert ids(read_raw_lines([str(path)], SourceOptions(sheet="2011"))) == ["1"]
    assert ids(read_raw_lines([str(path)], SourceOptions(sheet="*"))) == ["0", "1"]
    with pytest.raises(SourceError, match="no filled sheet"):
        read_raw_lines([str(path)], SourceOptions(sheet="2012"))


def test_x03_a_sheet_of_notes_is_left_out_where_all_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for name in ("2010", "2011"):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, (name, "2011-01-31", "1"))
        made.add_worksheet("Notes").write(0, 0, "exported by Anna")
    raw = read_raw_lines([str(path)], SourceOptions(sheet="*"))
    assert ids(raw) == ["2010", "2011"]
    assert raw.files[0].detected.shown()["sheets_left_out"] == "Notes"


def test_x04_the_header_is_found_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.merge_range("B2:D2", "Sales 2011")
        sheet.write_row(4, 1, HEAD)
        sheet.write_row(5, 1, ("00123", "2011-01-31", "1"))
    raw = read_raw_lines([str(path)])
    assert ids(raw) == ["00123"]
    assert raw.frame["row"].to_list() == [6]


@pytest.mark.parametrize("is_1904", [pytest.param(x, id=f"X05-{x}") for x in (False, True)])
def test_dates_are_those_that_are_shown(is_1904: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": is_1904}) as made:
        sheet, shown = (
            made.add_worksheet(),
            made.add_format({"num_format": "d.m.yy h:mm"}),
        )
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, (1, None, 2.55))
        sheet.write_datetime(1, 1, dt.datetime.fromisoformat("2010-12-01 08:26"), shown)
        sheet.write_row(2, 0, (2, "31/01/2011", 1))
    raw = read_raw_lines([str(path)])
    assert raw.frame["time"].to_list() == ["2010-12-01 08:26:00", "31/01/2011"]
    assert raw.frame["amount"].to_list() == ["2.55", "1"]


def test_x06_ids_are_text_as_they_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        for i in range(1200):
            sheet.write_row(1 + i, 0, (17850, "2011-01-31", 1))
        sheet.write_row(1201, 0, ("C536379", "2011-01-31", 1))
        sheet.write_string(1202, 0, "00123")
        sheet.write_row(1202, 1, ("2011-01-31", 1))
    assert ids(read_raw_lines([str(path)]))[1199:] == ["17850", "C536379", "00123"]


def test_x06_zeros_that_are_only_shown_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet, zeros = made.add_worksheet(), made.add_format({"num_format": "00000"})
        sheet.write_row(0, 0, HEAD)
        sheet.write_number(1, 0, 17850, zeros)
        sheet.write_number(2, 0, 123, zeros)
    with pytest.raises(UnreadableFileError, match='first is A3, shown as "00123"'):
        read_raw_lines([str(path)])


def test_x07_an_error_in_a_cell_spoils_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("Orders")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ("1", "2011-01-31"))
        sheet.write_formula(1, 2, "=1+1", None, 2)
        sheet.write_row(2, 0, ("2", "2011-01-31"))
        sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")
    with pytest.raises(BadCellsError, match="is an error in sheet Orders") as caught:
        read_raw_lines([str(path)])
    assert (caught.value.where["row"], caught.value.where["column"]) == (3, "amount")
    raw = read_raw_lines([str(path)], bad_rows="carry")
    assert raw.frame["amount"].to_list() == ["2"]


def test_x07_a_formula_without_stored_value_is_named(tmp_path: Path) -> None:
    path = book(tmp_path, ("1", "2011-01-31", "=1+1"))
    unsaved = rewritten(path, SHEET, "<f>1+1</f><v>0</v>", "<f>1+1</f>")
    with pytest.raises(UnreadableFileError, match="the first is in cell C2"):
        read_raw_lines([str(unsaved)])


def test_x08_a_bomb_in_a_sheet_stops_at_the_ratio(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(SHEET, b"<row><c><v>1</v></c></row>" * 4_000_000)
    with pytest.raises(LimitError, match="times"):
        read_raw_lines([str(path)])


CORNER = '<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>'


# The second is the same to a reader of XML, and not to one of text.
@pytest.mark.parametrize("cell", [CORNER, CORNER.replace("<c r", "<c  s='0' r")])
def test_x08_a_cell_at_the_last_corner_does_not_end_the_process(cell: str, tmp_path: Path) -> None:
    path, row = book(tmp_path, ("1", "2011-01-31", "1")), f"<row r = '1048576'>{cell}</row>"
    far = rewritten(path, SHEET, "</sheetData>", f"{row}</sheetData>")
    with pytest.raises(LimitError, match="reading its cells takes more than") as caught:
        read_raw_lines([str(far)])
    assert caught.value.exit_code == 10


def test_a_workbook_reads_the_same_in_a_process_of_its_own(tmp_path: Path, monkeypatch) -> None:
    path = book(tmp_path, ("1", "2011-01-31", "1"), ("2", "2011-02-28", "=1/0"))
    here = read_tables([str(path)], SourceOptions())[str(path)]
    monkeypatch.setattr("segpredict.data.readers.excel.is_small", lambda *_: False)
    apart = read_tables([str(path)], SourceOptions())[str(path)]
    assert here.frame.equals(apart.frame)
    assert here.rejects == apart.rejects


def test_x09_entities_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path, ("1", "2011-01-31", "1"))
    evil = '<!DOCTYPE x [<!ENTITY a "ha">]><worksheet'
    with pytest.raises(UnreadableFileError, match="XML bomb"):
        read_raw_lines([str(rewritten(path, SHEET, "<worksheet", evil))])


def test_x10_a_sheet_that_claims_to_be_huge_takes_no_more_room(tmp_path: Path) -> None:
    path = book(tmp_path, ("1", "2011-01-31", "1"))
    lying = rewritten(path, SHEET, 'ref="A1:C2"', 'ref="A1:XFD1048576"')
    assert ids(read_raw_lines([str(lying)])) == ["1"]


def test_x11_a_full_sheet_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segpredict.data.readers.excel.SHEET_ROW_LIMIT", 3)
    rows = [(str(i), "2011-01-31", "1") for i in range(2)]
    detected = read_raw_lines([str(book(tmp_path, *rows))]).files[0].detected.shown()
    assert "probably cut off" in detected["full_sheet"]


def test_x12_hidden_rows_are_read_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        for i, row in enumerate((HEAD, ("1", "2011-01-31", "1"), ("2", "2011-01-31", "1"))):
            sheet.write_row(i, 0, row)
        sheet.set_row(2, None, None, {"hidden": True})
    raw = read_raw_lines([str(path)])
    assert ids(raw) == ["1", "2"]
    assert raw.files[0].detected.shown()["hidden_rows"].startswith("1,")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("../../x", "leads out", id="X13-parent"),
        pytest.param("/x", "leads out", id="X13-absolute"),
        pytest.param(SHEET, "twice", id="X13-twice"),
    ],
)
def test_odd_names_in_a_workbook_are_refused(name: str, reason: str, tmp_path: Path) -> None:
    path = book(tmp_path, ("1", "2011-01-31", "1"))
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo(name)
        archive._writecheck = lambda _: None  # type: ignore[attr-defined]
        archive.writestr(entry, "x")
    with pytest.raises(UnreadableFileError, match=reason):
        read_raw_lines([str(path)])
