"""Who is left alone: the right share, the same tomorrow, in whatever order."""

import math

import polars as pl
from crowd import crowd, customer
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.campaigns.campaign_list import (
    assign_strata,
    draw_holdout,
    hash_to_uniform,
)


def people(n: int, stratum: str = "S1/0") -> pl.DataFrame:
    rows = {"customer_id": [f"c{i}" for i in range(n)], "stratum": [stratum] * n}
    return pl.DataFrame(rows, {"customer_id": pl.String, "stratum": pl.String})


def drawn(rows: pl.DataFrame, share: float = 0.1, key: str = "k", known=None) -> set:
    return set(rows.filter(draw_holdout(rows, share, key, known))["customer_id"])


def test_tickets_are_uniform_and_hang_on_key_and_id_alone() -> None:
    tickets = [hash_to_uniform("k", f"c{i}") for i in range(4000)]
    assert all(0 <= t < 1 for t in tickets)
    assert abs(sum(tickets) / 4000 - 0.5) < 0.02
    assert abs(sum(t < 0.1 for t in tickets) / 4000 - 0.1) < 0.02
    assert tickets == [hash_to_uniform("k", f"c{i}") for i in range(4000)]
    assert hash_to_uniform("k", "c1") != hash_to_uniform("other", "c1")


def test_the_ticket_of_an_id_never_changes() -> None:
    # Written down once: a change would treat those who were left alone.
    assert round(hash_to_uniform("segpredict", "17850"), 12) == 0.646224605735


def test_tenths_are_told_apart_within_each_segment() -> None:
    rows = crowd(
        *(customer(f"a{i}", "S1", "S1", expected_value=float(i)) for i in range(20)),
        *(customer(f"b{i}", "S2", "S1", expected_value=1.0) for i in range(5)),
    )
    found = assign_strata(rows, "expected_value").to_list()
    assert found[:4] == ["S1/0", "S1/0", "S1/1", "S1/1"]
    assert found[19] == "S1/9"
    assert found[20:] == ["S2/0", "S2/2", "S2/4", "S2/6", "S2/8"]


@given(n=st.integers(1, 300), share=st.floats(0.01, 0.5), key=st.text(max_size=5))
def test_each_stratum_is_off_its_share_by_less_than_one(n: int, share: float, key: str) -> None:
    assert abs(len(drawn(people(n), share, key)) - share * n) < 1


@given(
    order=st.permutations(range(30)),
    others=st.integers(0, 20),
    share=st.floats(0.05, 0.5),
)
def test_neither_order_nor_other_strata_change_the_lots(
    order: list[int], others: int, share: float
) -> None:
    plain = people(30)
    beside = people(others, "S2/0").with_columns(customer_id="x" + pl.col("customer_id"))
    mixed = pl.concat([plain[list(order)], beside])
    assert drawn(mixed, share) & set(plain["customer_id"]) == drawn(plain, share)


@given(known=st.dictionaries(st.integers(0, 59), st.booleans()), share=st.floats(0.05, 0.5))
def test_who_was_drawn_before_keeps_the_lot(known: dict[int, bool], share: float) -> None:
    before = {f"c{i}": lot for i, lot in known.items()}
    found = drawn(people(60), share, known=before)
    assert {c for c, lot in before.items() if lot} <= found
    assert not {c for c, lot in before.items() if not lot} & found
    kept = sum(before.values())
    free = 60 - len(before)
    wanted = min(max(share * 60 - kept, 0), free)
    assert math.floor(wanted) <= len(found) - kept <= math.ceil(wanted)


def test_tomorrow_with_more_customers_nobody_changes_sides() -> None:
    tonight, tomorrow = people(100), people(200)
    first = drawn(tonight)
    known = {c: c in first for c in tonight["customer_id"]}
    second = drawn(tomorrow, known=known)
    assert second & set(tonight["customer_id"]) == first
    assert abs(len(second) - 20) < 1.01


def test_another_key_draws_others() -> None:
    assert drawn(people(200), key="a") != drawn(people(200), key="b")


def test_small_strata_get_their_share_on_average() -> None:
    rows = {"customer_id": [f"c{i}" for i in range(3000)]}
    places = [f"S1/{i // 3}" for i in range(3000)]
    found = drawn(pl.DataFrame(rows | {"stratum": places}))
    assert abs(len(found) / 3000 - 0.1) < 0.02
