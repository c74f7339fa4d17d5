"""Which money a line has: quantity × price, an amount, or its share of the order's total.

Money that belongs to a whole order stands on one of its lines, or on each of them again. It is
told from money of lines by its values: in orders of several products it is the same on every
line, far more often than chance would have it. It is then counted once, and spread over the
lines in proportion to what each of them is worth, so that the parts add up to the total.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from operator import add
from typing import Any

import numpy as np
import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning._ledger import CleaningRule, Question, RuleOutcome, no_notes
from segpredict.data.cleaning._money_level import MoneyCounts, MoneyLevel
from segpredict.data.cleaning._numbers import multiply_units
from segpredict.errors import ContractError

AGREEING_SHARE = 0.99  # share of rows on which two readings of the money must agree
TOLERANCE = MONEY_SCALE // 100  # one hundredth of the currency, as exports round
MIN_PRODUCTS = 3  # products sold in several quantities that show what a price is
LINE_SLOPE = 0.7  # growth of a price with the quantity from which it is that of the line
CONTENT = ("item", "quantity", "price", "file", "row")  # sorts lines before their position does


def money_rules(
    columns: Sequence[str], plan: CleaningOptions, *, has_negative_prices: bool
) -> tuple[CleaningRule, ...]:
    """Return the rules after which ``amount`` is the money of a line, less nothing.

    `columns` are those of the lines: any of ``quantity``, ``price``, ``amount`` and
    ``stated_amount`` in whole units, the order's key, ``is_numbered`` and ``item``.
    """
    if plan.revenue == "visits":
        return (_rule(_visits),)
    if "amount" in columns:
        return (_rule(_from_amount, AMOUNT_LEVEL, _first_note),)
    rules = [_rule(_with_product)]
    if has_negative_prices:
        rules.append(_rule(_with_negative_prices, HIGHEST_PRICES))
    if "stated_amount" in columns:
        return (*rules, _rule(_without_gaps), _rule(_compared, COMPARISON, _first_note))
    if plan.amount_level is None:
        rules.append(_rule(_unchanged, UNIT_PRICES))
    return tuple(rules)


def _rule(
    apply: Callable[[pl.DataFrame, CleaningOptions, Any], RuleOutcome],
    question: Question | None = None,
    notes: Callable[[Sequence[Any], CleaningOptions], tuple[str, ...]] = no_notes,
) -> CleaningRule:
    return CleaningRule("money", "The money of the line.", apply, question, notes)


def _unchanged(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    return RuleOutcome(lines)


def _visits(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Count each order as one unit of money."""
    one = pl.lit(MONEY_SCALE, pl.Int64)
    given = {"quantity": one, "price": pl.lit(None, pl.Int64)}
    lines = lines.with_columns(**{c: v for c, v in given.items() if c not in lines.columns})
    return RuleOutcome(lines.with_columns(amount=spread_over_order(lines, one, one)))


def _with_product(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    product = multiply_units(pl.col("quantity"), pl.col("price"))
    return RuleOutcome(lines.with_columns(product.alias("amount")))


def _ask_prices(lines: pl.DataFrame, _: CleaningOptions) -> pl.DataFrame:
    """Return the highest price at which each product was sold."""
    is_sale = (pl.col("price") > 0) & (pl.col("quantity") > 0) & pl.col("item").is_not_null()
    return lines.filter(is_sale).group_by("item").agg(highest=pl.col("price").max())


HIGHEST_PRICES = Question(
    _ask_prices, lambda told, _: pl.concat(told).group_by("item").agg(pl.col("highest").max())
)


def _with_negative_prices(
    lines: pl.DataFrame, _: CleaningOptions, highest: pl.DataFrame
) -> RuleOutcome:
    """Read a negative price of what is sold as money paid back, once.

    Quantity and price that are both negative are one refund, not a sale.
    """
    quantity, price = pl.col("quantity"), pl.col("price")
    is_sale = (price > 0) & (quantity > 0)
    # It pays back no more than the product costs, or the order was; the rest are corrections.
    is_sold = -price <= pl.col("highest")
    in_order = -pl.col("amount") <= pl.col("amount").filter(is_sale).sum().over(KEY)
    in_order = in_order & pl.col("is_numbered")
    is_back = ((price < 0) & ((quantity < 0) | is_sold | in_order)).fill_null(value=False)
    priced = lines.join(highest, on="item", how="left", maintain_order="left")
    changed = priced.with_columns(
        pl.when(is_back).then(-quantity.abs()).otherwise(quantity).alias("quantity"),
        pl.when(is_back).then(price.abs()).otherwise(price).alias("price"),
        pl.when(is_back).then(-pl.col("amount").abs()).otherwise("amount").alias("amount"),
    )
    return RuleOutcome(changed.drop("highest"))


def _without_gaps(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Take the amount where quantity × price is empty or nothing: a refund of money alone."""
    stated = pl.col("stated_amount")
    is_gap = (stated < 0).fill_null(value=False) & (pl.col("amount").fill_null(0) == 0)
    whys = [
        pl.when(~is_gap).then(why).alias(why)
        for why in ("quantity why", "price why")
        if why in lines.columns
    ]
    filled = lines.with_columns(
        pl.when(is_gap).then(stated).otherwise("amount").alias("amount"),
        pl.when(is_gap).then(0).otherwise("quantity").cast(pl.Int64).alias("quantity"),
        pl.when(~is_gap).then("price").alias("price"),
        *whys,
    )
    return RuleOutcome(filled)


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


def _ask_amounts(lines: pl.DataFrame, plan: CleaningOptions) -> MoneyCounts | None:
    return None if plan.amount_level == "line" else MoneyCounts.of(lines, "amount")


def _level_of_amounts(
    told: Sequence[MoneyCounts | None], plan: CleaningOptions
) -> MoneyLevel | None:
    """Return what an amount is; None where it is that of the line."""
    if plan.amount_level == "line":
        return None
    found = MoneyLevel.of([each for each in told if each is not None])
    level = plan.amount_level or found.level
    if level == "line":
        return None
    if level == "unclear" or (plan.amount_level is None and not found.is_numbered):
        raise ContractError(
            "The amount is equal on all lines of most orders: it may be the total of the order "
            f"({_shown(found.once)} in all, once per order) or the money of each line "
            f"({_shown(found.added)}).",
            fix="say which: --set cleaning.amount_level=order (or line).",
            column="amount",
        )
    return found


AMOUNT_LEVEL = Question(_ask_amounts, _level_of_amounts)


def _from_amount(lines: pl.DataFrame, _: CleaningOptions, level: MoneyLevel | None) -> RuleOutcome:
    if level is None:
        return RuleOutcome(_signed(lines))
    worth = pl.col("quantity") if "quantity" in lines.columns else pl.lit(1)
    if {"quantity", "price"} <= set(lines.columns):
        worth = multiply_units(pl.col("quantity"), pl.col("price"))
    parts = spread_over_order(lines, order_total("amount"), worth)
    lines = lines.with_columns(
        parts.alias("amount"), pl.when(parts.is_null()).then("amount why").alias("amount why")
    )
    once, added = _shown(level.once), _shown(level.added)
    note = (
        f"The amount is the total of its order, not of its line: taken once per order it adds up "
        f"to {once}; over all lines it would be {added}. If it is the money of "
        "each line: --set cleaning.amount_level=line."
    )
    return RuleOutcome(_signed(lines), told=note if level.once != level.added else None)


def _first_note(told: Sequence[str], _: CleaningOptions) -> tuple[str, ...]:
    """Return what every shard tells alike."""
    return tuple(told[:1])


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


@dataclass(frozen=True, slots=True)
class AgreeingMoney:
    """Rows on which quantity × price stands beside an amount, and on how many they agree."""

    rows: int
    agreeing: int
    several: int  # rows of other than one piece
    line_prices: int  # of these, on how many the price is the amount
    discounted: int  # on how many it is the amount less the discount
    product: int  # sums of money
    stated: int

    @classmethod
    def of(cls, lines: pl.DataFrame) -> "AgreeingMoney":
        """Count lines."""
        product, stated = pl.col("amount"), pl.col("stated_amount")
        both = lines.filter(product.is_not_null() & stated.is_not_null())
        several = both.filter(pl.col("quantity").abs() != MONEY_SCALE)
        off = pl.col("discount").fill_null(0)
        return cls(
            both.height,
            _near(both, product, stated),
            several.height,
            _near(several, pl.col("price"), stated),
            _near(both, product - off, stated),
            int(both["amount"].sum()),
            int(both["stated_amount"].sum()),
        )

    def __add__(self, other: "AgreeingMoney") -> "AgreeingMoney":
        return AgreeingMoney(*map(add, astuple(self), astuple(other)))


def _near(lines: pl.DataFrame, one: pl.Expr, other: pl.Expr) -> int:
    """Return the rows on which two sums of money are equal but for rounding."""
    near = (one.abs() - other.abs()).abs() <= TOLERANCE
    return int(lines.select(near.fill_null(value=False).sum()).item())


@dataclass(frozen=True, slots=True)
class MoneyChoice:
    """Which of two readings of the money is taken, and why."""

    takes_stated: bool = False
    note: str | None = None


def _choose_money(
    told: Sequence[tuple[AgreeingMoney, MoneyCounts]], _: CleaningOptions
) -> MoneyChoice:
    """Compare quantity × price with an amount that stands beside them, on all rows."""
    first, *others = (money for money, _ in told)
    found = sum(others, start=first)
    if found.agreeing >= AGREEING_SHARE * found.rows:
        return MoneyChoice()
    product, stated = _shown(found.product), _shown(found.stated)
    if found.several and found.line_prices >= AGREEING_SHARE * found.several:
        note = (
            "The price is the money of the whole line, as the amount beside it is: the amounts "
            f"({stated}) were taken, not quantity × price ({product})."
        )
        return MoneyChoice(takes_stated=True, note=note)
    level = MoneyLevel.of([counts for _, counts in told])
    if level.level == "order":
        note = (
            f"The amount beside quantity and price is the total of the order ({_shown(level.once)} "
            f"once per order); quantity × price ({product}) was taken."
        )
        return MoneyChoice(note=note)
    if found.discounted >= AGREEING_SHARE * found.rows:
        note = f"The amount is quantity × price less the discount: {stated} was taken."
        return MoneyChoice(takes_stated=True, note=note)
    apart = 1 - found.agreeing / found.rows
    note = (
        f"Quantity × price and the amount beside them differ on {apart:.1%} of the rows: they add "
        f"up to {product} and {stated}. Quantity × price was taken; to take the amount, name its "
        "column with --map amount=…."
    )
    return MoneyChoice(note=note)


COMPARISON = Question(
    lambda lines, _: (AgreeingMoney.of(lines), MoneyCounts.of(lines, "stated_amount")),
    _choose_money,
)


def _compared(lines: pl.DataFrame, _: CleaningOptions, choice: MoneyChoice) -> RuleOutcome:
    if choice.takes_stated:
        lines = _signed(lines.with_columns(pl.col("stated_amount").alias("amount")))
    return RuleOutcome(lines, told=choice.note)


LOG_UNITS = 1 << 14  # of a logarithm as a whole number: sums are the same in any order


def _ask_unit_prices(
    lines: pl.DataFrame, _: CleaningOptions
) -> tuple[MoneyCounts, pl.DataFrame, int]:
    """Return what a price may be other than that of one piece, and the money if it is that."""
    size, price = pl.col("quantity").abs(), pl.col("price")
    sold = lines.filter((size > 0) & (price > 0) & pl.col("item").is_not_null())
    logs = sold.lazy().select("item", x=_log(size), y=_log(price))
    x, y = pl.col("x"), pl.col("y")
    per_item = logs.group_by("item").agg(
        n=pl.len(), x=x.sum(), y=y.sum(), xx=(x * x).sum(), xy=(x * y).sum()
    )
    return MoneyCounts.of(lines, "price"), per_item.collect(), int(lines["amount"].sum())


def _log(units: pl.Expr) -> pl.Expr:
    return ((units / MONEY_SCALE).log() * LOG_UNITS).round().cast(pl.Int64)


def _refuse_other_prices(
    told: Sequence[tuple[MoneyCounts, pl.DataFrame, int]], _: CleaningOptions
) -> None:
    level = MoneyLevel.of([counts for counts, *_ in told])
    by_unit = _shown(sum(money for *_, money in told))
    if level.is_filled and level.level == "order":
        raise ContractError(
            "The price is the same on all lines of an order, for different products: it is the "
            f"order's total ({_shown(level.once)} once per order); as a price of pieces it would "
            f"give {by_unit}.",
            fix="name that column as the amount: --map price= --map amount=COLUMN; or, if all "
            "products of an order do cost the same: --set cleaning.amount_level=line.",
            column="price",
        )
    per_item = pl.concat(items for _, items, _ in told).group_by("item").sum()
    # A price grows with the quantity where it is that of all pieces of the line.
    whole = [pl.col(name).cast(pl.Int128) for name in ("n", "x", "y", "xx", "xy")]
    n, x, y, xx, xy = whole
    slopes = (
        per_item.select(spread=n * xx - x * x, growth=n * xy - x * y)
        .filter(pl.col("spread") > 0)
        .select(pl.col("growth").cast(pl.Float64) / pl.col("spread").cast(pl.Float64))
        .to_series()
    )
    # 0 where a piece costs the same in any quantity, 1 where the price is that of the line.
    if len(slopes) < MIN_PRODUCTS or float(np.median(slopes.to_numpy())) < LINE_SLOPE:
        return
    raise ContractError(
        f"The price grows with the quantity (in {len(slopes):,} products that are sold in "
        f"several quantities), so it is the money of the line: {_shown(level.added)} in all; as "
        f"the price of one piece it would be {by_unit}.",
        fix="name that column as the amount: --map price= --map amount=COLUMN; or, if it is the "
        "price of one piece: --set cleaning.amount_level=line.",
        column="price",
    )


UNIT_PRICES = Question(_ask_unit_prices, _refuse_other_prices)


def _shown(units: int) -> str:
    return f"{units / MONEY_SCALE:,.2f}"
