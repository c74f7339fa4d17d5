import json

from segpredict.classifier import TestSetLog

FIRST = TestSetLog("abc", 100)


def test_one_evaluation_needs_no_word():
    assert FIRST.add({"seed": 1}, "Monday").warning == ""


def test_the_same_settings_again_are_no_second_evaluation():
    once = FIRST.add({"seed": 1, "threads": 2}, "Monday")
    assert once.add({"threads": 4, "seed": 1}, "Tuesday") == once


def test_other_settings_are_told_with_the_day_of_the_first_evaluation():
    twice = FIRST.add({"seed": 1}, "Monday").add({"seed": 2}, "Tuesday")
    assert "1970-04-11 was evaluated with 2 different settings" in twice.warning
    assert "first on Monday" in twice.warning


def test_a_stored_log_counts_for_its_own_test_only():
    saved = json.loads(json.dumps(FIRST.add({"seed": 1}, "Monday").to_state()))
    assert len(TestSetLog("abc", 100).merge(saved).evaluations) == 1
    assert TestSetLog("other", 100).merge(saved).evaluations == ()
    assert TestSetLog("abc", 191).merge(saved).evaluations == ()
    assert TestSetLog("abc", 100).merge(None).evaluations == ()


def test_evaluations_of_two_places_are_joined_each_setting_once():
    one = FIRST.add({"seed": 1}, "2026-01-02").add({"seed": 2}, "2026-01-03")
    other = FIRST.add({"seed": 2}, "2026-01-04").add({"seed": 3}, "2026-01-01")
    found = one.merge(other.to_state())
    assert [o.created for o in found.evaluations] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
