"""A cleaned shop in tables, and what a careful reader would ask about its lines, with numbers."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, InputFile, Transactions
from segpredict.core.window import as_date

DESCRIBED_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
MAX_SHOWN_REJECTS = 20
GAP_DAYS = 28  # days without a row that deserve a word
PRICE_JUMP = 20  # times by which a month's median price may differ from the month before
DOMINANT_SHARE = 0.3  # share of all sales in one order that deserves a word
MIN_MONTH_LINES = 20  # lines that a month needs for a median price to mean anything


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


def data_quality_notes(
    lines: pl.DataFrame, used: pl.DataFrame, files: tuple[InputFile, ...]
) -> tuple[str, ...]:
    """Return notes on unusual lines, of those read and those used."""
    if lines.is_empty():
        return ()
    notes = [*_gaps(lines), *_overlap(lines, files), *_fractions(lines)]
    if used.height:
        notes += [*_orders(used), *_countries(used), *_prices(used), *_dominant(used)]
    return tuple(notes)


def _gaps(lines: pl.DataFrame) -> Iterator[str]:
    days = lines.select(pl.col("day").unique().sort()).with_columns(gap=pl.col("day").diff() - 1)
    long = days.filter(pl.col("gap") >= GAP_DAYS).sort("gap", "day", descending=[True, False])
    for day, gap in long.head(5).rows():
        first, last = as_date(day - gap), as_date(day - 1)
        before = lines.filter(pl.col("day") < day - gap).height
        yield (
            f"No row lies between {first} and {last} ({gap:,} days): is a file "
            f"missing? Rows before the gap: {before:,}."
        )


def _overlap(lines: pl.DataFrame, files: tuple[InputFile, ...]) -> Iterator[str]:
    if len(files) < 2:
        return
    shared = (
        lines.group_by("day")
        .agg(pl.col("file").n_unique().alias("n"))
        .filter(pl.col("n") > 1)["day"]
    )
    if len(shared):
        first, last = as_date(int(shared.min())), as_date(int(shared.max()))  # type: ignore[arg-type]
        yield (
            f"Days that are in more than one file: {len(shared):,}, from {first} to "
            f"{last}; rows that are equal there were counted once."
        )


def _fractions(lines: pl.DataFrame) -> Iterator[str]:
    n = lines.filter(pl.col("quantity") % MONEY_SCALE != 0).height
    if 0 < n <= 0.005 * lines.height:
        yield (
            f"Rows with a quantity that is no whole number: {n:,}; they were kept. Are they meant?"
        )


def _orders(used: pl.DataFrame) -> Iterator[str]:
    orders = used.group_by("order_id").agg(
        n=pl.col("customer_id").n_unique(),
        days=pl.col("day").filter(~pl.col("is_return")).n_unique(),
    )
    shared = orders.filter(pl.col("n") > 1)["order_id"].sort()
    if len(shared):
        yield (
            f"Order numbers of several customers: {len(shared):,} (such as "
            f"{shared[0]}); order and customer together make an order."
        )
    spread = orders.filter((pl.col("days") > 1) & (pl.col("n") == 1))["order_id"].sort()
    if len(spread):
        yield (
            f"Order numbers that are on several days: {len(spread):,} (such as "
            f"{spread[0]}); each day is an order of its own."
        )


def _countries(used: pl.DataFrame) -> Iterator[str]:
    if used["country"].null_count() == used.height:
        return
    # An empty cell is no country.
    named = used.filter(pl.col("country").is_not_null())
    per_customer = named.group_by("customer_id").agg(pl.col("country").n_unique())
    several = per_customer.filter(pl.col("country") > 1).height
    if several:
        yield f"Customers who bought from more than one country: {several:,}."


def _prices(used: pl.DataFrame) -> Iterator[str]:
    if used["price"].null_count() == used.height:
        return
    month = pl.col("day").cast(pl.Date).dt.truncate("1mo")
    monthly = (
        used.filter(~pl.col("is_return"))
        .group_by(month.alias("month"))
        .agg(pl.col("price").median(), n=pl.len())
        .filter(pl.col("n") >= MIN_MONTH_LINES)
        .sort("month")
        .with_columns(ratio=pl.col("price") / pl.col("price").shift(1))
    )
    is_jump = (pl.col("ratio") > PRICE_JUMP) | (pl.col("ratio") < 1 / PRICE_JUMP)
    for month_, price, _, ratio in monthly.filter(is_jump).rows():
        factor = ratio if ratio > 1 else 1 / ratio
        way = "rose" if ratio > 1 else "fell"
        yield (
            f"The median price {way} {factor:,.0f} times to {price / MONEY_SCALE:,.2f} in "
            f"{month_:%B %Y}: were pounds and pence mixed?"
        )


def _dominant(used: pl.DataFrame) -> Iterator[str]:
    sales = used.filter(~pl.col("is_return"))
    orders = sales.group_by(KEY).agg(pl.col("amount").sum())
    total = int(orders["amount"].sum())
    if orders.height < 2 or total <= 0:
        return
    customer, order, _, amount = orders.sort("amount", "order_id", *KEY).row(-1)
    if amount > DOMINANT_SHARE * total:
        yield (
            f"One order ({order} of customer {customer}) makes {amount / total:.1%} of "
            "all sales; averages will follow it."
        )
