from twelve import answer


def test_btyd_statistics_count_days_and_not_orders():
    assert answer("btyd", "ann") == {"x_days": 3, "t_x_days": 290, "age_days": 300}


def test_a_one_order_customer_has_not_returned():
    assert answer("btyd", "bob") == {"x_days": 0, "t_x_days": 0, "age_days": 1}


def test_the_lifetime_ends_where_the_history_ends():
    capped = answer("btyd", "ann", lookback=91, max_history=250)
    assert capped == {"x_days": 2, "t_x_days": 190, "age_days": 200}
