from side_shop import log
from twelve import answer

from segpredict.core.transactions import SideTables

ROWS = [("eve", 1, 1, 0), ("ann", 300, 2, 1), ("ann", 390, 1, 0), ("ann", 405, 7, 7)]


def test_three_messages_sent_and_one_opened():
    tables = SideTables(contacts=log(ROWS, ["sent", "opened"]))
    assert answer("contacts", "ann", tables) == {
        "contacts_28": 1,
        "contacts_lookback": 3,
        "contacts_opened": 1,
        "contacts_open_rate": round(1 / 3, 6),
        "contact_days": 10,
    }


def test_openings_that_nobody_recorded_are_missing_and_not_zero():
    rows = [row[:3] for row in ROWS]
    found = answer("contacts", "ann", SideTables(contacts=log(rows, ["sent"])))
    assert found["contacts_lookback"] == 3
    assert found["contacts_opened"] is found["contacts_open_rate"] is None


def test_without_the_table_all_is_missing():
    assert set(answer("contacts", "ann").values()) == {None}
