"""A sample of customers is a matter of their ids alone."""

from dataclasses import replace

import polars as pl

from segpredict.core.customer_sample import hash_rank, sample_transactions


def sampled_ids(transactions, wanted):
    found, weight = sample_transactions(transactions, wanted)
    return set(found.lines.collect()["customer_id"]), weight


def test_the_sample_is_the_lowest_hashes_with_all_of_their_lines(small):
    everybody = small.transactions
    ids = everybody.lines.collect()["customer_id"].unique().to_list()
    found, weight = sample_transactions(everybody, 20)
    chosen = sorted(ids, key=hash_rank)[:20]
    own = everybody.lines.filter(pl.col("customer_id").is_in(chosen)).collect()
    assert found.lines.collect().equals(own)
    assert weight == len(ids) / 20


def test_the_order_of_lines_and_other_customers_hardly_change_it(small):
    everybody = small.transactions
    chosen, _ = sampled_ids(everybody, 50)
    turned = replace(everybody, lines=everybody.lines.reverse())
    assert sampled_ids(turned, 50)[0] == chosen
    left = min(chosen)
    without = replace(everybody, lines=everybody.lines.filter(pl.col("customer_id") != left))
    assert len(sampled_ids(without, 50)[0] - chosen) == 1


def test_a_small_shop_is_its_own_sample(small):
    assert sample_transactions(small.transactions, 25_000) == (small.transactions, 1.0)
