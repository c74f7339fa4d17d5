"""What a careful reader would ask about a shop's lines, as sentences with numbers."""

from collections.abc import Iterator

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, InputFile
from segpredict.core.window import as_date

GAP_DAYS = 28  # days without a row that deserve a word
PRICE_JUMP = 20  # times by which a month's median price may differ from the month before
DOMINANT_SHARE = 0.3  # share of all sales in one order that deserves a word
MIN_MONTH_LINES = 20  # lines that a month needs for a median price to mean anything


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
