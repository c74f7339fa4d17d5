"""The data dictionary is that of the declarations, and its keys are true."""

from pathlib import Path

from segpredict.report.bi import BI_TABLES, render_data_dictionary
from segpredict.report.bi._data_dictionary import data_dictionary_rows

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "bi.md"


def test_the_dictionary_is_current() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == render_data_dictionary(), "python docs/write_bi.py"


def test_every_key_names_a_primary_key() -> None:
    rows = data_dictionary_rows()
    primary = {f"{r['table']}.{r['column']}" for r in rows.filter(key="primary").to_dicts()}
    named = set(rows["key"]) - {"", "primary"}
    assert named
    assert named <= primary


def test_every_column_says_what_it_means() -> None:
    for table in BI_TABLES:
        assert all(column.meaning.endswith(".") for column in table.columns)
