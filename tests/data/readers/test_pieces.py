"""Pieces change nothing: rows, findings, rejects and errors are those of a text read whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segpredict.config.source import SourceOptions
from segpredict.data.readers import _plain_text, _records, _spool, csv, read_raw_lines, read_tables
from segpredict.errors import SegpredictError

NAMES = ["customer_id", "order_id", "date", "amount", "description", "status", ""]
CELLS = {
    "customer_id": ["7", "8", "", " "],
    "order_id": ["1", "2", "Total", "Total 1"],
    "date": ["2011-01-31", "2011-02-01", ""],
    "amount": ["2.5", "-1", ""],
    "description": ["mug", '"a, b"', '"a\nb"', '"a\r\n""b"""', ' "c" ', '5" disc', "é", '"', "\0"],
    "status": ["paid", "failed", " paid", "", '""'],
    "": ["", "", "x"],
}
ENDINGS = ["\n", "", "\n\nTotal rows: 9\n", "\n\n\n", '\n7,"open', "\n7,1", "\n# end", "\n\n\nend"]
KEPT = {"allow_truncated": True, "stray_quotes": "keep"}
row = st.tuples(*(st.sampled_from(cells) for cells in CELLS.values()))


@contextmanager
def read_in_pieces(size: int, rows: int = 0, start: int | None = None) -> Iterator[None]:
    """Hold so many bytes and rows in memory; of a file of more than `start` bytes, no text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_records, "PIECE_BYTES", size)
        patch.setattr(_spool, "MAX_ROWS_IN_MEMORY", rows)
        patch.setattr(_spool, "MAX_ROWS_WAITING", 7)
        if start is not None:
            patch.setattr(_plain_text, "START_BYTES", start)
        yield


def found(path: Path, layout: SourceOptions) -> dict[str, Any]:
    """Return all that reading says, or its error."""
    try:
        raw = read_raw_lines([str(path)], layout, "carry")
    except SegpredictError as error:
        return {"error": str(error), "fix": error.fix, "where": error.where}
    rows = raw.rows.collect()
    rejects = None if raw.rejects is None else raw.rejects.rows()
    return {"rows": rows.rows(), "schema": rows.schema, "files": raw.files, "rejects": rejects}


def text_of(rows: list[tuple[str, ...]], width: int, cut: int, line_end: str, ending: str) -> str:
    """Return a table of the first columns, of which some rows are one cell short."""
    lines = [NAMES[:width], *(cells[: width - (i % 9 < cut)] for i, cells in enumerate(rows))]
    return ("\n".join(",".join(cells) for cells in lines) + ending).replace("\n", line_end)


@settings(max_examples=8)
@example([("7", "1", "2011-01-31", "2.5", '5" disc', "", "")] * 9, 5, 0, "\r\n", "\n", 20, 0, {})
@example([("7", "1", "2011-01-31", "2.5", '"a\nb"', "", "")] * 9, 7, 1, "\r", "", 1, 99, {})
@example([("7", "1", "2011-01-31", "2.5", "\0", "", "")] * 9, 5, 0, "\n", ENDINGS[4], 9, 99, {})
@example(  # a cell longer than a piece
    [("7", "1", "2011-01-31", "2.5", '"' + "a\n" * 60 + '"', "", "")] * 2,
    *(5, 0, "\n", "\n", 20, 99, KEPT),
)
@example(  # an empty cell of a row with quotes, before and after a stray quote
    [("7", "1", "2011-01-31", "2.5", cell, "", "") for cell in ('"a"', '"', '"a\nb"', '""', "a")],
    *(7, 0, "\n", "\n", 1, 99, KEPT),
)
@given(
    rows=st.lists(row, max_size=12),
    width=st.integers(4, len(NAMES)),
    cut=st.sampled_from([0, 0, 0, 1, 9]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    ending=st.sampled_from(ENDINGS),
    size=st.integers(1, 90),
    in_memory=st.sampled_from([0, 99]),
    named=st.sampled_from([{}, KEPT, {"comment_prefix": "#"}]),
)
def test_any_size_of_the_pieces_gives_the_same(
    rows: list[tuple[str, ...]],
    width: int,
    cut: int,
    line_end: str,
    ending: str,
    size: int,
    in_memory: int,
    named: dict[str, Any],
) -> None:
    layout = replace(SourceOptions(), **named)
    with TemporaryDirectory() as folder:
        path = Path(folder, "sales.csv")
        path.write_bytes(text_of(rows, width, cut, line_end, ending).encode())
        whole = found(path, layout)
        with read_in_pieces(size, in_memory):
            assert found(path, layout) == whole


HEAD = "customer_id,order_id,date,amount,description\n"
LINES = "".join(f"c{i % 7},{i},2011-01-{1 + i % 28},{i % 5}.5,a mug\n" for i in range(60))
FILES = {
    "plain": (HEAD + LINES).encode(),
    "marked": b"\xef\xbb\xbf" + (HEAD + LINES).encode(),
    "accents": (HEAD + LINES).replace("mug", "müg").encode(),
    "western": (HEAD + LINES).replace("mug", "müg").encode("cp1252"),
    "wrong byte": (HEAD + LINES).replace("mug", "müg").encode() + b"\xff",
    "escapes": (HEAD + LINES).replace("a mug", '"a \\" mug"').encode(),
    "wide": (HEAD + LINES).encode("utf-16"),
    "long preface": ("# note\n" * 60 + HEAD + LINES).encode(),
    "aligned": (HEAD + LINES).replace("a mug", "mug").replace(",", " ").encode(),
    "open quote": (HEAD + LINES + 'c1,1,2011-01-03,1,"mug\n' + LINES).encode(),
    "open header": (HEAD.replace("date", '"date') + LINES).encode(),
    "other columns": ("person\n" + "x\n" * 300).encode(),
}
STREAMED = ("plain", "marked", "accents", "open quote", "open header", "other columns")


@pytest.mark.parametrize("kind", FILES)
def test_a_large_file_is_read_from_the_disk_as_one_in_memory(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(FILES[kind])
    monkeypatch.setattr(csv, "INSPECTED_BYTES", 100)
    layouts = [SourceOptions(), replace(SourceOptions(), encoding="utf8")]
    whole = [found(path, layout) for layout in layouts]
    taken = []
    monkeypatch.setattr(csv, "unpack_file", lambda *given: taken.append(given) or _unpacked(*given))
    with read_in_pieces(400, 99, start=300):
        assert [found(path, layout) for layout in layouts] == whole
    is_streamed = kind in STREAMED
    assert not taken if is_streamed else taken


_unpacked = csv.unpack_file


def test_a_large_side_table_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,city\n" + "a,Rome\nb,Oslo\n" * 20)
    with read_in_pieces(30):
        (table,) = read_tables([str(path)], SourceOptions()).values()
    assert table.frame.is_empty()
    assert table.whole.rows() == [("a", "Rome"), ("b", "Oslo")] * 20
