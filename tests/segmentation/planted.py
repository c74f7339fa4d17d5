"""A shop of kinds of buyers, each a tight cloud in spend and days."""

import math

import numpy as np
import polars as pl

from segpredict.core.transactions import MONEY_SCALE


def shop(*kinds: tuple[float, int], n: int = 150, end: int = 91, seed: int = 1) -> pl.DataFrame:
    """Return n customers of each kind: typical spend in currency, typical days.

    Customers keep their ids from shop to shop, so the first n are the first kind.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for kind, (spend, days) in enumerate(kinds):
        for i in range(n):
            paid = spend * math.exp(rng.normal(0, 0.12))
            often = max(1, days + int(rng.integers(-1, 2)) * (days > 3))
            rows.append((f"c{kind * n + i:05d}", end, often, int(paid * MONEY_SCALE)))
    schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
