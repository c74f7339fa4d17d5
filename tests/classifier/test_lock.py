import json

from segpredict.classifier.lock import Lock

FIRST = Lock("abc", 100)


def test_one_look_needs_no_word():
    assert FIRST.opened({"seed": 1}, "Monday").note == ""


def test_the_same_settings_again_are_no_second_look():
    once = FIRST.opened({"seed": 1, "threads": 2}, "Monday")
    assert once.opened({"threads": 4, "seed": 1}, "Tuesday") == once


def test_other_settings_are_told_with_the_day_of_the_first_look():
    twice = FIRST.opened({"seed": 1}, "Monday").opened({"seed": 2}, "Tuesday")
    assert "1970-04-11 was opened with 2 different settings" in twice.note
    assert "first on Monday" in twice.note


def test_a_stored_lock_counts_for_its_own_test_only():
    kept = json.loads(json.dumps(FIRST.opened({"seed": 1}, "Monday").state()))
    assert len(Lock("abc", 100).joined(kept).openings) == 1
    assert Lock("other", 100).joined(kept).openings == ()
    assert Lock("abc", 191).joined(kept).openings == ()
    assert Lock("abc", 100).joined(None).openings == ()


def test_looks_of_two_places_are_joined_each_setting_once():
    one = FIRST.opened({"seed": 1}, "2026-01-02").opened({"seed": 2}, "2026-01-03")
    other = FIRST.opened({"seed": 2}, "2026-01-04").opened({"seed": 3}, "2026-01-01")
    found = one.joined(other.state())
    assert [o.created for o in found.openings] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
