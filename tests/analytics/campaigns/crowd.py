"""Customers with forecasts, small enough to count by hand."""

from typing import Any

import polars as pl

from segpredict.core.segment import Segment

SEGMENTS = tuple(
    Segment(code, f"S{code}", name)
    for code, name in enumerate(("Inactive", "Occasional", "Regular", "Core"))
)
NAMES = {s.id: s.name for s in SEGMENTS}


def customer(name: str, now: str, then: str, **change: Any) -> dict[str, Any]:
    found = {
        "customer_id": name,
        "as_of": "2011-12-10",
        "segment_id": now,
        "segment": NAMES[now],
        "next_segment_id": then,
        "next_segment": NAMES[then],
        "p_down": 0.5,
        "p_up": 0.1,
        "p_inactive": 0.3,
        "expected_value": 100.0,
        "value_at_risk": 50.0,
        "upside": 10.0,
        "spent_to_date": 500.0,
        "is_new": False,
    }
    return found | change


def crowd(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows))


def many(n: int, now: str = "S2", then: str = "S1", **change: Any) -> pl.DataFrame:
    """Return customers whose value at risk is 1, 2 … n."""
    rows = (
        customer(f"c{i:04d}", now, then, value_at_risk=float(i), expected_value=float(i)) | change
        for i in range(1, n + 1)
    )
    return crowd(*rows)
