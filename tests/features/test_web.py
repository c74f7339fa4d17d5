from side_shop import log
from twelve import answer

from segpredict.core.transactions import SideTables

KINDS = ["sessions", "views", "carts"]
ROWS = [
    ("eve", 100, 1, 1, 1),  # the records begin
    ("ann", 320, 2, 0, 0),
    ("ann", 395, 1, 3, 2),
    ("ann", 400, 9, 9, 9),  # on the cutoff day
]
EVENTS = SideTables(events=log(ROWS, KINDS))


def test_visits_views_and_carts_before_the_cutoff():
    assert answer("web", "ann", EVENTS) == {
        "web_sessions_7": 1,
        "web_sessions_28": 1,
        "web_sessions_91": 3,
        "web_views_91": 3,
        "web_carts_91": 2,
        "web_searches_91": None,  # never recorded, so no zero
        "web_cart_to_order": 0.5,  # one order, two products in the cart
        "web_session_days": 5,
    }


def test_who_never_came_has_zeros_and_no_last_visit():
    found = answer("web", "bob", EVENTS)
    assert found["web_sessions_91"] == found["web_carts_91"] == 0
    assert found["web_cart_to_order"] is found["web_session_days"] is None


def test_spans_from_before_the_records_began_are_missing():
    young = SideTables(events=log([("ann", 380, 1, 1, 1)], KINDS))
    found = answer("web", "ann", young)
    assert (found["web_sessions_7"], found["web_sessions_28"]) == (0, None)
    assert found["web_views_91"] is None


def test_without_the_table_all_is_missing_and_nothing_is_zero():
    assert set(answer("web", "ann").values()) == {None}


def test_an_empty_table_says_nothing():
    found = answer("web", "ann", SideTables(events=log([], KINDS)))
    assert set(found.values()) == {None}
