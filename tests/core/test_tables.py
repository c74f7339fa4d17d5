import polars as pl

import shop
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry


def entry(stage: str, *numbers: int) -> LedgerEntry:
    return LedgerEntry(stage, stage, stage, LedgerCount(*numbers))


def test_a_ledger_that_lost_a_penny_does_not_add_up() -> None:
    whole = Ledger((entry("in", 3, 2, 2, 50), entry("used", 3, 2, 2, 50)))
    short = Ledger((entry("in", 3, 2, 2, 50), entry("used", 3, 2, 2, 49)))
    assert whole.adds_up
    assert not short.adds_up


def test_notes_are_a_part_of_what_was_used_and_not_added() -> None:
    entries = (entry("in", 2), entry("used", 2), entry("noted", 1))
    assert Ledger(entries).adds_up


def order(name: str, day: int, void_day: int | None) -> dict[str, object]:
    return {
        "customer_id": "a",
        "order_id": name,
        "day": day,
        "amount": 1.0,
        "void_day": void_day,
    }


def test_what_is_known_ends_the_day_before_the_cutoff() -> None:
    orders = pl.DataFrame([order("o1", 9, None), order("o2", 10, None)])
    known = shop.transactions(orders).known_at(10).collect()
    assert known["order_id"].to_list() == ["o1"]


def test_a_refund_voids_an_order_only_from_its_own_day_on() -> None:
    lines = shop.transactions(pl.DataFrame([order("o1", 5, 8), order("o2", 6, None)]))
    assert lines.known_at(8).collect().height == 2
    assert lines.known_at(9).collect()["order_id"].to_list() == ["o2"]
