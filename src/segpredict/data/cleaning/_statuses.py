"""Which statuses are sales: as set, by the words that exporters use, or asked for."""

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.status_words import CREDIT_MARK, FALSE_WORDS, status_meaning
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning._ledger import RuleOutcome
from segpredict.errors import ContractError, quote_value

MAX_UNKNOWN_SHARE = 0.05  # share of the money under unknown statuses that is asked for
MAX_IDLE_SHOWN = 5  # words that match nothing that are listed


def without_void_statuses(lines: pl.DataFrame, plan: CleaningOptions) -> RuleOutcome:
    """Leave out what a status marks as no sale.

    A line's own status counts for that line. A line without one takes that of its order, if
    the order has a number of its own: a number that was made up of customer and day may hold
    a failed payment and its paid retry.
    """
    if lines["status"].null_count() == lines.height:
        return RuleOutcome(lines)
    marked = lines.with_columns(_of_order("status").alias("own"))
    meanings = _meanings(marked["own"], plan)
    marked = marked.with_columns(
        pl.col("own").replace_strict(meanings, default="sale", return_dtype=pl.String)
    )
    _refuse_unknown(lines, meanings)
    is_void = pl.col("own") == "no sale"
    # Money given back is no sale, and neither is the sale that it takes back. A refund stays
    # where the sale has another status and stays, or another number.
    is_credit = pl.col("status").str.ends_with(CREDIT_MARK).fill_null(value=False)
    is_back, money = (pl.col("own") == "given back") & ~is_credit, pl.col("amount")
    has_gone = (is_back & (money > 0)).any().over(KEY[:2])
    gone = is_void | (is_back & ((money >= 0) | has_gone))
    kept = marked.filter(~gone).select(lines.columns)
    return RuleOutcome(kept, notes=(*_idle(lines, plan), *_twofold(marked)))


def _twofold(marked: pl.DataFrame) -> tuple[str, ...]:
    """Note lines of an order that stand once as a sale and once as no sale."""
    sold = (pl.col("own") != "no sale").any() & (pl.col("own") == "no sale").any()
    same = marked.filter(pl.col("is_numbered") & (pl.col("amount") > 0)).group_by(
        *KEY, "item", "quantity", "amount"
    )
    both = same.agg(sold.alias("both")).filter("both")
    if both.is_empty():
        return ()
    money = both["amount"].sum() / MONEY_SCALE
    return (
        f"Lines that stand under one order number as a sale and as no sale: {both.height:,}, worth "
        f"{money:,.2f}; each row was taken by its own status. If a later row takes back an "
        "earlier one, export the last state of each line.",
    )


def without_cancelled(lines: pl.DataFrame, _: CleaningOptions) -> RuleOutcome:
    """Leave out what a column of cancellations marks."""
    if lines["cancelled"].null_count() == lines.height:
        return RuleOutcome(lines)
    own = lines.with_columns(_of_order("cancelled").alias("own"))
    word = pl.col("own").str.to_lowercase()
    kept = own.filter(pl.col("own").is_null() | word.is_in(FALSE_WORDS)).select(lines.columns)
    if kept.is_empty():
        values = ", ".join(map(quote_value, lines["cancelled"].drop_nulls().unique().sort()[:3]))
        message = f"Every row is marked as cancelled (such as {values})."
        fix = "leave the column out: --map cancelled=, or name another."
        raise ContractError(message, fix=fix, column="cancelled")
    return RuleOutcome(kept)


def is_no_sale(values: pl.Series, plan: CleaningOptions) -> pl.Series:
    """Return which statuses are no sale."""
    void = [v for v, m in _meanings(values, plan).items() if m in ("no sale", "given back")]
    return (values.is_in(void) & ~is_credit(values, plan)).fill_null(value=False)


def is_credit(values: pl.Series, plan: CleaningOptions) -> pl.Series:
    """Return which rows are of a kind that gives money back, such as a credit note."""
    sale = {value.casefold() for value in plan.sale_statuses}
    bare = values.str.to_lowercase().str.strip_suffix(CREDIT_MARK)
    marked = values.str.ends_with(CREDIT_MARK) & ~bare.is_in(list(sale))
    return marked.fill_null(value=False)


def status_table(lines: pl.DataFrame, plan: CleaningOptions) -> pl.DataFrame | None:
    """Return each status with its rows, its money and what it means; None without statuses."""
    if lines["status"].null_count() == lines.height:
        return None
    counted = lines.group_by(status=_of_order("status")).agg(
        rows=pl.len(), money=pl.col("amount").sum() / MONEY_SCALE
    )
    meanings = _meanings(counted["status"], plan)
    meaning = pl.col("status").replace_strict(meanings, default="sale", return_dtype=pl.String)
    return counted.with_columns(
        meaning=pl.when(pl.col("status").str.ends_with(CREDIT_MARK))
        .then(pl.lit("money paid back"))
        .otherwise(
            meaning.replace({"given back": "no sale", "unknown": "unknown: taken for a sale"})
        ),
        status=pl.col("status").fill_null("(empty)"),
    ).sort("rows", "status", descending=[True, False])


def _of_order(column: str) -> pl.Expr:
    """Return a line's own value, or the commonest of its order if that has a number.

    Of equally common ones the first in the alphabet: the order of rows decides nothing.
    """
    commonest = pl.col(column).drop_nulls().mode().min().over(KEY)
    return pl.coalesce(column, pl.when("is_numbered").then(commonest))


def _meanings(values: pl.Series, plan: CleaningOptions) -> dict[str, str]:
    void = {value.casefold() for value in plan.void_statuses}
    sale = {value.casefold() for value in plan.sale_statuses}
    found: dict[str, str] = {}
    for value in values.drop_nulls().unique().sort():
        word = value.strip().removesuffix(CREDIT_MARK).casefold()
        found[value] = (
            "sale" if word in sale else "no sale" if word in void else status_meaning(word)
        )
    return found


def _refuse_unknown(lines: pl.DataFrame, meanings: dict[str, str]) -> None:
    unknown = [value for value, meaning in meanings.items() if meaning == "unknown"]
    money = pl.col("amount").abs()
    by_value = (
        lines.filter(pl.col("status").is_in(unknown))
        .group_by("status")
        .agg(rows=pl.len(), money=money.sum())
        .sort("money", "status", descending=[True, False])
    )
    total = int(lines.select(money.sum()).item())
    if not total or by_value["money"].sum() <= MAX_UNKNOWN_SHARE * total:
        return
    listed = "; ".join(
        f"{quote_value(value)} ({rows:,} rows, {money / total:.1%} of the money)"
        for value, rows, money in by_value.head(8).rows()
    )
    raise ContractError(
        f"It is not known whether these statuses are sales: {listed}.",
        fix="name those that are sales: --set 'cleaning.sale_statuses=[\"WORD\"]', and those "
        "that are none: --set 'cleaning.void_statuses=[\"WORD\"]'.",
        column="status",
        examples=by_value["status"].to_list()[:8],
    )


def _idle(lines: pl.DataFrame, plan: CleaningOptions) -> tuple[str, ...]:
    """Note void words that match nothing; of a long list only when none of it does."""
    there = set(lines["status"].drop_nulls().str.to_lowercase().unique())
    idle = [value for value in plan.void_statuses if value.casefold() not in there]
    is_long = len(plan.void_statuses) > MAX_IDLE_SHOWN
    if not idle or (is_long and len(idle) < len(plan.void_statuses)):
        return ()
    more = f" and {len(idle) - MAX_IDLE_SHOWN} more" if len(idle) > MAX_IDLE_SHOWN else ""
    listed = f"{', '.join(idle[:MAX_IDLE_SHOWN])}{more}"
    return (f"No row has the status {listed} (cleaning.void_statuses).",)
