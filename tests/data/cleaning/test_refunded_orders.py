from raw_shop import lines, sale


def void(rows: list[tuple]) -> dict[str, int | None]:
    got = lines(rows)
    return dict(got.select("order_id", "void_day").rows())


def test_a_partly_returned_order_stays() -> None:
    rows = [sale(), sale(product="q"), sale("C2", quantity="-1", day="2011-02-01")]
    assert void(rows) == {"1": None, "C2": None}


def test_a_return_of_another_quantity_or_price_matches_nothing() -> None:
    rows = [sale(quantity="2"), sale("C2", quantity="-1", day="2011-02-01")]
    assert void(rows)["1"] is None
    rows = [sale(price="2"), sale("C2", quantity="-1", day="2011-02-01")]
    assert void(rows)["1"] is None


def test_an_order_is_void_from_its_last_return_on() -> None:
    rows = [
        sale(),
        sale(product="q"),
        sale("C2", quantity="-1", day="2011-02-01"),
        sale("C3", product="q", quantity="-1", day="2011-02-20"),
    ]
    assert void(rows) == {"1": 15025, "C2": 15025, "C3": 15025}


def test_a_return_closes_the_oldest_open_sale_once() -> None:
    rows = [
        sale("1", day="2011-01-01"),
        sale("2", day="2011-01-10"),
        sale("C3", quantity="-1", day="2011-01-20"),
    ]
    assert void(rows) == {"1": 14994, "2": None, "C3": 14994}


def test_a_return_before_its_sale_matches_nothing() -> None:
    rows = [
        sale("C0", quantity="-1", day="2010-12-01"),
        sale("1", day="2011-01-01"),
        sale("C2", quantity="-1", day="2011-01-20"),
        sale("C3", quantity="-1", day="2011-01-21"),
        sale("4", day="2011-02-01"),
    ]
    assert void(rows) == {"C0": None, "1": 14994, "C2": 14994, "C3": None, "4": None}


def test_another_customers_return_matches_nothing() -> None:
    rows = [sale(), sale("C2", quantity="-1", day="2011-02-01", who="b")]
    assert void(rows)["1"] is None


def test_postage_does_not_keep_a_refunded_order_alive() -> None:
    rows = [sale(), sale(product="POST"), sale("C2", quantity="-1", day="2011-02-01")]
    assert void(rows)["1"] == 15006


def test_a_return_of_next_month_does_not_reopen_an_order_that_came_back_in_parts() -> None:
    rows = [
        sale(quantity="10", day="2011-01-01"),
        sale("C2", quantity="-4", day="2011-01-10"),
        sale("C3", quantity="-6", day="2011-01-12"),
        sale("C4", quantity="-10", day="2011-02-20"),
    ]
    assert void(rows)["1"] == 14986
    assert void(rows[:3])["1"] == 14986
