from twelve import answer


def test_a_customer_with_three_products_on_seven_lines():
    # cup, jug; cup, cup; pan; cup; jug. In the last 91 days the jug alone, an old one.
    assert answer("assortment", "ann") == {
        "products_unique": 3,
        "product_repeat_rate": round(1 - 3 / 7, 6),
        "product_new_rate": 0,
    }


def test_a_product_is_new_if_it_was_first_bought_in_the_last_quarter():
    # From day 120 on, the jug of day 100 is beyond the history.
    new = answer("assortment", "ann", lookback=280, max_history=280)
    assert new["product_new_rate"] == 1


def test_without_product_numbers_there_is_nothing_to_say():
    assert set(answer("assortment", "bob").values()) == {None}


def test_nobody_is_called_new_where_the_data_begin_with_the_quarter():
    assert answer("assortment", "ann", first_day=300)["product_new_rate"] is None
