"""Which money a line has: quantity × price, an amount, or its share of the order's total.

Money that belongs to a whole order stands on one of its lines, or on each of them again. It is
told from money of lines by its values: in orders of several products it is the same on every
line, far more often than chance would have it. It is then counted once, and spread over the
lines in proportion to what each of them is worth, so that the parts add up to the total.
"""

import math
from typing import Literal

import numpy as np
import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning._ledger import RuleOutcome
from segpredict.data.cleaning._numbers import multiply_units
from segpredict.errors import ContractError

AGREEING_SHARE = 0.99  # share of rows on which two readings of the money must agree
ORDER_LEVEL_SHARE = 0.98  # share of orders of several products with one amount on all lines
MAX_CHANCE = 1e-3  # probability that lines of orders are equal by chance
TOLERANCE = MONEY_SCALE // 100  # one hundredth of the currency, as exports round
MIN_PRODUCTS = 3  # products sold in several quantities that show what a price is
LINE_SLOPE = 0.7  # growth of a price with the quantity from which it is that of the line
UNCLEAR_SHARE = 0.6  # share of such orders from which a person has to say
FEW_PRICES = 0.1  # probability that two lines are equal by chance from which a person has to say
ONE_PRICE = 0.5  # the same from which a shop has one price
CONTENT = ("item", "quantity", "price", "file", "row")  # sorts lines before their position does


def settle_money(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Return lines whose ``amount`` is the money of the line, before discounts and refunds.

    `lines` holds any of ``quantity``, ``price``, ``amount`` and ``stated_amount`` in whole
    units, the columns of the order's key, ``is_numbered`` and ``item``.
    """
    if plan.revenue == "visits":
        one = pl.lit(MONEY_SCALE, pl.Int64)
        given = {"quantity": one, "price": pl.lit(None, pl.Int64)}
        lines = lines.with_columns(**{c: v for c, v in given.items() if c not in lines.columns})
        return RuleOutcome(lines.with_columns(amount=spread_over_order(lines, one, one)))
    if "amount" in lines.columns:
        return _from_amount(lines, plan)
    product = multiply_units(pl.col("quantity"), pl.col("price"))
    lines = lines.with_columns(product.alias("amount"))
    lines = _with_negative_prices(lines)
    if "stated_amount" in lines.columns:
        return _compared(_without_gaps(lines))
    if plan.amount_level is None:
        _refuse_order_price(lines)
        _refuse_line_price(lines)
    return RuleOutcome(lines)


def _with_negative_prices(lines: pl.DataFrame) -> pl.DataFrame:
    """Read a negative price of what is sold as money paid back, once.

    Quantity and price that are both negative are one refund, not a sale.
    """
    quantity, price = pl.col("quantity"), pl.col("price")
    if not (lines["price"] < 0).any():
        return lines
    is_sale = (price > 0) & (quantity > 0)
    # It pays back no more than the product costs, or the order was; the rest are corrections.
    is_sold = -price <= price.filter(is_sale).max().over("item")
    in_order = -pl.col("amount") <= pl.col("amount").filter(is_sale).sum().over(KEY)
    is_sold, in_order = is_sold & pl.col("item").is_not_null(), in_order & pl.col("is_numbered")
    is_back = ((price < 0) & ((quantity < 0) | is_sold | in_order)).fill_null(value=False)
    return lines.with_columns(
        pl.when(is_back).then(-quantity.abs()).otherwise(quantity).alias("quantity"),
        pl.when(is_back).then(price.abs()).otherwise(price).alias("price"),
        pl.when(is_back).then(-pl.col("amount").abs()).otherwise("amount").alias("amount"),
    )


def _without_gaps(lines: pl.DataFrame) -> pl.DataFrame:
    """Take the amount where quantity × price is empty or nothing: a refund of money alone."""
    stated = pl.col("stated_amount")
    is_gap = (stated < 0).fill_null(value=False) & (pl.col("amount").fill_null(0) == 0)
    whys = [
        pl.when(~is_gap).then(why).alias(why)
        for why in ("quantity why", "price why")
        if why in lines.columns
    ]
    return lines.with_columns(
        pl.when(is_gap).then(stated).otherwise("amount").alias("amount"),
        pl.when(is_gap).then(0).otherwise("quantity").cast(pl.Int64).alias("quantity"),
        pl.when(~is_gap).then("price").alias("price"),
        *whys,
    )


def _refuse_order_price(lines: pl.DataFrame) -> None:
    """Refuse a price that is the total of its order."""
    if lines["price"].null_count() == 0 and money_level(lines, "price") == "order":
        once = _once_per_order(lines, "price")
        raise ContractError(
            "The price is the same on all lines of an order, for different products: it is the "
            f"order's total ({_shown(once)} once per order); as a price of pieces it would give "
            f"{_shown(int(lines['amount'].sum()))}.",
            fix="name that column as the amount: --map price= --map amount=COLUMN; or, if all "
            "products of an order do cost the same: --set cleaning.amount_level=line.",
            column="price",
        )


def spread_over_order(lines: pl.DataFrame, money: pl.Expr, weight: pl.Expr) -> pl.Series:
    """Return each line's part of a total of its order, in proportion to a weight.

    The parts of an order add up to its total to the last unit. Where all weights are zero,
    the lines share alike.
    """
    content = [name for name in CONTENT if name in lines.columns]
    weighed = lines.select(
        *KEY, *content, total=money.cast(pl.Int128), weight=weight.fill_null(0).abs()
    ).with_row_index("at")
    whole = pl.col("weight").sum().over(KEY)
    weighed = weighed.sort(*content).with_columns(
        weight=pl.when(whole > 0).then("weight").otherwise(1).cast(pl.Int128)
    )
    total, upto = pl.col("total"), pl.col("weight").cum_sum().over(KEY)
    part = (total * upto) // whole - (total * (upto - pl.col("weight"))) // whole
    return weighed.with_columns(part=part.cast(pl.Int64)).sort("at")["part"]


def order_total(column: str) -> pl.Expr:
    """Return the money of an order that stands on one of its lines, or on each again.

    Where its lines differ, the largest counts: the order of rows is no information.
    """
    return pl.col(column).max().over(KEY)


def _once_per_order(lines: pl.DataFrame, column: str) -> int:
    return int(lines.group_by(KEY).agg(pl.col(column).max())[column].sum())


def money_level(lines: pl.DataFrame, column: str) -> Literal["order", "line", "unclear"]:
    """Return whether a column of money holds the total of the order or the money of the line."""
    key: tuple[str, ...] = KEY
    if not lines["is_numbered"].any() and "minute" in lines.columns:
        # Without numbers of orders, lines of one customer at one minute are one order.
        lines = lines.with_columns(is_numbered=pl.col("minute").is_not_null())
        key = (*KEY, "minute")
    orders = (
        lines.filter(pl.col("is_numbered"))
        .group_by(key)
        .agg(
            n=pl.len(),
            items=pl.col("item").n_unique(),
            filled=pl.col(column).count(),
            values=pl.col(column).drop_nulls().n_unique(),
        )
    )
    several = orders.filter((pl.col("n") > 1) & (pl.col("filled") > 0))
    # Several pieces of one product, one a row, cost the same without being a total.
    is_unnamed = lines["item"].null_count() == lines.height
    comparable = several if is_unnamed else several.filter(pl.col("items") > 1)
    if comparable.is_empty():
        return "line"
    once = comparable.filter(filled=1)
    same = comparable.filter(pl.col("filled") == pl.col("n"), values=1)
    if once.height >= ORDER_LEVEL_SHARE * comparable.height:
        return "order"
    share = (once.height + same.height) / comparable.height
    counts = lines[column].drop_nulls().value_counts(name="count")["count"]
    alike = float(((counts / counts.sum()) ** 2).sum())  # two lines are equal by chance
    doubt = float((same["n"] - 1).sum()) * math.log(max(alike, 1e-12))
    if share < UNCLEAR_SHARE or doubt > math.log(MAX_CHANCE) or alike > ONE_PRICE:
        return "line"
    is_sure = share >= ORDER_LEVEL_SHARE and alike <= FEW_PRICES and not is_unnamed
    return "order" if is_sure else "unclear"


def _from_amount(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    level = plan.amount_level or money_level(lines, "amount")
    if level == "line":
        return RuleOutcome(_signed(lines))
    worth = pl.col("quantity") if "quantity" in lines.columns else pl.lit(1)
    if {"quantity", "price"} <= set(lines.columns):
        worth = multiply_units(pl.col("quantity"), pl.col("price"))
    added = int(lines["amount"].sum())
    parts = spread_over_order(lines, order_total("amount"), worth)
    once = int(parts.sum())
    if level == "unclear" or (plan.amount_level is None and not lines["is_numbered"].any()):
        raise ContractError(
            "The amount is equal on all lines of most orders: it may be the total of the order "
            f"({_shown(once)} in all, once per order) or the money of each line ({_shown(added)}).",
            fix="say which: --set cleaning.amount_level=order (or line).",
            column="amount",
        )
    lines = lines.with_columns(
        parts.alias("amount"), pl.when(parts.is_null()).then("amount why").alias("amount why")
    )
    note = (
        f"The amount is the total of its order, not of its line: taken once per order it adds up "
        f"to {_shown(once)}; over all lines it would be {_shown(added)}. If it is the money of "
        "each line: --set cleaning.amount_level=line."
    )
    return RuleOutcome(_signed(lines), notes=(note,) if once != added else ())


def _signed(lines: pl.DataFrame) -> pl.DataFrame:
    """Give a refund one sign in quantity and amount."""
    amount = pl.col("amount")
    one = pl.lit(MONEY_SCALE, pl.Int64)
    given = pl.col("quantity") if "quantity" in lines.columns else one
    # A refund of money alone has no pieces.
    given = pl.when(given.is_null() & (amount < 0)).then(0).otherwise(given)
    is_back = (given < 0) | (amount < 0)
    price = pl.col("price") if "price" in lines.columns else pl.lit(None, pl.Int64)
    pieces = [pl.col("quantity why")] if "quantity why" in lines.columns else []
    return lines.with_columns(
        pl.when(is_back).then(-given.abs()).otherwise(given).alias("quantity"),
        pl.when(is_back).then(-amount.abs()).otherwise(amount).alias("amount"),
        price.alias("price"),
        *(pl.when(~(pl.col("quantity").is_null() & (amount < 0))).then(why) for why in pieces),
    )


def _compared(lines: pl.DataFrame) -> RuleOutcome:
    """Compare quantity × price with an amount that stands beside them, on all rows."""
    product, stated = pl.col("amount"), pl.col("stated_amount")
    both = lines.filter(product.is_not_null() & stated.is_not_null())
    if both.is_empty() or _share(both, product, stated) >= AGREEING_SHARE:
        return RuleOutcome(lines)
    several = both.filter(pl.col("quantity").abs() != MONEY_SCALE)
    first, second = _shown(int(both["amount"].sum())), _shown(int(both["stated_amount"].sum()))
    if several.height and _share(several, pl.col("price"), stated) >= AGREEING_SHARE:
        note = (
            "The price is the money of the whole line, as the amount beside it is: the amounts "
            f"({second}) were taken, not quantity × price ({first})."
        )
        signed = _signed(lines.with_columns(stated.alias("amount")))
        return RuleOutcome(signed, notes=(note,))
    if money_level(lines, "stated_amount") == "order":
        once = _shown(_once_per_order(lines, "stated_amount"))
        note = (
            f"The amount beside quantity and price is the total of the order ({once} once per "
            f"order); quantity × price ({first}) was taken."
        )
        return RuleOutcome(lines, notes=(note,))
    discounted = product - pl.col("discount").fill_null(0)
    if "discount" in lines.columns and _share(both, discounted, stated) >= AGREEING_SHARE:
        note = f"The amount is quantity × price less the discount: {second} was taken."
        return RuleOutcome(_signed(lines.with_columns(stated.alias("amount"))), notes=(note,))
    apart = 1 - _share(both, product, stated)
    note = (
        f"Quantity × price and the amount beside them differ on {apart:.1%} of the rows: they add "
        f"up to {first} and {second}. Quantity × price was taken; to take the amount, name its "
        "column with --map amount=…."
    )
    return RuleOutcome(lines, notes=(note,))


def _share(lines: pl.DataFrame, one: pl.Expr, other: pl.Expr) -> float:
    """Return the share of rows on which two sums of money are equal but for rounding."""
    near = (one.abs() - other.abs()).abs() <= TOLERANCE
    return float(lines.select(near.fill_null(value=False).mean()).item() or 0.0)


def _refuse_line_price(lines: pl.DataFrame) -> None:
    """Refuse a price that grows with the quantity: it is that of all pieces of the line."""
    size, price = pl.col("quantity").abs(), pl.col("price")
    sold = lines.filter((size > 0) & (price > 0) & pl.col("item").is_not_null())
    x, y = size.log(), price.log()
    per_item = (
        sold.group_by("item")
        .agg(spread=x.var(), growth=pl.cov(x, y))
        .filter(pl.col("spread") > 0)
        .sort("item")
    )
    if per_item.height < MIN_PRODUCTS:
        return
    # 0 where a piece costs the same in any quantity, 1 where the price is that of the line.
    slopes = (per_item["growth"] / per_item["spread"]).to_numpy()
    if float(np.median(slopes)) < LINE_SLOPE:
        return
    by_unit, by_line = int(lines["amount"].sum()), int(lines["price"].sum())
    raise ContractError(
        f"The price grows with the quantity (in {per_item.height:,} products that are sold in "
        f"several quantities), so it is the money of the line: {_shown(by_line)} in all; as the "
        f"price of one piece it would be {_shown(by_unit)}.",
        fix="name that column as the amount: --map price= --map amount=COLUMN; or, if it is the "
        "price of one piece: --set cleaning.amount_level=line.",
        column="price",
    )


def _shown(units: int) -> str:
    return f"{units / MONEY_SCALE:,.2f}"
