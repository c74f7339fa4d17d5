"""Which statuses are sales: as set, by the words that exporters use, or asked for."""

from collections.abc import Sequence

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.status_words import CREDIT_MARK, FALSE_WORDS, status_meaning
from segpredict.core.ledger import LedgerCount
from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning._ledger import Question, RuleOutcome
from segpredict.errors import ContractError, quote_value

MAX_UNKNOWN_SHARE = 0.05  # share of the money under unknown statuses that is asked for
MAX_IDLE_SHOWN = 5  # words that match nothing that are listed


def without_void_statuses(lines: pl.DataFrame, plan: CleaningOptions, _: None) -> RuleOutcome:
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
    is_void = pl.col("own") == "no sale"
    # Money given back is no sale, and neither is the sale that it takes back. A refund stays
    # where the sale has another status and stays, or another number.
    is_credit = pl.col("status").str.ends_with(CREDIT_MARK).fill_null(value=False)
    is_back, money = (pl.col("own") == "given back") & ~is_credit, pl.col("amount")
    has_gone = (is_back & (money > 0)).any().over(KEY[:2])
    gone = is_void | (is_back & ((money >= 0) | has_gone))
    there = set(lines["status"].drop_nulls().str.to_lowercase().unique())
    return RuleOutcome(marked.filter(~gone).select(lines.columns), told=(there, _twofold(marked)))


def void_notes(
    told: Sequence[tuple[set[str], LedgerCount]], plan: CleaningOptions
) -> tuple[str, ...]:
    """Return notes on words that match nothing, and on lines that stand twice."""
    both = sum((count for _, count in told), start=LedgerCount())
    idle = _idle(set().union(*(there for there, _ in told)), plan) if told else ()
    if not both.rows:
        return idle
    return (
        *idle,
        f"Lines that stand under one order number as a sale and as no sale: {both.rows:,}, worth "
        f"{both.money / MONEY_SCALE:,.2f}; each row was taken by its own status. If a later row "
        "takes back an earlier one, export the last state of each line.",
    )


def _twofold(marked: pl.DataFrame) -> LedgerCount:
    """Count lines of an order that stand once as a sale and once as no sale."""
    sold = (pl.col("own") != "no sale").any() & (pl.col("own") == "no sale").any()
    same = marked.filter(pl.col("is_numbered") & (pl.col("amount") > 0)).group_by(
        *KEY, "item", "quantity", "amount"
    )
    both = same.agg(sold.alias("both")).filter("both")
    return LedgerCount(both.height, money=int(both["amount"].sum()))


def without_cancelled(lines: pl.DataFrame, _: CleaningOptions, __: None) -> RuleOutcome:
    """Leave out what a column of cancellations marks."""
    if lines["cancelled"].null_count() == lines.height:
        return RuleOutcome(lines)
    return RuleOutcome(lines.filter(~_cancelled(lines)))


def _cancelled(lines: pl.DataFrame) -> pl.Series:
    own = _of_order("cancelled")
    is_marked = own.is_not_null() & ~own.str.to_lowercase().is_in(FALSE_WORDS)
    return lines.select(is_marked.fill_null(value=False)).to_series()


def _ask_cancelled(lines: pl.DataFrame, _: CleaningOptions) -> tuple[bool, pl.Series]:
    """Return whether any line is not cancelled, and words that say so of the others."""
    return not _cancelled(lines).all(), lines["cancelled"].drop_nulls().unique().sort()[:3]


def _refuse_all_cancelled(told: Sequence[tuple[bool, pl.Series]], _: CleaningOptions) -> None:
    words = pl.concat(words for _, words in told).unique().sort()[:3]
    if len(words) and not any(is_any for is_any, _ in told):
        message = (
            f"Every row is marked as cancelled (such as {', '.join(map(quote_value, words))})."
        )
        fix = "leave the column out: --map cancelled=, or name another."
        raise ContractError(message, fix=fix, column="cancelled")


ANY_NOT_CANCELLED = Question(_ask_cancelled, _refuse_all_cancelled, roles=("cancelled",))


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


def _count_statuses(lines: pl.DataFrame, _: CleaningOptions) -> pl.DataFrame:
    return lines.group_by(status=_of_order("status")).agg(
        rows=pl.len(), money=pl.col("amount").sum()
    )


def _status_table(told: Sequence[pl.DataFrame], plan: CleaningOptions) -> pl.DataFrame | None:
    """Return each status with its rows, its money and what it means; None without statuses."""
    counted = (
        pl.concat(told)
        .group_by("status")
        .agg(pl.col("rows").sum(), pl.col("money").sum() / MONEY_SCALE)
    )
    if counted["status"].is_null().all():
        return None
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


STATUS_TABLE = Question(_count_statuses, _status_table)


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


def _ask_unknown(lines: pl.DataFrame, plan: CleaningOptions) -> tuple[pl.DataFrame, int]:
    """Return rows and money under each unknown status, and all money."""
    meanings = _meanings(lines["status"], plan)
    unknown = [value for value, meaning in meanings.items() if meaning == "unknown"]
    money = pl.col("amount").abs().sum()
    by_value = (
        lines.filter(pl.col("status").is_in(unknown))
        .group_by("status")
        .agg(rows=pl.len(), money=money)
    )
    return by_value, int(lines.select(money).item())


def _refuse_unknown(told: Sequence[tuple[pl.DataFrame, int]], _: CleaningOptions) -> None:
    total = sum(money for _, money in told)
    by_value = pl.concat(counted for counted, _ in told).group_by("status").sum()
    by_value = by_value.sort("money", "status", descending=[True, False])
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


KNOWN_STATUSES = Question(_ask_unknown, _refuse_unknown, roles=("status",))


def _idle(there: set[str], plan: CleaningOptions) -> tuple[str, ...]:
    """Note void words that match nothing; of a long list only when none of it does."""
    idle = [value for value in plan.void_statuses if value.casefold() not in there]
    is_long = len(plan.void_statuses) > MAX_IDLE_SHOWN
    if not idle or (is_long and len(idle) < len(plan.void_statuses)):
        return ()
    more = f" and {len(idle) - MAX_IDLE_SHOWN} more" if len(idle) > MAX_IDLE_SHOWN else ""
    listed = f"{', '.join(idle[:MAX_IDLE_SHOWN])}{more}"
    return (f"No row has the status {listed} (cleaning.void_statuses).",)
