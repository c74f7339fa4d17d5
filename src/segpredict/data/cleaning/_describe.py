"""A cleaned shop in tables."""

from typing import Any

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import as_date

DESCRIBED_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
MAX_SHOWN_REJECTS = 20


def describe_shop(shop: Transactions) -> dict[str, list[dict[str, Any]]]:
    """Return tables about a cleaned shop, each a list of rows.

    ``distributions``: orders per customer, lines and value per order, days between the purchase
    days of a customer, with quantiles. ``months``: rows of the calendar, with sales in whole
    currency; ``is_complete`` says whether the data cover the month. ``bad_rows``: how many rows
    could not be read, by reason; ``bad_examples``: the first of them. Orders that were wholly
    refunded do not count.

    >>> from segpredict.data.cleaning import clean_lines
    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "b"], "date": ["2011-01-31"] * 2, "amount": ["2.5", "1"]}
    >>> shop = clean_lines(from_frame(pl.DataFrame(rows)))
    >>> [(row["month"], row["orders"]) for row in describe_shop(shop)["months"]]
    [('2011-01', 2)]
    """
    lines = shop.known_at(shop.end_day).collect()
    sales = lines.filter(~pl.col("is_return"))
    orders = sales.group_by(KEY).agg(lines=pl.len(), value=pl.col("amount").sum())
    return {
        "distributions": _distributions(orders),
        "months": _months(orders, shop),
        **_rejects(shop),
    }


def _distributions(orders: pl.DataFrame) -> list[dict[str, Any]]:
    days = orders.select("customer_id", "day").unique().sort("customer_id", "day")
    gaps = days.select(pl.col("day").diff().over("customer_id")).to_series()
    measures = {
        "orders per customer": orders.group_by("customer_id").len()["len"],
        "lines per order": orders["lines"],
        "value per order": orders["value"] / MONEY_SCALE,
        "days between purchases": gaps.drop_nulls(),
    }
    return [_spread(name, values.sort()) for name, values in measures.items() if len(values)]


def _spread(name: str, values: pl.Series) -> dict[str, Any]:
    quantiles = {
        f"p{100 * q:.0f}": values.quantile(q, interpolation="nearest") for q in DESCRIBED_QUANTILES
    }
    numbers = {"min": values.min(), **quantiles, "max": values.max()}
    whole = {key: float(value) for key, value in numbers.items()}  # type: ignore[arg-type]
    # The mean of sorted whole units; sums in another order could differ in a last bit.
    return {"measure": name, "n": len(values), **whole, "mean": float(values.mean())}  # type: ignore[arg-type]


def _months(orders: pl.DataFrame, shop: Transactions) -> list[dict[str, Any]]:
    if orders.is_empty():
        return []
    month = pl.col("day").cast(pl.Date).dt.truncate("1mo").alias("month")
    counted = orders.group_by(month).agg(
        orders=pl.len(),
        customers=pl.col("customer_id").n_unique(),
        days=pl.col("day").n_unique(),
        sales=pl.col("value").sum() / MONEY_SCALE,
    )
    first, end = as_date(shop.first_day), as_date(shop.end_day)
    every = pl.date_range(first.replace(day=1), as_date(shop.end_day - 1), "1mo", eager=True)
    is_complete = (pl.col("month") >= first) & (pl.col("month").dt.offset_by("1mo") <= end)
    months = every.alias("month").to_frame()
    known = months.join(counted, on="month", how="left", maintain_order="left")
    return known.select(
        pl.col("month").dt.strftime("%Y-%m"),
        pl.exclude("month").fill_null(0),
        is_complete=is_complete,
    ).to_dicts()


def _rejects(shop: Transactions) -> dict[str, list[dict[str, Any]]]:
    rejected = [entry for entry in shop.ledger.entries if entry.stage == "rejected"]
    examples = [] if shop.rejects is None else shop.rejects.head(MAX_SHOWN_REJECTS).to_dicts()
    reasons = [{"reason": entry.rule, "rows": entry.count.rows} for entry in rejected]
    return {"bad_rows": reasons, "bad_examples": examples}
