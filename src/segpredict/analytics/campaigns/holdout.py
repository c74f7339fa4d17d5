"""Random assignment to the control group: reproducible from key and customer id."""

import hashlib
from collections.abc import Mapping

import numpy as np
import polars as pl

DECILES = 10


def hash_to_uniform(key: str, customer_id: str) -> float:
    """Return a customer's pseudo-random number, uniform on [0, 1).

    A keyed BLAKE2b hash: without the key nobody can know from an id who will be in the control
    group, and nobody can choose an id to get there.

    >>> hash_to_uniform("a", "17850") != hash_to_uniform("b", "17850")
    True
    """
    secret = hashlib.blake2b(key.encode(), digest_size=32).digest()
    digest = hashlib.blake2b(customer_id.encode(), digest_size=8, key=secret).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def assign_strata(customers: pl.DataFrame, by: str) -> pl.Series:
    """Return the stratum of each customer: segment, and decile of a column.

    `customers`: ``customer_id``, ``segment_id`` and the column `by`.

    >>> rows = {"customer_id": ["a", "b"], "segment_id": ["S1", "S1"], "spend": [5.0, 1.0]}
    >>> assign_strata(pl.DataFrame(rows), "spend").to_list()
    ['S1/5', 'S1/0']
    """
    numbered = customers.select("customer_id", "segment_id", by).with_row_index("row")
    ordered = numbered.sort("segment_id", by, "customer_id", maintain_order=True)
    position = pl.int_range(pl.len()).over("segment_id")
    decile = (position * DECILES // pl.len().over("segment_id")).cast(pl.String)
    named = ordered.with_columns(stratum=pl.col("segment_id") + "/" + decile)
    return named.sort("row")["stratum"]


def draw_holdout(
    customers: pl.DataFrame,
    holdout_share: float,
    key: str,
    earlier_arms: Mapping[str, bool] | None = None,
) -> pl.Series:
    """Return who is in the control group, one value per row.

    `customers`: ``customer_id`` and ``stratum``.

    Booleans, in the order of the rows. Without earlier assignments every stratum differs from its
    share by less than one customer; the rounding is random, so that small strata get no more and no
    fewer on average.

    Within a stratum those with the lowest numbers are taken. Numbers depend on key and id alone, so
    the assignment does not depend on the order of rows or on other strata.

    >>> rows = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "stratum": ["S1/0"] * 4})
    >>> draw_holdout(rows, 0.5, "secret").sum()
    2
    """
    ids, earlier = customers["customer_id"], earlier_arms or {}
    drawn = customers.select("customer_id", "stratum").with_columns(
        pl.Series("number", [hash_to_uniform(key, name) for name in ids], pl.Float64),
        pl.Series("before", [earlier.get(name) for name in ids], pl.Boolean),
    )
    rows = drawn.with_row_index("row").sort("stratum", "number", "customer_id")
    chosen = np.zeros(customers.height, dtype=bool)
    for (stratum,), part in rows.group_by("stratum", maintain_order=True):
        kept = part.filter(part["before"].fill_null(value=False))["row"]
        rounding = hash_to_uniform(key, f"round {stratum}")
        n_new = max(0, int(np.floor(holdout_share * part.height + rounding)) - len(kept))
        new = part.filter(part["before"].is_null())["row"].head(n_new)
        chosen[kept.to_numpy()] = True
        chosen[new.to_numpy()] = True
    return pl.Series("is_alone", chosen)
