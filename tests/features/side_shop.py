"""Side tables for the shops of the feature tests: customers a to d, products p to r."""

import polars as pl

from segpredict.core.transactions import CustomerAttribute, CustomerLog, SideTables

ATTRIBUTES = (
    CustomerAttribute("income", "number", "Income"),
    CustomerAttribute("born", "date", "Born"),
    CustomerAttribute("tier", "level", "Tier", ("gold", "silver")),
)


def customers(rows: list[tuple]) -> pl.DataFrame:
    """Return a table of customers from (id, since, until, income, born, tier)."""
    schema = {
        "customer_id": pl.String,
        "since": pl.Int32,
        "until": pl.Int32,
        "income": pl.Float64,
        "born": pl.Int32,
        "tier": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def log(rows: list[tuple], kinds: list[str]) -> CustomerLog:
    """Return a log from (id, day, counts)."""
    counts = dict.fromkeys(kinds, pl.Int64)
    schema = {"customer_id": pl.String, "day": pl.Int32, **counts}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return CustomerLog(frame, frame["day"].min() if frame.height else None)


def side_tables() -> SideTables:
    """Return side tables that reach to both sides of day 600."""
    people = [
        ("a", None, None, 30_000.0, -9_000, "gold"),
        ("b", 0, 500, 1.0, -1, "silver"),
        ("b", 500, 700, 2.0, 650, "bronze"),
        ("c", 650, None, 9.0, 0, "gold"),
    ]
    events = [
        (who, day, 1 + day % 2, day % 5, day % 3, 0) for who in "abcd" for day in range(3, 900, 41)
    ]
    contacts = [(who, day, 1, day % 2) for who in "ab" for day in range(9, 900, 30)]
    products = {"product_id": ["p", "q", "r"], "category": ["x", "x", "y"]}
    prices = {"product_id": ["p", "q", "r"], "percentile": [0.25, 0.75, 0.5]}
    return SideTables(
        customers=customers(people),
        attributes=ATTRIBUTES,
        products=pl.DataFrame(products),
        events=log(events, ["sessions", "views", "carts", "searches"]),
        contacts=log(contacts, ["sent", "opened"]),
        countries=("UK", "France"),
        prices=pl.DataFrame(prices),
    )
