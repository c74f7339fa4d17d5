"""A star of three customers, small enough to work out by hand."""

from dataclasses import replace
from typing import Any

import polars as pl

import shop
from segpredict.core.segment import Segment
from segpredict.core.window import Window, day_number
from segpredict.report.bi import StarSchema

FIRST, END = day_number("2024-01-29"), day_number("2024-04-01")
SEGMENTS = (
    Segment(0, "S0", "Inactive"),
    Segment(1, "S1", "Low"),
    Segment(2, "S2", "High"),
)
# Ann buys twice, bob's only order was sent back whole, cid only sends something back.
ROWS = [
    ("ann", "1", "2024-02-01", 10.0, None),
    ("ann", "1", "2024-02-01", 2.5, None),
    ("ann", "2", "2024-03-31", 7.25, None),
    ("ann", "2", "2024-03-31", -1.25, None),
    ("bob", "3", "2024-03-01", 99.0, "2024-03-02"),
    ("bob", "3", "2024-03-02", -99.0, "2024-03-02"),
    ("cid", "4", "2024-03-05", -4.0, None),
]


def star(**changes: Any) -> StarSchema:
    rows = pl.DataFrame(
        [
            (who, order, day_number(day), worth, void and day_number(void))
            for who, order, day, worth, void in ROWS
        ],
        schema={
            "customer_id": pl.String,
            "order_id": pl.String,
            "day": pl.Int64,
            "amount": pl.Float64,
            "void_day": pl.Int64,
        },
        orient="row",
    )
    made = shop.transactions(rows, END)
    found = StarSchema(
        shop=replace(made, first_day=FIRST),
        window=Window(END, lookback=60, horizon=28),
        segments=SEGMENTS,
        assignments=pl.DataFrame(
            {
                "customer_id": ["ann", "bob"],
                "segment_id": ["S2", "S0"],
                "is_eligible": [True, False],
                "is_unlike": [False, None],
                "code": ["555", None],
                "name": ["Champions", None],
            }
        ),
        scores=scores(),
    )
    return replace(found, **changes)


def scores() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": ["ann", "bob"],
            "as_of": [END, END],
            "is_eligible": [True, False],
            "segment_id": ["S2", "S0"],
            "next_segment_id": ["S1", None],
            "p_S0": [0.25, None],
            "p_S1": [0.5, None],
            "p_S2": [0.25, None],
            "p_inactive": [0.25, None],
            "p_down": [0.75, None],
            "p_up": [0.0, None],
            "base_value": [15.34571, None],
            "expected_value": [12.34567, None],
            "value_at_risk": [3.00004, None],
            "upside": [0.0, None],
            "segment_set": ["Inactive | Low", None],
            "set_size": [2, None],
        }
    ).with_columns(pl.col("as_of").cast(pl.Date))
