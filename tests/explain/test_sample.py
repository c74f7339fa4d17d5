"""The sample is fair, bounded, and hangs on the customer ids alone."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from segpredict.explain.explanation import proportional_quotas, stratified_sample


def shop(sizes: dict[int, int]) -> pl.DataFrame:
    rows = [(f"c{s}_{i}", s) for s, n in sizes.items() for i in range(n)]
    schema = {"customer_id": pl.String, "state_now": pl.Int8}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(
    st.dictionaries(st.integers(0, 9), st.integers(0, 5000), max_size=6),
    st.integers(0, 3000),
)
def test_quotas_sum_to_the_rows_wanted_and_no_stratum_gives_more_than_it_has(sizes, rows):
    found = proportional_quotas(sizes, rows)
    assert sum(found.values()) == min(rows, sum(sizes.values()))
    assert all(found[s] <= sizes[s] for s in found)


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 5000), min_size=1, max_size=6))
def test_a_quota_is_within_one_row_of_its_share(sizes):
    rows, total = 200, sum(sizes.values())
    for stratum, n in proportional_quotas(sizes, rows).items():
        assert abs(n - sizes[stratum] * min(rows, total) / total) < 1


def test_a_sample_keeps_the_shares_of_the_segments():
    chosen = stratified_sample(shop({0: 60, 1: 30, 2: 10}), 10)
    counts = chosen.group_by("state_now").len().sort("state_now")
    assert counts["len"].to_list() == [6, 3, 1]


def test_few_customers_are_all_taken_in_order():
    chosen = stratified_sample(shop({1: 3}).reverse(), 10)
    assert chosen["customer_id"].to_list() == ["c1_0", "c1_1", "c1_2"]


def test_the_choice_does_not_hang_on_row_order_or_on_other_segments():
    first = stratified_sample(shop({0: 50, 1: 50}), 20)
    second = stratified_sample(shop({0: 50, 1: 50}).sample(fraction=1, shuffle=True, seed=1), 20)
    assert first.equals(second)


def test_a_larger_sample_holds_the_smaller_one():
    small = set(stratified_sample(shop({0: 50, 1: 50}), 20)["customer_id"])
    assert small < set(stratified_sample(shop({0: 50, 1: 50}), 40)["customer_id"])
