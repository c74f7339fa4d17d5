"""The cleaning rules, in the order in which they run: `CLEANING_RULES`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.config.cleaning import NON_PRODUCT_CODES, CleaningOptions
from segpredict.core.orders import KEY
from segpredict.core.window import day_number
from segpredict.data.cleaning._ledger import CleaningRule, Question, RuleOutcome
from segpredict.data.cleaning._money import TOLERANCE, order_total, spread_over_order
from segpredict.data.cleaning._money_level import ORDER_LEVEL_SHARE
from segpredict.data.cleaning._numbers import multiply_units
from segpredict.data.cleaning._returns import mark_refunded, note_unmatched, unmatched_notes
from segpredict.data.cleaning._statuses import (
    ANY_NOT_CANCELLED,
    KNOWN_STATUSES,
    void_notes,
    without_cancelled,
    without_void_statuses,
)
from segpredict.errors import UnknownNameError

# Between the words of a label, and around it, may stand any signs: grand_total, sub-total.
TOTAL_ITEM = r"(?i)^[\W_]*((order|grand|sub)[\W_]*)?(total|summe|gesamt|totaal|totale|итого)[\W_]*$"
CONTENT_COLUMNS = (
    *("customer_id", "order_id", "product_id", "day", "minute"),
    *("quantity", "price", "amount", "country"),
)


def without_summary_rows(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
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


def _has(role: str) -> Question:
    """Return the question whether any line has a value in a column."""

    def ask(lines: pl.DataFrame, _: CleaningOptions) -> bool:
        return lines[role].null_count() < lines.height

    return Question(ask, lambda told, _: any(told), roles=(role,))


def take_off_discounts(
    lines: pl.DataFrame, plan: CleaningOptions, has_discounts: object
) -> RuleOutcome:
    """Take discounts off the money of sales."""
    is_none = plan.discount == "included" or plan.revenue != "net"
    if is_none or not has_discounts:
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


def take_off_refunds(
    lines: pl.DataFrame, plan: CleaningOptions, level: "RefundLevel | None"
) -> RuleOutcome:
    """Take money that was paid back off the sales of its order.

    A refund is a part of what the customer paid, which holds shipping and tax; with the order's
    total known, that part of the products' money is taken off.
    """
    if plan.revenue != "net" or level is None or not level.has_refunds:
        return RuleOutcome(lines)
    sold = pl.col("amount").clip(lower_bound=0)
    if not level.is_of_order:
        return _taken_off(lines, pl.min_horizontal(pl.col("refund").fill_null(0), sold))
    bought = sold.sum().over(KEY)
    refund, paid = order_total("refund").fill_null(0), order_total("order_total")
    exact = bought.cast(pl.Int128) * refund.cast(pl.Int128)
    share = ((exact + paid // 2) // paid).cast(pl.Int64)
    known = (paid > 0).fill_null(value=False)
    total = pl.min_horizontal(pl.when(known).then(share).otherwise(refund), bought)
    return _taken_off(lines, pl.lit(spread_over_order(lines, total, sold)))


@dataclass(frozen=True, slots=True)
class RefundLevel:
    """Of what the refunds of lines are."""

    has_refunds: bool
    has_totals: bool  # whether the total of the order stands beside any
    # of orders of several lines with a refund: all; with it once; with the same on each line
    orders: int
    once: int
    same: int

    @property
    def is_of_order(self) -> bool:
        """Whether money stands for its order: on one of its lines, or on each again."""
        # Beside the order's total, the refund is of the order as well.
        if self.has_totals or self.once == self.orders:
            return True
        return self.same > 1 and self.once + self.same >= ORDER_LEVEL_SHARE * self.orders


def _ask_refunds(lines: pl.DataFrame, _: CleaningOptions) -> tuple[bool, bool, int, int, int]:
    money = pl.col("refund").fill_null(0)
    per_order = (
        lines.group_by(KEY)
        .agg(n=pl.len(), filled=(money > 0).sum(), low=money.min(), high=money.max())
        .filter((pl.col("n") > 1) & (pl.col("filled") > 0))
    )
    once = per_order.filter(filled=1).height
    same = per_order.filter((pl.col("filled") == pl.col("n")) & (pl.col("low") == pl.col("high")))
    there = (lines[name].null_count() < lines.height for name in ("refund", "order_total"))
    return (*there, per_order.height, once, same.height)  # type: ignore[return-value]


REFUND_LEVEL = Question(
    _ask_refunds,
    lambda told, _: RefundLevel(*(sum(found) for found in zip(*told, strict=True))),
    roles=("refund",),
)


def _taken_off(lines: pl.DataFrame, off: pl.Expr, others: Sequence[pl.Expr] = ()) -> RuleOutcome:
    """Return lines with less money, without those that have none left."""
    less = lines.with_columns(*others, amount=pl.col("amount") - off, was=pl.col("amount"))
    is_gone = (pl.col("was") > 0) & (pl.col("amount") <= 0)
    return RuleOutcome(less.filter(~is_gone).drop("was"), changes_money=True)


def selected_rules(plan: CleaningOptions) -> tuple[CleaningRule, ...]:
    """Return the rules of a plan in the order in which they run."""
    known = [rule.name for rule in CLEANING_RULES]
    for name in (*plan.rules, *plan.excluded_rules):
        if name not in ("all", *known):
            raise UnknownNameError("part of cleaning", name, sorted(known))
    named = set(known if "all" in plan.rules else plan.rules) - set(plan.excluded_rules)
    return tuple(rule for rule in CLEANING_RULES if rule.name in named)


def _leaving_out(
    name: str, meaning: str, which: Callable[[pl.DataFrame, CleaningOptions], pl.Series | None]
) -> CleaningRule:
    """Return a rule that leaves out some lines; none where the plan does not ask for it."""

    def apply(lines: pl.DataFrame, plan: CleaningOptions, _: None) -> RuleOutcome:
        gone = which(lines, plan)
        if gone is None or not gone.any():
            return RuleOutcome(lines)
        return RuleOutcome(lines.filter(~gone.fill_null(value=False)))

    return CleaningRule(name, meaning, apply)


def _is_null(values: pl.Series) -> pl.Series | None:
    return values.is_null() if values.null_count() else None


def _duplicates(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Leave out what several files hold because they overlap.

    A row that occurs k times in one file was bought k times and is used k times. Among
    files the largest k counts, not the sum: the same days were merely exported twice.
    """
    if lines["file"].n_unique() < 2:
        return RuleOutcome(lines)
    days = lines.group_by("day").agg(pl.col("file").n_unique())
    shared = days.filter(pl.col("file") > 1).select("day")
    inside = lines.join(shared, on="day", how="semi")
    outside = lines.join(shared, on="day", how="anti")
    nth = pl.int_range(pl.len()).over("file", *CONTENT_COLUMNS)
    # Equal rows may differ in their status: sorted by it, their order in a file decides nothing.
    ranked = inside.sort("file", "status", "cancelled", "row")
    kept = ranked.with_columns(nth.alias("nth"))
    once = kept.unique([*CONTENT_COLUMNS, "nth"], keep="first", maintain_order=True)
    return RuleOutcome(pl.concat([outside, once.drop("nth")]))


def _looks_cancelled(plan: CleaningOptions) -> pl.Expr:
    # A number that was made up begins with the customer's id, which says nothing.
    number = pl.when("is_numbered").then("order_id")
    return pl.any_horizontal(
        pl.lit(value=False), *(number.str.starts_with(p) for p in plan.cancel_prefixes)
    ).fill_null(value=False)


def _ask_cancellations(lines: pl.DataFrame, plan: CleaningOptions) -> tuple[int, int]:
    """Return how many lines look cancelled, and how many of them are sold."""
    sold = lines.filter(_looks_cancelled(plan))["quantity"]
    return len(sold), int((sold > 0).sum())


CANCELLATIONS = Question(
    _ask_cancellations,
    lambda told, _: (sum(looks for looks, _ in told), sum(sold for _, sold in told)),
    roles=("order_id",),
)


def _cancellations(
    lines: pl.DataFrame, plan: CleaningOptions, counted: tuple[int, int] | None
) -> RuleOutcome:
    """Take orders whose number says that they are cancelled for returns.

    A cancelled order with a positive quantity contradicts itself and is left out. Where
    most of what looks cancelled is sold, the prefix is part of the shop's numbers.
    """
    looks, sold = counted or (0, 0)
    if sold > looks / 2:
        return RuleOutcome(lines, told=counted)
    if not looks:
        return RuleOutcome(lines)
    is_cancelled = _looks_cancelled(plan)
    is_back = pl.col("is_return") | (is_cancelled & (pl.col("quantity") < 0))
    marked = lines.with_columns(is_back.alias("is_return")).filter(
        ~(is_cancelled & (pl.col("quantity") > 0))
    )
    return RuleOutcome(marked, noted_lines=marked.filter(is_cancelled))


def _cancellation_notes(told: Sequence[tuple[int, int]], plan: CleaningOptions) -> tuple[str, ...]:
    return tuple(
        f"{sold:,} of {looks:,} rows whose order number starts with "
        f"{' or '.join(plan.cancel_prefixes)} are sales, so the prefix was not taken "
        "for a mark of cancellation (cleaning.cancel_prefixes)."
        for looks, sold in told[:1]
    )


def _negative_quantity(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    is_new = (lines["quantity"] < 0) & ~lines["is_return"]
    if not is_new.any():
        return RuleOutcome(lines)
    marked = lines.with_columns((lines["is_return"] | is_new).alias("is_return"))
    return RuleOutcome(marked, noted_lines=lines.filter(is_new))


def _non_product(lines: pl.DataFrame, plan: CleaningOptions, _: None) -> RuleOutcome:
    """Leave out postage, fees, vouchers and fixes."""
    pattern = re.compile("|".join(f"(?:{code})" for code in plan.product_codes))
    codes = lines["product_id"].drop_nulls().unique()
    banned = [code for code in codes if pattern.fullmatch(code)]
    kept = lines
    if banned:
        kept = lines.filter(~pl.col("product_id").is_in(banned).fill_null(value=False))
    return RuleOutcome(kept, told=banned)


def _idle_codes(told: Sequence[list[str]], plan: CleaningOptions) -> tuple[str, ...]:
    """Note codes of the plan that match nothing."""
    banned = {code for each in told for code in each}
    asked = [code for code in plan.product_codes if code not in NON_PRODUCT_CODES]
    idle = [code for code in asked if not any(re.fullmatch(code, b) for b in banned)]
    note = f"No product code matches {', '.join(idle)} (cleaning.product_codes)."
    return (note,) * bool(idle)


BEFORE_FIRST = _leaving_out(
    "before_first",
    "The day is before cleaning.first_date.",
    lambda lines, plan: (
        None if plan.first_date is None else lines["day"] < day_number(plan.first_date)
    ),
)
AFTER_CUTOFF = _leaving_out(  # the future, which nothing may see
    "after_cutoff",
    "The day is the cutoff or later.",
    lambda lines, plan: None if plan.as_of is None else lines["day"] >= day_number(plan.as_of),
)
NO_CUSTOMER = _leaving_out(
    "no_customer", "The row names no customer.", lambda lines, _: _is_null(lines["customer_id"])
)
REFUNDED_ORDERS = CleaningRule(
    "refunded_orders",
    "Every line of the order was sent back: it is void from the last return on.",
    mark_refunded,
)
CLEANING_RULES = (
    BEFORE_FIRST,
    AFTER_CUTOFF,
    CleaningRule("duplicates", "The row is in another file as well.", _duplicates),
    NO_CUSTOMER,
    CleaningRule(
        "void_status",
        "The status says that it is no sale.",
        without_void_statuses,
        KNOWN_STATUSES,
        void_notes,
    ),
    CleaningRule("cancelled", "The order was cancelled.", without_cancelled, ANY_NOT_CANCELLED),
    CleaningRule(
        "summary_rows",
        "A row without a product that repeats the sum of its order.",
        without_summary_rows,
    ),
    CleaningRule(
        "cancellations",
        "A cancelled order: negative lines are returns, positive ones are left out.",
        _cancellations,
        CANCELLATIONS,
        _cancellation_notes,
    ),
    CleaningRule(
        "negative_quantity",
        "A negative quantity without a mark of cancellation is a return.",
        _negative_quantity,
    ),
    CleaningRule("non_product", "The code is not a product.", _non_product, notes=_idle_codes),
    CleaningRule(
        "discounts",
        "Discounts taken off the money of sales.",
        take_off_discounts,
        _has("discount"),
    ),
    CleaningRule(
        "refunds", "Refunds taken off the money of sales.", take_off_refunds, REFUND_LEVEL
    ),
    # A refund of money alone has no pieces.
    _leaving_out(
        "zero_quantity",
        "The quantity is zero.",
        lambda lines, _: (lines["quantity"] == 0) & (lines["amount"] >= 0),
    ),
    # Accounting corrections, such as a bad debt; then gifts, samples and fixes in stock.
    _leaving_out("negative_price", "The price is negative.", lambda lines, _: lines["price"] < 0),
    _leaving_out(
        "zero_price",
        "The price is zero.",
        # A line without a price has money all the same.
        lambda lines, _: (lines["price"] == 0).fill_null(value=False) | (lines["amount"] == 0),
    ),
    REFUNDED_ORDERS,
    CleaningRule(
        "unmatched_returns",
        "A return of more than the customer had bought so far; it stays.",
        note_unmatched,
        notes=unmatched_notes,
    ),
)
