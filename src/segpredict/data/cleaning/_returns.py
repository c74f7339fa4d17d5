"""An order of which every line was sent back is void from the last return on.

Nothing is deleted: until that day the shop took it for a purchase, and a forecast made
before it must do so as well. The order's lines and the returns that match them get the
``void_day`` from which both are gone.

A return matches a sale line of the same customer, product, price and quantity, the oldest that is
still open and not later than itself, one to one. Returns are matched in parts, too: those of the
same customer, product and price take from the oldest open sale line, and close it when together
they bring back all of it. What closes a line first counts.
"""

from collections.abc import Sequence

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.data.cleaning._ledger import RuleOutcome

MATCH_COLUMNS = ("customer_id", "product_id", "size", "abs_amount")
PRICED = ("customer_id", "product_id", "unit")
# Lines are ordered by content before position: the order of rows is no information.
KEPT_COLUMNS = (*KEY, "minute", "product_id", "quantity", "amount")


def mark_refunded(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Give lines of wholly refunded orders, and their returns, a ``void_day``."""
    if not lines["is_return"].any():
        return RuleOutcome(lines)
    numbered = lines.sort(*KEPT_COLUMNS, "file", "row").with_row_index("line")
    voids = _voids(numbered, _first_closed(_pairs(numbered), _parts(numbered)))
    if voids.is_empty():
        return RuleOutcome(lines)
    marked = numbered.drop("void_day").join(voids, on="line", how="left").select(lines.columns)
    return RuleOutcome(marked, noted_lines=marked.filter(pl.col("void_day").is_not_null()))


def _pairs(numbered: pl.DataFrame) -> pl.DataFrame:
    """Match returns to sales: columns ``sale``, ``back`` and the day of the return.

    In each group of equal lines, by time, sales open and returns close. The balance's
    lowest point below zero counts the returns that found nothing open; the others close
    sales from the oldest on.
    """
    sized = numbered.with_columns(size=pl.col("quantity").abs(), abs_amount=pl.col("amount").abs())
    wanted = sized.filter("is_return").select(MATCH_COLUMNS).unique()
    both = sized.join(wanted, on=list(MATCH_COLUMNS), how="semi", nulls_equal=True)
    in_time = both.sort(*MATCH_COLUMNS, "day", "minute", "is_return", "order_id", "line")
    is_back = pl.col("is_return").cast(pl.Int64)
    balance = (1 - 2 * is_back).cum_sum()
    unmatched = (-balance.cum_min()).clip(lower_bound=0)
    walked = in_time.with_columns(
        sales=(1 - is_back).cum_sum().over(MATCH_COLUMNS),
        unmatched=unmatched.over(MATCH_COLUMNS),
        backs=is_back.cum_sum().over(MATCH_COLUMNS),
    ).with_columns(
        is_open=pl.col("unmatched") == pl.col("unmatched").shift(1).over(MATCH_COLUMNS),
        nth=pl.col("backs") - pl.col("unmatched"),
    )
    back = walked.filter(pl.col("is_return") & pl.col("is_open")).select(
        *MATCH_COLUMNS, "nth", back="line", void_day="day"
    )
    sale = walked.filter(~pl.col("is_return")).select(*MATCH_COLUMNS, nth="sales", sale="line")
    pairs = sale.join(back, on=[*MATCH_COLUMNS, "nth"], how="inner", nulls_equal=True)
    return pairs.select("sale", "back", "void_day")


def _parts(numbered: pl.DataFrame) -> pl.DataFrame:
    """Match returns to sale lines that several of them bring back whole.

    On a line of pieces per customer, product and price, every sale takes the next
    stretch, and so does every return of pieces that are there to come back. A sale is
    closed when returns that lie inside its stretch fill it.
    """
    size, abs_amount = pl.col("quantity").abs(), pl.col("amount").abs()
    left = numbered.filter(pl.col("quantity") != 0).with_columns(size=size, unit=abs_amount / size)
    wanted = left.filter("is_return").select(PRICED).unique()
    in_time = left.join(wanted, on=list(PRICED), how="semi", nulls_equal=True).sort(
        *PRICED, "day", "minute", "is_return", "order_id", "line"
    )
    is_back = pl.col("is_return")
    come, gone = (
        pl.when(which).then(pl.col("size")).otherwise(0).cum_sum() for which in (~is_back, is_back)
    )
    item = in_time.with_columns(item=pl.struct(PRICED).rle_id()).with_columns(
        sold=come.over("item"), back=gone.over("item")
    )
    short = (pl.col("back") - pl.col("sold")).cum_max().clip(lower_bound=0)
    walked = item.with_columns(short=short.over("item")).with_columns(
        missing=pl.col("short").diff().over("item").fill_null(pl.col("short"))
    )
    sales = walked.filter(~is_back).select(
        "item", start=pl.col("sold") - pl.col("size"), end="sold", sale="line"
    )
    backs = walked.filter(is_back & (pl.col("missing") == 0)).select(
        *("item", "size"),
        start=pl.col("back") - pl.col("short") - pl.col("size"),
        back="line",
        void_day="day",
    )
    inside = (
        backs.sort("item", "start")
        .join_asof(sales.sort("item", "start"), on="start", by="item", check_sortedness=False)
        .filter(pl.col("start") + pl.col("size") <= pl.col("end"))
    )
    taken = pl.col("size").sum().over("sale")
    sizes = sales.select("sale", whole=pl.col("end") - pl.col("start"))
    return (
        inside.with_columns(taken=taken)
        .join(sizes, on="sale")
        .filter(pl.col("taken") == pl.col("whole"))
        .select("sale", "back", "void_day")
    )


def _first_closed(pairs: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return for each sale the match that closes it first.

    Either way of matching looks at nothing later than itself, so the earlier of the two
    is what was known that day; a return of next month cannot reopen an order.
    """
    both = pl.concat([pairs.with_columns(way=0), parts.with_columns(way=1)])
    closed = both.with_columns(closed=pl.col("void_day").max().over("sale", "way"))
    best = 2 * pl.col("closed").cast(pl.Int64) + pl.col("way")
    return closed.filter(best == best.min().over("sale")).select("sale", "back", "void_day")


def _voids(numbered: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of wholly refunded orders and the day they are void from."""
    sold = (
        numbered.filter(~pl.col("is_return"))
        .select(*KEY, sale="line")
        .join(pairs, on="sale", how="left")
    )
    whole = (
        sold.group_by(KEY)
        .agg(pl.col("back").is_not_null().all(), pl.col("void_day").max())
        .filter("back")
        .drop("back")
    )
    gone = sold.drop("void_day").join(whole, on=list(KEY), how="inner")
    both = pl.concat(gone.select("void_day", line=line) for line in ("sale", "back"))
    return both.group_by("line").agg(pl.col("void_day").max())


RETURNED_ITEM_COLUMNS = ("customer_id", "product_id")


def note_unmatched(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Note returns of more than the data have sold.

    Their sale lies before the file, or nowhere. They stay, and their money counts on
    their day. For each customer and product, sales add to what can come back and
    returns take from it; a return that finds less is unmatched, wholly or in part.
    """
    if not lines["is_return"].any():
        return RuleOutcome(lines)
    wanted = lines.filter("is_return").select(RETURNED_ITEM_COLUMNS).unique()
    moved = lines.join(wanted, on=list(RETURNED_ITEM_COLUMNS), how="semi", nulls_equal=True).sort(
        *RETURNED_ITEM_COLUMNS, "day", "minute", "is_return", "order_id", "quantity", "amount"
    )
    size = pl.when("is_return").then(-pl.col("quantity").abs()).otherwise("quantity")
    short = (-size.cum_sum().cum_min()).clip(lower_bound=0)
    walked = moved.with_columns(short=short.over(RETURNED_ITEM_COLUMNS)).with_columns(
        missing=pl.col("short") - pl.col("short").shift(1).over(RETURNED_ITEM_COLUMNS).fill_null(0)
    )
    unmatched = walked.filter(pl.col("is_return") & (pl.col("missing") > 0))
    partly = unmatched.filter(pl.col("missing") < pl.col("quantity").abs()).height
    return RuleOutcome(
        lines, noted_lines=unmatched.select(lines.columns), told=(unmatched.height, partly)
    )


def unmatched_notes(told: Sequence[tuple[int, int]], _: CleaningOptions) -> tuple[str, ...]:
    """Return a note on such returns, if there are any."""
    unmatched, partly = (sum(each[i] for each in told) for i in (0, 1))
    if not unmatched:
        return ()
    return (
        f"Returns of more than the customer had bought before: {unmatched:,}, "
        f"{partly:,} of them in part. Their sale lies before the first day, or after "
        "the return; they count on their own day.",
    )
