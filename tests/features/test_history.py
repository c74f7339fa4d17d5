from twelve import answer


def test_windows_further_back_are_told_one_by_one():
    assert answer("history", "ann") == {
        "days_back_2": 1,  # [127, 218): two lines of one order
        "spend_back_2": 25,
        "days_back_3": 1,  # [36, 127)
        "spend_back_3": 15,
        "days_back_4": None,  # [-55, 36): the shop was not observed that long
        "spend_back_4": None,
        "days_back_5": None,
        "spend_back_5": None,
    }


def test_silence_that_was_observed_is_none_bought():
    found = answer("history", "bob")
    assert (found["days_back_2"], found["spend_back_2"]) == (0, 0)


def test_windows_are_as_long_as_the_horizon():
    found = answer("history", "ann", horizon=5)
    # Ten to fifteen days back and so on: the order of day 390 was 10 days before.
    assert found["days_back_2"] == 0
    assert answer("history", "ann", horizon=40)["days_back_2"] == 1  # [280, 320)
