"""What a careful reader would ask about the lines of a shop, with numbers.

Each note is a `Question`: every shard answers with counts, and all of them make a sentence.
"""

from collections.abc import Sequence

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date
from segpredict.data.cleaning._ledger import Question

GAP_DAYS = 28  # days without a row that deserve a word
MAX_GAPS = 5  # that are listed
PRICE_JUMP = 20  # times by which a month's median price may differ from the month before
DOMINANT_SHARE = 0.3  # share of all sales in one order that deserves a word
MIN_MONTH_LINES = 20  # lines that a month needs for a median price to mean anything
MAX_FRACTIONS_SHARE = 0.005  # share of broken quantities up to which they may be meant
Notes = tuple[str, ...]


def _count_days(lines: pl.DataFrame, _: CleaningOptions) -> pl.DataFrame:
    return lines.group_by("day", "file").agg(n=pl.len())


def _day_notes(told: Sequence[pl.DataFrame], _: CleaningOptions) -> Notes:
    """Note days without a row, and those that are in several files."""
    rows = pl.concat(told)
    days = rows.group_by("day").agg(pl.col("n").sum(), files=pl.col("file").n_unique()).sort("day")
    days = days.with_columns(gap=pl.col("day").diff() - 1, before=pl.col("n").cum_sum().shift(1))
    long = days.filter(pl.col("gap") >= GAP_DAYS).sort("gap", "day", descending=[True, False])
    gaps = long.head(MAX_GAPS).select("day", "gap", "before").rows()
    notes = [
        f"No row lies between {as_date(day - gap)} and {as_date(day - 1)} ({gap:,} days): is a "
        f"file missing? Rows before the gap: {before:,}."
        for day, gap, before in gaps
    ]
    shared = days.filter(pl.col("files") > 1)["day"]
    if len(shared):
        notes.append(
            f"Days that are in more than one file: {len(shared):,}, from {as_date(shared[0])} to "
            f"{as_date(shared[-1])}; rows that are equal there were counted once."
        )
    return tuple(notes)


def _count_fractions(lines: pl.DataFrame, _: CleaningOptions) -> tuple[int, int]:
    return lines.filter(pl.col("quantity") % MONEY_SCALE != 0).height, lines.height


def _fraction_notes(told: Sequence[tuple[int, int]], _: CleaningOptions) -> Notes:
    broken, rows = (sum(each[i] for each in told) for i in (0, 1))
    if not 0 < broken <= MAX_FRACTIONS_SHARE * rows:
        return ()
    return (
        f"Rows with a quantity that is no whole number: {broken:,}; they were kept. Are they "
        "meant?",
    )


def _count_numbers(used: pl.DataFrame, _: CleaningOptions) -> pl.DataFrame:
    """Return how many customers and days of sales each order number has."""
    return used.group_by("order_id").agg(
        n=pl.col("customer_id").n_unique(),
        days=pl.col("day").filter(~pl.col("is_return")).n_unique(),
    )


def _number_notes(told: Sequence[pl.DataFrame], _: CleaningOptions) -> Notes:
    orders = told[0] if len(told) == 1 else pl.concat(told).group_by("order_id").sum()
    shared = orders.filter(pl.col("n") > 1)["order_id"]
    spread = orders.filter((pl.col("days") > 1) & (pl.col("n") == 1))["order_id"]
    notes = []
    if len(shared):
        notes.append(
            f"Order numbers of several customers: {len(shared):,} (such as {shared.sort()[0]}); "
            "order and customer together make an order."
        )
    if len(spread):
        notes.append(
            f"Order numbers that are on several days: {len(spread):,} "
            f"(such as {spread.sort()[0]}); "
            "each day is an order of its own."
        )
    return tuple(notes)


def _count_travellers(used: pl.DataFrame, _: CleaningOptions) -> int:
    if used["country"].null_count() == used.height:
        return 0
    # An empty cell is no country.
    named = used.filter(pl.col("country").is_not_null())
    per_customer = named.group_by("customer_id").agg(pl.col("country").n_unique())
    return per_customer.filter(pl.col("country") > 1).height


def _traveller_notes(told: Sequence[int], _: CleaningOptions) -> Notes:
    several = sum(told)
    return (f"Customers who bought from more than one country: {several:,}.",) if several else ()


def _count_prices(used: pl.DataFrame, _: CleaningOptions) -> pl.DataFrame:
    month = pl.col("day").cast(pl.Date).dt.truncate("1mo")
    sales = used.filter(~pl.col("is_return"))
    return sales.group_by("price", month=month).agg(n=pl.len())


def _price_notes(told: Sequence[pl.DataFrame], _: CleaningOptions) -> Notes:
    counted = (
        pl.concat(told).group_by("month", "price").agg(pl.col("n").sum()).sort("month", "price")
    )
    known = counted.drop_nulls("price").with_columns(
        upto=pl.col("n").cum_sum().over("month"), whole=pl.col("n").sum().over("month")
    )
    low, high = (
        pl.col("price").filter(pl.col("upto") > (pl.col("whole") - back) // 2).first()
        for back in (1, 0)
    )
    medians = known.group_by("month", maintain_order=True).agg(price=(low + high) / 2)
    rows = counted.group_by("month").agg(pl.col("n").sum()).filter(pl.col("n") >= MIN_MONTH_LINES)
    monthly = (
        rows.join(medians, on="month", how="left")
        .sort("month")
        .with_columns(ratio=pl.col("price") / pl.col("price").shift(1))
    )
    is_jump = (pl.col("ratio") > PRICE_JUMP) | (pl.col("ratio") < 1 / PRICE_JUMP)
    return tuple(
        f"The median price {'rose' if ratio > 1 else 'fell'} {max(ratio, 1 / ratio):,.0f} times to "
        f"{price / MONEY_SCALE:,.2f} in {month:%B %Y}: were pounds and pence mixed?"
        for month, price, ratio in monthly.filter(is_jump).select("month", "price", "ratio").rows()
    )


LargestOrder = tuple[int, str, str, int]  # its money, number, customer and day


def _find_largest(used: pl.DataFrame, _: CleaningOptions) -> tuple[int, int, LargestOrder | None]:
    """Return how many orders there are, their money, and the largest of them."""
    orders = used.filter(~pl.col("is_return")).group_by(KEY).agg(pl.col("amount").sum())
    last = orders.sort("amount", "order_id", *KEY).select(
        "amount", "order_id", "customer_id", "day"
    )
    return orders.height, int(orders["amount"].sum()), last.row(-1) if last.height else None


def _largest_notes(
    told: Sequence[tuple[int, int, LargestOrder | None]], _: CleaningOptions
) -> Notes:
    orders, total = sum(n for n, *_ in told), sum(money for _, money, _ in told)
    if orders < 2 or total <= 0:
        return ()
    amount, order, customer, _day = max(largest for _, _, largest in told if largest is not None)
    if amount <= DOMINANT_SHARE * total:
        return ()
    return (
        f"One order ({order} of customer {customer}) makes {amount / total:.1%} of all sales; "
        "averages will follow it.",
    )


NOTES_ON_READ = (Question(_count_days, _day_notes), Question(_count_fractions, _fraction_notes))
NOTES_ON_USED = (
    Question(_count_numbers, _number_notes),
    Question(_count_travellers, _traveller_notes),
    Question(_count_prices, _price_notes),
    Question(_find_largest, _largest_notes),
)
