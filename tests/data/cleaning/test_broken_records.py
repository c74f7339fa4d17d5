from pathlib import Path

import pytest

from segpredict.config.cleaning import CleaningOptions
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import read_raw_lines
from segpredict.errors import TooManyBadRowsError

HEAD = "customer_id,date,amount\n"
ROWS = "".join(f"{i},2011-01-{i:02},2\n" for i in range(1, 29))


def broken(folder: Path) -> str:
    path = folder / "sales.csv"
    path.write_text(f"{HEAD}{ROWS}7,2011-01-30\n8,2011-01-31,free\n")
    return str(path)


def test_a_record_that_is_no_row_is_rejected_in_the_ledger(tmp_path: Path) -> None:
    raw = read_raw_lines([broken(tmp_path)], bad_rows="carry")
    shop = clean_lines(raw, CleaningOptions(on_bad_rows="quarantine", max_bad_rows="50%"))
    assert shop.ledger.adds_up
    assert shop.ledger.total("in").rows == raw.files[0].rows == 30
    assert shop.ledger.total("rejected").rows == 2
    assert shop.rejects is not None
    assert shop.rejects["row"].to_list() == [30, 31]


def test_records_that_are_no_rows_count_towards_the_most_allowed(
    tmp_path: Path,
) -> None:
    raw = read_raw_lines([broken(tmp_path)], bad_rows="carry")
    with pytest.raises(TooManyBadRowsError, match="2 of 30"):
        clean_lines(raw, CleaningOptions(on_bad_rows="quarantine", max_bad_rows="1"))
