"""Money that is taken off sales: discounts, refunds, and rows that repeat the sum of others."""

from collections.abc import Sequence

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.data.cleaning._money import (
    ORDER_LEVEL_SHARE,
    TOLERANCE,
    order_total,
    spread_over_order,
)
from segpredict.data.cleaning._numbers import multiply_units
from segpredict.data.cleaning._rule import RuleOutcome

TOTAL_ITEM = r"(?i)^\W*((order|grand|sub)[ -]?)?(total|summe|gesamt|totaal|totale|итого)\W*$"


def without_summary_rows(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    """Leave out a row without a product that repeats the sum of the other rows of its order."""
    is_sum_row = lines["item"].str.contains(TOTAL_ITEM).fill_null(value=True)
    if is_sum_row.sum() in (0, lines.height):
        return RuleOutcome(lines)
    marked = lines.with_columns(is_sum_row.alias("is_head"))
    is_head, money = pl.col("is_head"), pl.col("amount")
    below = money.filter(~is_head).sum().over(KEY)
    others = (~is_head).sum().over(KEY)
    heads = is_head.sum().over(KEY)
    # The sum stands as an amount, or as the price of a row that counts all pieces.
    is_sum = ((money - below).abs() <= TOLERANCE) | (
        (pl.col("price") - below).abs().fill_null(TOLERANCE + 1) <= TOLERANCE
    )
    repeats = pl.col("is_numbered") & is_head & (heads == 1) & (others > 0) & is_sum
    return RuleOutcome(marked.filter(~repeats).drop("is_head"))


def take_off_discounts(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Take discounts off the money of sales."""
    is_none = plan.discount == "included" or plan.revenue != "net"
    if is_none or lines["discount"].null_count() == lines.height:
        return RuleOutcome(lines)
    sold = pl.col("amount").clip(lower_bound=0)
    given = pl.col("discount").fill_null(0)
    if plan.discount == "order":
        off = pl.lit(spread_over_order(lines, order_total("discount").fill_null(0), sold))
    elif plan.discount == "unit":
        off = multiply_units(pl.col("quantity").abs(), given)
    elif plan.discount == "rate":
        off = multiply_units(sold, given)
    else:
        off = given
    off = pl.min_horizontal(off, sold)
    return _taken_off(lines, off, [off.alias("discount")])


def take_off_refunds(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Take money that was paid back off the sales of its order.

    A refund is a part of what the customer paid, which holds shipping and tax; with the order's
    total known, that part of the products' money is taken off.
    """
    if plan.revenue != "net" or lines["refund"].null_count() == lines.height:
        return RuleOutcome(lines)
    sold = pl.col("amount").clip(lower_bound=0)
    # Beside the order's total, the refund is of the order as well.
    has_totals = lines["order_total"].null_count() < lines.height
    if not has_totals and not _is_of_order(lines, "refund"):
        return _taken_off(lines, pl.min_horizontal(pl.col("refund").fill_null(0), sold))
    bought = sold.sum().over(KEY)
    refund, paid = order_total("refund").fill_null(0), order_total("order_total")
    exact = bought.cast(pl.Int128) * refund.cast(pl.Int128)
    share = ((exact + paid // 2) // paid).cast(pl.Int64)
    known = (paid > 0).fill_null(value=False)
    total = pl.min_horizontal(pl.when(known).then(share).otherwise(refund), bought)
    return _taken_off(lines, pl.lit(spread_over_order(lines, total, sold)))


def _is_of_order(lines: pl.DataFrame, column: str) -> bool:
    """Return whether money stands for its order: on one of its lines, or on each again."""
    money = pl.col(column).fill_null(0)
    per_order = (
        lines.group_by(KEY)
        .agg(n=pl.len(), filled=(money > 0).sum(), low=money.min(), high=money.max())
        .filter((pl.col("n") > 1) & (pl.col("filled") > 0))
    )
    once = per_order.filter(filled=1).height
    same = per_order.filter((pl.col("filled") == pl.col("n")) & (pl.col("low") == pl.col("high")))
    if once == per_order.height:
        return True
    return same.height > 1 and once + same.height >= ORDER_LEVEL_SHARE * per_order.height


def _taken_off(lines: pl.DataFrame, off: pl.Expr, others: Sequence[pl.Expr] = ()) -> RuleOutcome:
    """Return lines with less money, without those that have none left."""
    less = lines.with_columns(*others, amount=pl.col("amount") - off, was=pl.col("amount"))
    is_gone = (pl.col("was") > 0) & (pl.col("amount") <= 0)
    return RuleOutcome(less.filter(~is_gone).drop("was"), changes_money=True)
