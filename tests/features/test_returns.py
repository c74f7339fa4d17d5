from twelve import answer


def test_one_credit_note_of_six_after_five_orders_of_a_hundred_and_six():
    assert answer("returns", "ann") == {
        "return_share": round(6 / 106, 6),
        "return_rate": 0.2,
        "return_days": 5,
    }


def test_who_sent_nothing_back_has_zeros_and_no_last_return():
    expected = {"return_share": 0, "return_rate": 0, "return_days": None}
    assert answer("returns", "bob") == expected
