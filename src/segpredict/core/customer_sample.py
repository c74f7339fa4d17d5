"""A sample of customers by a hash of their ids: the same one whatever the order of rows."""

import hashlib
from dataclasses import fields

import polars as pl

from segpredict.core.transactions import Transactions


def hash_rank(customer_id: str) -> bytes:
    """Return the sampling rank of a customer: a hash of the id, nothing else.

    >>> hash_rank("17850").hex()
    '1e6969e8cffee60e'
    """
    return hashlib.blake2b(customer_id.encode(), digest_size=8).digest()


def sample_transactions(
    transactions: Transactions, max_customers: int
) -> tuple[Transactions, float]:
    """Return the transactions of so many customers at most, and how many each one stands for.

    The customers with the lowest ranks (`hash_rank`), with all of their lines, in memory. A shop
    with no more customers is returned as it is.
    """
    if 0 < transactions.ledger.total("used").customers <= max_customers:
        return transactions, 1.0
    ids = transactions.lines.select(pl.col("customer_id").unique()).collect()["customer_id"]
    if len(ids) <= max_customers:
        return transactions, 1.0
    ranks = pl.Series("rank", [hash_rank(each) for each in ids], pl.Binary)
    chosen = ids.gather(ranks.arg_sort()[:max_customers])
    lines = transactions.lines.filter(pl.col("customer_id").is_in(chosen.implode())).collect()
    # Not those of a store any more, nor the orders that were made of all lines.
    known = {each.name: getattr(transactions, each.name) for each in fields(Transactions)}
    found = Transactions(**known | {"lines": lines.lazy(), "orders": None})
    return found, len(ids) / max_customers
