"""Choose the customers to explain: a sample that no seed or row order changes."""

import hashlib

import polars as pl


def hash_rank(customer_id: str) -> bytes:
    """Return the sampling rank of a customer: a hash of the id, nothing else.

    >>> hash_rank("17850").hex()
    '1e6969e8cffee60e'
    """
    return hashlib.blake2b(customer_id.encode(), digest_size=8).digest()


def proportional_quotas(sizes: dict[int, int], rows: int) -> dict[int, int]:
    """Allocate the rows of a sample in proportion to the sizes of the strata.

    Largest remainder; equal remainders go to the lower stratum. Shares stay those of the shop, so
    plain means over the sample estimate means over all customers.
    """
    total = sum(sizes.values())
    wanted = min(rows, total)
    if not total:
        return {}
    whole = {stratum: n * wanted // total for stratum, n in sizes.items()}
    rest = {stratum: n * wanted % total for stratum, n in sizes.items()}
    spare = wanted - sum(whole.values())
    first = sorted(rest, key=lambda stratum: (-rest[stratum], stratum))[:spare]
    return {stratum: n + (stratum in first) for stratum, n in whole.items()}


def stratified_sample(customers: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Return at most `rows` customers, stratified by their current segment."""
    ordered = customers.sort("customer_id")
    if ordered.height <= rows:
        return ordered
    drawn = ordered.with_columns(
        pl.Series("_place", [hash_rank(i) for i in ordered["customer_id"]], pl.Binary)
    )
    strata = drawn.group_by("state_now").len().sort("state_now")
    share = proportional_quotas(dict(zip(strata["state_now"], strata["len"], strict=True)), rows)
    chosen = [
        drawn.filter(pl.col("state_now") == stratum).sort("_place").head(n)
        for stratum, n in share.items()
    ]
    return pl.concat(chosen).drop("_place").sort("customer_id")
