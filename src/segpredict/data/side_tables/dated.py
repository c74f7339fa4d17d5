"""Tables whose rows hold from a day on: the shop's own segments."""

import polars as pl

from segpredict.config.side_tables import OWN_SEGMENT_ROLES, OwnSegmentsOptions
from segpredict.core.transactions import SideTables
from segpredict.data.side_tables.cells import missing_to_null, parse_days, read_cells
from segpredict.errors import ContractError, quote_value


def read_own_segments(options: OwnSegmentsOptions, data: str, found: SideTables) -> SideTables:
    """Add the segments that the shop gave to its customers from day to day."""
    roles = {role: role for role in OWN_SEGMENT_ROLES} | dict(options.columns)
    given = read_cells(data, roles)
    known = given.frame.filter(pl.col("customer_id").is_not_null())
    table = known.select(
        "customer_id",
        parse_days(known["date"], options.time_format, data, "own_segments")
        .cast(pl.Int32)
        .alias("day"),
        missing_to_null(known["segment"].str.strip_chars()),
    ).unique()
    if table["day"].null_count():
        raise ContractError(
            f"{table['day'].null_count():,} rows of {quote_value(data)} have no date.",
            fix="give every segment the day from which it holds.",
            file=data,
            column="date",
        )
    twice = table.filter(pl.struct("customer_id", "day").is_duplicated()).sort(pl.all())
    if twice.height:
        customer = twice["customer_id"][0]
        raise ContractError(
            f"Customer {quote_value(customer)} has several segments on one day in "
            f"{quote_value(data)}.",
            fix="keep one row per customer and day.",
            file=data,
            column="segment",
            value=customer,
            count=twice["customer_id"].n_unique(),
        )
    return given.added_to(found, own_segments=table.sort("customer_id", "day"))
