"""`segpredict fetch` at the door."""

from door import Door


def test_fetch_without_a_name_lists_owners_and_licences(segpredict: Door) -> None:
    code, out, _ = segpredict("fetch")
    assert code == 0
    for word in ("online_retail_ii", "cdnow", "CC BY 4.0", "archive.ics.uci.edu"):
        assert word in out


def test_fetch_of_an_unknown_name_says_which_there_are(segpredict: Door) -> None:
    code, _, err = segpredict("fetch", "cdnaw")
    assert code == 3
    assert "cdnow" in err
