from twelve import answer


def test_rfm_of_a_customer_with_a_return():
    assert answer("rfm", "ann") == {
        "recency_days": 10,
        "freq_days_28": 1,
        "freq_days_91": 1,
        "freq_days_182": 2,
        "freq_days_364": 4,  # two orders on day 300 are one day
        "spend_28": 24,  # 30 bought, 6 returned
        "spend_91": 24,
        "spend_182": 60,
        "spend_364": 100,
        "aov": 21.2,  # 106 in five orders, returns left aside
    }


def test_rfm_of_a_one_order_customer():
    spans = (28, 91, 182, 364)
    assert answer("rfm", "bob") == {
        "recency_days": 1,
        **{f"freq_days_{span}": 1 for span in spans},
        **{f"spend_{span}": 7 for span in spans},
        "aov": 7,
    }


def test_the_average_order_belongs_to_the_look_back():
    assert answer("rfm", "ann", lookback=182)["aov"] == 22  # (20 + 16 + 30) / 3
