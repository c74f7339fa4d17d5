"""The cleaning rules, in the order in which they run: `CLEANING_RULES`."""

import re

import polars as pl

from segpredict.config.cleaning import NON_PRODUCT_CODES, CleaningOptions
from segpredict.core.window import day_number
from segpredict.data.cleaning._adjustments import (
    take_off_discounts,
    take_off_refunds,
    without_summary_rows,
)
from segpredict.data.cleaning._returns import mark_refunded, note_unmatched
from segpredict.data.cleaning._rule import CleaningRule, RuleOutcome
from segpredict.data.cleaning._statuses import without_cancelled, without_void_statuses
from segpredict.errors import UnknownNameError

CONTENT_COLUMNS = (
    *("customer_id", "order_id", "product_id", "day", "minute"),
    *("quantity", "price", "amount", "country"),
)


def selected_rules(plan: CleaningOptions) -> tuple[CleaningRule, ...]:
    """Return the rules of a plan in the order in which they run."""
    known = [rule.name for rule in CLEANING_RULES]
    for name in (*plan.rules, *plan.excluded_rules):
        if name not in ("all", *known):
            raise UnknownNameError("part of cleaning", name, sorted(known))
    named = set(known if "all" in plan.rules else plan.rules) - set(plan.excluded_rules)
    return tuple(rule for rule in CLEANING_RULES if rule.name in named)


def _without(lines: pl.DataFrame, which: pl.Expr) -> RuleOutcome:
    return RuleOutcome(lines.filter(~which.fill_null(value=False)))


def _before_first(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    if plan.first_date is None:
        return RuleOutcome(lines)
    return _without(lines, pl.col("day") < day_number(plan.first_date))


def _after_cutoff(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Leave out the future, which nothing may see."""
    if plan.as_of is None:
        return RuleOutcome(lines)
    return _without(lines, pl.col("day") >= day_number(plan.as_of))


def _duplicates(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
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
    kept = inside.sort("file", "row").with_columns(nth.alias("nth"))
    once = kept.unique([*CONTENT_COLUMNS, "nth"], keep="first", maintain_order=True)
    return RuleOutcome(pl.concat([outside, once.drop("nth")]))


def _no_customer(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    return _without(lines, pl.col("customer_id").is_null())


def _cancellations(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Take orders whose number says that they are cancelled for returns.

    A cancelled order with a positive quantity contradicts itself and is left out. Where
    most of what looks cancelled is sold, the prefix is part of the shop's numbers.
    """
    # A number that was made up begins with the customer's id, which says nothing.
    number = pl.when("is_numbered").then("order_id")
    is_cancelled = pl.any_horizontal(
        pl.lit(value=False), *(number.str.starts_with(p) for p in plan.cancel_prefixes)
    ).fill_null(value=False)
    looks = lines.filter(is_cancelled)
    sold = looks.filter(pl.col("quantity") > 0).height
    if sold > looks.height / 2:
        note = (
            f"{sold:,} of {looks.height:,} rows whose order number starts with "
            f"{' or '.join(plan.cancel_prefixes)} are sales, so the prefix was not taken "
            "for a mark of cancellation (cleaning.cancel_prefixes)."
        )
        return RuleOutcome(lines, notes=(note,))
    is_back = pl.col("is_return") | (is_cancelled & (pl.col("quantity") < 0))
    marked = lines.with_columns(is_back.alias("is_return")).filter(
        ~(is_cancelled & (pl.col("quantity") > 0))
    )
    return RuleOutcome(marked, noted_lines=marked.filter(is_cancelled))


def _negative_quantity(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    is_new = (pl.col("quantity") < 0) & ~pl.col("is_return")
    marked = lines.with_columns((pl.col("is_return") | is_new).alias("is_return"))
    return RuleOutcome(marked, noted_lines=lines.filter(is_new))


def _non_product(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Leave out postage, fees, vouchers and fixes."""
    if not plan.product_codes:
        return RuleOutcome(lines)
    pattern = re.compile("|".join(f"(?:{code})" for code in plan.product_codes))
    codes = lines["product_id"].drop_nulls().unique()
    banned = [code for code in codes if pattern.fullmatch(code)]
    kept = _without(lines, pl.col("product_id").is_in(banned))
    idle = [
        code
        for code in plan.product_codes
        if code not in NON_PRODUCT_CODES and not any(re.fullmatch(code, b) for b in banned)
    ]
    if not idle:
        return kept
    note = f"No product code matches {', '.join(idle)} (cleaning.product_codes)."
    return RuleOutcome(kept.lines, notes=(note,))


def _zero_quantity(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    # A refund of money alone has no pieces.
    return _without(lines, (pl.col("quantity") == 0) & (pl.col("amount") >= 0))


def _negative_price(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    """Leave out accounting corrections, such as a bad debt."""
    return _without(lines, pl.col("price") < 0)


def _zero_price(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    """Leave out gifts, samples and fixes in stock."""
    return _without(lines, (pl.col("price") == 0) | (pl.col("amount") == 0))


BEFORE_FIRST = CleaningRule("before_first", "The day is before cleaning.first_date.", _before_first)
AFTER_CUTOFF = CleaningRule("after_cutoff", "The day is the cutoff or later.", _after_cutoff)
NO_CUSTOMER = CleaningRule("no_customer", "The row names no customer.", _no_customer)
CLEANING_RULES = (
    BEFORE_FIRST,
    AFTER_CUTOFF,
    CleaningRule("duplicates", "The row is in another file as well.", _duplicates),
    NO_CUSTOMER,
    CleaningRule("void_status", "The status says that it is no sale.", without_void_statuses),
    CleaningRule("cancelled", "The order was cancelled.", without_cancelled),
    CleaningRule(
        "summary_rows",
        "A row without a product that repeats the sum of its order.",
        without_summary_rows,
    ),
    CleaningRule(
        "cancellations",
        "A cancelled order: negative lines are returns, positive ones are left out.",
        _cancellations,
    ),
    CleaningRule(
        "negative_quantity",
        "A negative quantity without a mark of cancellation is a return.",
        _negative_quantity,
    ),
    CleaningRule("non_product", "The code is not a product.", _non_product),
    CleaningRule("discounts", "Discounts taken off the money of sales.", take_off_discounts),
    CleaningRule("refunds", "Refunds taken off the money of sales.", take_off_refunds),
    CleaningRule("zero_quantity", "The quantity is zero.", _zero_quantity),
    CleaningRule("negative_price", "The price is negative.", _negative_price),
    CleaningRule("zero_price", "The price is zero.", _zero_price),
    CleaningRule(
        "refunded_orders",
        "Every line of the order was sent back: it is void from the last return on.",
        mark_refunded,
    ),
    CleaningRule(
        "unmatched_returns",
        "A return of more than the customer had bought so far; it stays.",
        note_unmatched,
    ),
)
