"""Money columns that explain each other, that stand twice, or that are not used."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import polars as pl
import polars.selectors as cs

from segpredict.config.column_aliases import normalize_name
from segpredict.data.readers import _content as content
from segpredict.data.readers._table import TableCells
from segpredict.errors import ContractError, quote_value

AGREEING_SHARE = 0.99  # share of rows on which sums must agree
TOLERANCE = 0.011  # as exports round
COMPARED_ROWS = 50_000  # rows on which sums are compared
MAX_COLUMNS = 7  # other money columns that are tried together
MAX_PARTS = 3  # of which a total may consist beside the products
MIN_ORDERS = 5  # orders from which a pattern is no accident
BOTH_SHARE = 0.9  # share of the orders of a kind that another kind holds with equal money
PAID_SHARE = 0.6  # the same of the kind with more orders: some are not paid yet
MAX_SHOWN = 12  # columns that are listed
ALL_NEW_SHARE = 0.99  # share of orders with a customer of their own
RETURNING_SHARE = 0.97  # another id is worth naming if it has at most so many per order
PERCENT_PATTERN = r"^-?\d+([.,]\d+)?\s*%$"
ID_WORDS = ("id", "number", "phone", "zip", "postcode", "year", "time", "date", "qty", "quantity")


def related_money(
    table: TableCells, chosen: Mapping[str, str], named: Mapping[str, str]
) -> dict[str, str]:
    """Return better roles for money columns: a proven discount, a total without tax."""
    is_order = {"quantity", "price", "stated_amount"} <= chosen.keys() and "discount" not in chosen
    is_total = "amount" in chosen and "amount" not in named and "refund" not in chosen
    columns = table.head.select(cs.numeric() | cs.string()).columns
    free = _free(columns, chosen)
    others = [
        name for name in free if content.holds(normalize_name(name), content.OTHER_MONEY_WORDS)
    ]
    if not others or not (is_order or is_total):
        return {}
    cells = _compared_rows(table, columns)
    others = [name for name in others if content.is_number_column(cells[name])]
    if is_order:
        return _discount(cells, chosen, others)
    money = [c for c in free if c not in others and content.is_number_column(cells[c])]
    return _without_tax(cells, chosen["amount"], money, others)


def _free(columns: Sequence[str], chosen: Mapping[str, str]) -> list[str]:
    return [name for name in columns if name not in chosen.values()]


def _compared_rows(table: TableCells, columns: Sequence[str]) -> pl.DataFrame:
    """Return some rows, chosen by what they hold: their order is no information."""
    chosen = table.head.select(columns).clear()
    for batch in table.batches(table.rows.select(columns)):
        rows = pl.concat([chosen, batch])
        chosen = rows[rows.hash_rows().arg_sort().head(COMPARED_ROWS)]
    return chosen


def _discount(table: pl.DataFrame, chosen: Mapping[str, str], others: list[str]) -> dict[str, str]:
    """Return the column that lies between quantity × price and the amount, if there is one."""
    product = content.rough_numbers(table[chosen["quantity"]]) * content.rough_numbers(
        table[chosen["price"]]
    )
    stated = content.rough_numbers(table[chosen["stated_amount"]])
    for name in others:
        off = content.rough_numbers(table[name]).abs().fill_null(0)
        if off.sum() and _agree(product - off, stated):
            return {"discount": name}
    return {}


def _without_tax(
    table: pl.DataFrame, amount: str, money: list[str], others: list[str]
) -> dict[str, str]:
    """Return the amount without tax, shipping or tips, where the columns add up to the total."""
    total = content.rough_numbers(table[amount])
    parts = {
        name: content.rough_numbers(table[name]).abs().fill_null(0) for name in others[:MAX_COLUMNS]
    }
    parts = {name: part for name, part in parts.items() if part.sum()}
    for n in range(MAX_PARTS, 0, -1):
        for names in combinations(parts, n):
            rest = total - sum(parts[name] for name in names)
            for name in money:
                if _agree(rest, content.rough_numbers(table[name])):
                    return {"amount": name}
    return {}


def _agree(one: pl.Series, other: pl.Series) -> bool:
    known = (one.is_not_null() & other.is_not_null()).sum()
    near = ((one - other).abs() <= TOLERANCE).sum()
    return known > 0 and float(near) >= AGREEING_SHARE * float(known)


def refuse_payment_ledger(table: TableCells, chosen: Mapping[str, str], file: str) -> None:
    """Refuse a ledger of invoices and payments: every sale stands in it twice.

    Then two kinds of rows hold the same money of the same orders.
    """
    if not {"order_id", "amount"} <= chosen.keys():
        return
    kinds = [c for c in table.columns if normalize_name(c) in content.KIND_NAMES]
    for kind in kinds:
        if table.head[kind].n_unique() > content.MAX_VALUES:
            continue
        money = content.rough_numbers(table.column(chosen["amount"])).abs()
        summed = (
            table.rows.select(order=chosen["order_id"], kind=kind)
            .collect()
            .with_columns(money=money)
            .group_by("order", "kind")
            .agg(pl.col("money").sum())
            .drop_nulls()
        )
        for one, other in combinations(summed["kind"].unique().sort(), 2):
            _refuse_twins(summed, one, other, file)


def _refuse_twins(summed: pl.DataFrame, one: str, other: str, file: str) -> None:
    first, second = (summed.filter(kind=kind) for kind in (one, other))
    both = first.join(second, on="order", suffix="_other")
    is_same = (pl.col("money") - pl.col("money_other")).abs() <= TOLERANCE
    same = both.filter(is_same & (pl.col("money") > 0))
    fewer, more = sorted((first.height, second.height))
    # Returns take back whole orders as well, but not most of what was sold.
    if same.height < max(MIN_ORDERS, BOTH_SHARE * fewer, PAID_SHARE * more):
        return
    raise ContractError(
        f"{quote_value(file)} looks like a ledger of invoices and payments: {same.height:,} "
        f"orders stand under {quote_value(one)} ({first['money'].sum():,.2f}) and under "
        f"{quote_value(other)} ({second['money'].sum():,.2f}) with the same money.",
        fix="export the invoices or orders alone; or filter the rows of one kind.",
        file=file,
    )


def describe_unused(table: TableCells, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the money that is not used, and an id that may say better who bought."""
    free = _free(table.columns, chosen)
    shown = [text for name in free if (text := _shown_money(table, name))]
    other = _returning_id(table, chosen, free)
    found = {"money_not_used": "; ".join(shown[:MAX_SHOWN]), "other_customer": other}
    return {topic: text for topic, text in found.items() if text}


def _shown_money(table: TableCells, name: str) -> str:
    """Return a column with what it adds up to, if it looks like money."""
    column, words = table.head[name], normalize_name(name)
    is_other = content.holds(words, content.OTHER_MONEY_WORDS)
    if is_other and _is_percent(column):
        return f"{name} (in percent)"
    is_money = is_other or content.holds(words, content.MONEY_WORDS) or content.has_decimals(column)
    if content.holds(words, ID_WORDS) or not is_money or not content.is_number_column(column):
        return ""
    cells = content.filled_cells(table.column(name))
    numbers = content.rough_numbers(cells)
    is_whole = numbers.count() == len(cells) and numbers.sum()
    return f"{name} {numbers.sum():,.2f}" if is_whole else ""


def _is_percent(column: pl.Series) -> bool:
    """Return whether the first filled cells are percentages, as of a discount rate."""
    if column.dtype != pl.String:
        return False
    cells = content.filled_cells(column.head(content.SAMPLE_ROWS))
    return len(cells) > 0 and bool(cells.str.contains(PERCENT_PATTERN).all())


def _returning_id(table: TableCells, chosen: Mapping[str, str], free: Sequence[str]) -> str:
    """Return the id that repeats over orders where the customer's does not."""
    if not {"order_id", "customer_id"} <= chosen.keys():
        return ""
    order, customer = chosen["order_id"], chosen["customer_id"]
    orders, customers = _pairs(table, order, customer)
    if orders < MIN_ORDERS or customers < ALL_NEW_SHARE * orders:
        return ""
    for name in free:
        words = normalize_name(name)
        if content.holds(words, content.PERSON_WORDS) and not content.holds(
            words, content.TRAIT_WORDS
        ):
            pairs, ids = _pairs(table, order, name)
            if 1 < ids <= RETURNING_SHARE * pairs:
                return name
    return ""


def _pairs(table: TableCells, order: str, name: str) -> tuple[int, int]:
    """Return how many distinct pairs of an order and an id there are, and how many ids."""
    pairs = table.rows.select(order=order, id=name).drop_nulls().unique()
    counts = pairs.select(pl.len(), pl.col("id").n_unique())
    n, ids = table.collect(counts).row(0)
    return n, ids
