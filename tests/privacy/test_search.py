"""Wherever an id is put, the search finds it; numbers of other things it leaves alone."""

import io
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segpredict.core.id_pattern import IdPattern
from segpredict.privacy.search import search_people

PERSON, MAIL = "17850", "änn&co@x.org"


def packed(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("slide.xml", f"<a w='12'><t>{text}</t></a>")
    return content.getvalue()


def table(path: Path, columns: dict[str, object], **options: object) -> None:
    pq.write_table(pa.table(columns), path, **options)


PLACES = {
    "column.parquet": lambda p: table(p, {"customer_id": ["1", PERSON]}),
    "other.parquet": lambda p: table(p, {"text": [f"customer {PERSON}"] * 9}, compression="zstd"),
    "unused.parquet": lambda p: table(
        p, {"kind": pa.DictionaryArray.from_arrays([0, 0], ["a", PERSON])}
    ),
    "nested.parquet": lambda p: table(p, {"all": [["1"], [PERSON]]}),
    "facts.parquet": lambda p: pq.write_table(
        pa.table({"n": [1]}).replace_schema_metadata({"note": f"of {PERSON}"}), p
    ),
    "enum.parquet": lambda p: pl.DataFrame(
        {"kind": pl.Series(["a"], dtype=pl.Enum(["a", PERSON]))}
    ).write_parquet(p),
    "cells.csv": lambda p: p.write_text(f"customer_id,n\n'{PERSON},1\n"),
    "words.csv": lambda p: p.write_text(f"why,n\nfor {PERSON},1\n"),
    "page.html": lambda p: p.write_text(f"<p title='of {PERSON}'>1</p>"),
    "facts.json": lambda p: p.write_text('{"a": ["x ' + PERSON + '"]}'),
    "deck.pptx": lambda p: p.write_bytes(packed(PERSON)),
    "notes.txt": lambda p: p.write_text(f"call {PERSON}."),
    "orders.sqlite": lambda p: p.write_bytes(b"\0\x17" + PERSON.encode() + b"\x01"),
}


@pytest.mark.parametrize("name", PLACES)
def test_an_id_is_found_wherever_it_is(tmp_path, name):
    PLACES[name](tmp_path / name)
    assert [each.partition(":")[0] for each in search_people(tmp_path, [PERSON]).found]
    assert search_people(tmp_path, ["17851"]).found == []


def test_an_escaped_id_is_found(tmp_path):
    (tmp_path / "page.html").write_text("<p>änn&amp;co@x.org</p>")
    (tmp_path / "facts.json").write_text('["\\u00e4nn&co@x.org"]')
    found = search_people(tmp_path, [MAIL]).found
    assert found == ["facts.json", "page.html"]


def test_numbers_of_other_things_are_left_alone(tmp_path):
    (tmp_path / "facts.json").write_text('{"bytes": 17850, "p": 0.17850, "s": "1.17850 a17850"}')
    (tmp_path / "page.html").write_text("<svg width='17850'></svg>117850")
    (tmp_path / "money.csv").write_text("customer_id,spent\n1,17850\n")
    assert search_people(tmp_path, [PERSON]).found == []
    # A product has the same number: what shows it says nothing, and that is told.
    table(tmp_path / "lines.parquet", {"customer_id": ["1"], "product_id": [PERSON]})
    (tmp_path / "list.html").write_text(f"<td>{PERSON}</td>")
    result = search_people(tmp_path, [PERSON])
    assert (result.found, result.namesakes) == ([], {PERSON})


def test_short_numbers_are_looked_for_where_a_column_says_so(tmp_path):
    (tmp_path / "page.html").write_text("<td>42</td>")
    table(tmp_path / "a.parquet", {"customer_id": ["42"], "n": [1]})
    assert search_people(tmp_path, ["42"]).found == ["a.parquet: customer_id"]
    assert IdPattern(["42"]).telling == ()
