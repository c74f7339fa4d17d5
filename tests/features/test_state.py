from twelve import answer


def test_a_customer_active_in_every_window():
    assert answer("state", "ann") == {
        "windows_since": 0,
        "windows_active": 4,
        "days_now": 1,
        "spend_now": 24,
        "days_before": 1,
        "spend_before": 36,
        "observed_days": 364,
    }


def test_a_new_customer():
    assert answer("state", "bob") == {
        "windows_since": 0,
        "windows_active": 1,
        "days_now": 1,
        "spend_now": 7,
        "days_before": 0,
        "spend_before": 0,
        "observed_days": 364,
    }


def test_windows_are_as_long_as_the_horizon():
    short = answer("state", "ann", horizon=5)
    # The last order is 10 days ago, the return 5 days.
    assert short["windows_since"] == 1
    assert (short["days_now"], short["spend_now"]) == (0, -6)
    assert (short["days_before"], short["spend_before"]) == (1, 30)


def test_a_window_that_nobody_observed_is_unknown():
    young = answer("state", "ann", first_day=219)
    assert (young["days_before"], young["spend_before"]) == (None, None)
    assert young["observed_days"] == 181
