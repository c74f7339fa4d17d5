"""Which money a line has: quantity × price, an amount, or its share of the order's total.

Money that belongs to a whole order stands on one of its lines, or on each of them again. It is
told from money of lines by its values: in orders of several products it is the same on every
line, far more often than chance would have it. It is then counted once, and spread over the
lines in proportion to what each of them is worth, so that the parts add up to the total.
"""

import math
from dataclasses import dataclass

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning._numbers import multiply_units
from segpredict.errors import ContractError

AGREEING_SHARE = 0.99  # share of rows on which two readings of the money must agree
ORDER_LEVEL_SHARE = 0.98  # share of orders of several products with one amount on all lines
MAX_CHANCE = 1e-3  # probability that lines of orders are equal by chance
TOLERANCE = MONEY_SCALE // 100  # one hundredth of the currency, as exports round
MIN_PRODUCTS = 3  # products sold in several quantities that show what a price is
UNIT_SHARE = 0.9  # share of them that must agree
CONTENT = ("item", "quantity", "price", "file", "row")  # sorts lines before their position does


@dataclass(frozen=True, slots=True)
class SettledMoney:
    """Lines with one amount each, and what was decided on the way."""

    lines: pl.DataFrame
    notes: tuple[str, ...] = ()


def settle_money(lines: pl.DataFrame, plan: CleaningOptions) -> SettledMoney:
    """Return lines whose ``amount`` is the money of the line, before discounts and refunds.

    `lines` holds any of ``quantity``, ``price``, ``amount`` and ``stated_amount`` in whole
    units, the columns of the order's key, ``is_numbered`` and ``item``.
    """
    if plan.revenue == "visits":
        return SettledMoney(_visits(lines))
    if "amount" in lines.columns:
        return _from_amount(lines, plan)
    product = multiply_units(pl.col("quantity"), pl.col("price"))
    lines = lines.with_columns(product.alias("amount"))
    if "stated_amount" in lines.columns:
        return _compared(lines)
    _refuse_line_price(lines)
    return SettledMoney(lines)


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
    upto = pl.col("weight").cum_sum().over(KEY)
    whole = pl.col("weight").sum().over(KEY)
    part = (pl.col("total") * upto) // whole - (
        pl.col("total") * (upto - pl.col("weight"))
    ) // whole
    return weighed.with_columns(part=part.cast(pl.Int64)).sort("at")["part"]


def order_total(column: str) -> pl.Expr:
    """Return the money of an order that stands on one of its lines, or on each again."""
    return pl.col(column).drop_nulls().first().over(KEY)


def is_order_level(lines: pl.DataFrame, column: str) -> bool:
    """Return whether a column of money holds the total of the order, not of the line."""
    orders = (
        lines.filter(pl.col("is_numbered"))
        .group_by(KEY)
        .agg(
            n=pl.len(),
            items=pl.col("item").n_unique(),
            filled=pl.col(column).count(),
            values=pl.col(column).drop_nulls().n_unique(),
        )
    )
    several = orders.filter((pl.col("n") > 1) & (pl.col("filled") > 0))
    # Several pieces of one product, one a row, cost the same without being a total.
    told = several.filter(
        (pl.col("items") > 1) | pl.lit(lines["item"].null_count() == lines.height)
    )
    if told.is_empty():
        return False
    once, same = told.filter(filled=1), told.filter(pl.col("filled") == pl.col("n"), values=1)
    if once.height + same.height < ORDER_LEVEL_SHARE * told.height:
        return False
    counts = lines[column].drop_nulls().value_counts(name="count")["count"]
    alike = float(((counts / counts.sum()) ** 2).sum())  # two lines are equal by chance
    doubt = float((same["n"] - 1).sum()) * math.log(max(alike, 1e-12))
    return once.height >= ORDER_LEVEL_SHARE * told.height or doubt < math.log(MAX_CHANCE)


def _visits(lines: pl.DataFrame) -> pl.DataFrame:
    one = pl.lit(MONEY_SCALE, pl.Int64)
    has = [c for c in ("quantity", "price") if c in lines.columns]
    lines = lines.with_columns(
        *(one.alias("quantity") for _ in range("quantity" not in has)),
        *(pl.lit(None, pl.Int64).alias("price") for _ in range("price" not in has)),
    )
    return lines.with_columns(spread_over_order(lines, one, one).alias("amount"))


def _from_amount(lines: pl.DataFrame, plan: CleaningOptions) -> SettledMoney:
    level = plan.amount_level
    is_total = level == "order" or (level is None and is_order_level(lines, "amount"))
    if not is_total:
        return SettledMoney(_signed(lines))
    worth = pl.col("quantity") if "quantity" in lines.columns else pl.lit(1)
    if {"quantity", "price"} <= set(lines.columns):
        worth = multiply_units(pl.col("quantity"), pl.col("price"))
    added = int(lines["amount"].sum())
    parts = spread_over_order(lines, order_total("amount"), worth)
    lines = lines.with_columns(parts.alias("amount"), pl.lit(None, pl.String).alias("amount why"))
    once = int(lines["amount"].sum())
    note = (
        f"The amount is the total of its order, not of its line: taken once per order it adds up "
        f"to {_shown(once)}; over all lines it would be {_shown(added)}. If it is the money of "
        "each line: --set cleaning.amount_level=line."
    )
    return SettledMoney(_signed(lines), (note,) if once != added else ())


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


def _compared(lines: pl.DataFrame) -> SettledMoney:
    """Compare quantity × price with an amount that stands beside them, on all rows."""
    product, stated = pl.col("amount"), pl.col("stated_amount")
    both = lines.filter(product.is_not_null() & stated.is_not_null())
    if both.is_empty() or _share(both, product, stated) >= AGREEING_SHARE:
        return SettledMoney(lines)
    several = both.filter(pl.col("quantity").abs() != MONEY_SCALE)
    first, second = _shown(int(both["amount"].sum())), _shown(int(both["stated_amount"].sum()))
    if several.height and _share(several, pl.col("price"), stated) >= AGREEING_SHARE:
        note = (
            "The price is the money of the whole line, as the amount beside it is: the amounts "
            f"({second}) were taken, not quantity × price ({first})."
        )
        signed = _signed(lines.with_columns(stated.alias("amount")))
        return SettledMoney(signed, (note,))
    if is_order_level(both, "stated_amount"):
        once = _shown(int(both.unique(KEY)["stated_amount"].sum()))
        note = (
            f"The amount beside quantity and price is the total of the order ({once} once per "
            f"order); quantity × price ({first}) was taken."
        )
        return SettledMoney(lines, (note,))
    discounted = product - pl.col("discount").fill_null(0)
    if "discount" in lines.columns and _share(both, discounted, stated) >= AGREEING_SHARE:
        note = f"The amount is quantity × price less the discount: {second} was taken."
        return SettledMoney(_signed(lines.with_columns(stated.alias("amount"))), (note,))
    apart = 1 - _share(both, product, stated)
    note = (
        f"Quantity × price and the amount beside them differ on {apart:.1%} of the rows: they add "
        f"up to {first} and {second}. Quantity × price was taken; to take the amount, name its "
        "column with --map amount=…."
    )
    return SettledMoney(lines, (note,))


def _share(lines: pl.DataFrame, one: pl.Expr, other: pl.Expr) -> float:
    """Return the share of rows on which two sums of money are equal but for rounding."""
    near = (one.abs() - other.abs()).abs() <= TOLERANCE
    return float(lines.select(near.fill_null(value=False).mean()).item() or 0.0)


def _refuse_line_price(lines: pl.DataFrame) -> None:
    """Refuse a price that grows with the quantity: it is that of all pieces of the line."""
    size, price = pl.col("quantity").abs(), pl.col("price")
    sold = lines.filter((size > 0) & (price > 0) & pl.col("item").is_not_null())
    each = price / size
    per_item = (
        sold.group_by("item")
        .agg(
            sizes=size.n_unique(),
            is_unit=price.max() - price.min() <= TOLERANCE,
            is_line=(each.max() - each.min()) * MONEY_SCALE <= TOLERANCE,
        )
        .filter(pl.col("sizes") > 1)
    )
    if per_item.height < MIN_PRODUCTS:
        return
    line, unit = per_item.filter(~pl.col("is_unit"), is_line=True).height, per_item["is_unit"].sum()
    if line < UNIT_SHARE * per_item.height or unit:
        return
    by_unit, by_line = int(lines["amount"].sum()), int(lines["price"].sum())
    raise ContractError(
        f"The price grows with the quantity in {line:,} of {per_item.height:,} products, so it is "
        f"the money of the line: {_shown(by_line)} in all; as the price of one piece it would be "
        f"{_shown(by_unit)}.",
        fix="name that column as the amount instead: --map price= --map amount=COLUMN.",
        column="price",
    )


def _shown(units: int) -> str:
    return f"{units / MONEY_SCALE:,.2f}"
