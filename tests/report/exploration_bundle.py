"""A small shop, explored, as a run would keep it."""

import json
from typing import Any

import polars as pl

import shop
from segpredict.analytics.exploration import explore_shop


def explored(country: str = "UK") -> dict[str, Any]:
    """Return what is kept of 40 customers, a quarter of them with a second order."""
    rows = [
        (f"c{i:02d}", f"o{i}", 15000 + i, 10.0 + i, 60 * (8 + i % 9), country) for i in range(40)
    ]
    rows += [(f"c{i:02d}", f"r{i}", 15100 + i, 80.0, 720, country) for i in range(10)]
    names = ["customer_id", "order_id", "day", "amount", "minute", "country"]
    books = shop.transactions(pl.DataFrame(rows, schema=names, orient="row"), 15318)
    members = pl.DataFrame(
        {
            "customer_id": [f"c{i:02d}" for i in range(40)],
            "segment_id": [f"S{i % 4}" for i in range(40)],
            "is_eligible": [True] * 40,
        }
    )
    found = explore_shop(books, members, ["S0", "S1", "S2", "S3"])
    return {**found, "facts": json.loads(json.dumps(found["facts"]))}
