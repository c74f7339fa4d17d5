from pathlib import Path

import pytest
from corpus import BAD, ODD, Bad, Odd, is_right, is_told, outcome, table


@pytest.mark.parametrize("odd", [pytest.param(one, id=one.name) for one in ODD])
def test_a_valid_file_is_read_as_it_stands(odd: Odd, tmp_path: Path) -> None:
    got = outcome(odd.content, tmp_path)
    assert got.error is None, got.error
    assert got.rows == odd.rows
    assert got.lines == odd.lines
    assert is_right(odd, got)


@pytest.mark.parametrize("bad", [pytest.param(one, id=one.name) for one in BAD])
def test_a_bad_file_is_refused_where_it_is_bad(bad: Bad, tmp_path: Path) -> None:
    got = outcome(bad.content, tmp_path)
    assert got.error is not None, got.rows
    assert bad.reason in str(got.error)
    facts = got.error.to_dict()
    if bad.row is not None:
        assert facts["row"] == bad.row
        assert facts["file"]
        assert facts["value"] is not None
        assert bad.column is None or facts["column"] == bad.column
    assert facts["fix"]
    assert is_told(bad, got)


def test_the_corpus_has_37_valid_and_26_bad_files_and_none_is_read_wrong() -> None:
    assert (len(ODD), len(BAD)) == (37, 26)
    assert "| files read silently wrong | 0 |" in table()


def test_the_table_in_the_docs_is_the_one_the_command_prints() -> None:
    docs = Path(__file__).parents[3] / "docs" / "reference" / "input.md"
    assert table() in docs.read_text(encoding="utf-8")
